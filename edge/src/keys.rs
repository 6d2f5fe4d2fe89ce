//! Everything secret about a conversation is derived from the master key and a name, so nothing needs to be
//! looked up or stored: ids, visitor tokens, webhook secrets.
//!
//! While the operator changes the key, what was made by the one before it is still accepted; nothing is made by it any more.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac, digest::InvalidLength};
use sha1::Sha1;
use sha2::Sha256;
use shared::settings::DEFAULT_SITE;
use shared::time::Timestamp;

const ID_LENGTH: usize = 22;

#[derive(Clone)]
pub(crate) struct MasterKey {
    key: Hmac<Sha256>,
    /// The key before this one, for as long as the operator keeps it.
    before: Option<Hmac<Sha256>>,
}

impl MasterKey {
    pub(crate) fn new(key: &str, before: Option<&str>) -> Result<Self, InvalidLength> {
        let keyed = |key: &str| Hmac::new_from_slice(key.as_bytes());
        Ok(Self {
            key: keyed(key)?,
            before: before.map(keyed).transpose()?,
        })
    }

    /// The conversation that a start key stands for on a site: 22 characters, 132 bits.
    pub(crate) fn conversation_id(&self, site: &str, start_key: &str) -> String {
        let name = match site {
            DEFAULT_SITE => start_key.to_owned(),
            _ => format!("{site}:{start_key}"),
        };
        let mut id = URL_SAFE_NO_PAD.encode(self.mac("conversation", &name).finalize().into_bytes());
        id.truncate(ID_LENGTH);
        id
    }

    pub(crate) fn visitor_token(&self, conversation: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac("visitor", conversation).finalize().into_bytes())
    }

    /// In constant time.
    pub(crate) fn is_visitor_token(&self, conversation: &str, token: &str) -> bool {
        self.is_made_here("visitor", conversation, token)
    }

    /// Sets the rooms for left messages apart, also where topics share a label.
    pub(crate) fn standing_reference(&self, site: &str, topic: &str) -> String {
        let mac = self.mac("standing", &format!("{site}:{topic}"));
        let text = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        text.chars().filter(char::is_ascii_alphanumeric).take(6).collect()
    }

    pub(crate) fn webhook_secret(&self, conversation: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac("webhook", conversation).finalize().into_bytes())
    }

    /// Tells one secret of a webhook from another, and nothing about it.
    pub(crate) fn webhook_tag(&self, name: &str) -> String {
        let mac = self.mac("webhook tag", name).finalize().into_bytes();
        let mut tag = URL_SAFE_NO_PAD.encode(mac);
        tag.truncate(6);
        tag
    }

    /// Recognises a visitor by address and browser without keeping either.
    pub(crate) fn visitor_hash(&self, ip: &str, user_agent: &str) -> String {
        let name = format!("{ip}\n{user_agent}");
        let mut hash = URL_SAFE_NO_PAD.encode(self.mac("mark", &name).finalize().into_bytes());
        hash.truncate(ID_LENGTH);
        hash
    }

    /// Opens one file of one conversation until then.
    pub(crate) fn file_signature(&self, conversation: &str, number: &str, until: Timestamp) -> String {
        let name = format!("{conversation}/{number}/{}", until.0);
        URL_SAFE_NO_PAD.encode(self.mac("file", &name).finalize().into_bytes())
    }

    /// In constant time.
    pub(crate) fn is_file_signature(
        &self,
        conversation: &str,
        number: &str,
        until: Timestamp,
        signature: &str,
    ) -> bool {
        let name = format!("{conversation}/{number}/{}", until.0);
        self.is_made_here("file", &name, signature)
    }

    /// Whether the desk has signed this body, with the secret that this conversation's webhook was given. In constant time.
    pub(crate) fn is_signed(&self, conversation: &str, body: &[u8], signature: &str) -> bool {
        let is_by = |key: &Hmac<Sha256>| {
            let secret = URL_SAFE_NO_PAD.encode(mac_by(key, "webhook", conversation).finalize().into_bytes());
            is_hmac_sha1(&secret, body, signature)
        };
        is_by(&self.key) || self.before.as_ref().is_some_and(is_by)
    }

    fn is_made_here(&self, purpose: &str, name: &str, text: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else {
            return false;
        };
        let is_by = |key: &Hmac<Sha256>| mac_by(key, purpose, name).verify_slice(&bytes).is_ok();
        is_by(&self.key) || self.before.as_ref().is_some_and(is_by)
    }

    fn mac(&self, purpose: &str, name: &str) -> Hmac<Sha256> {
        mac_by(&self.key, purpose, name)
    }
}

fn mac_by(key: &Hmac<Sha256>, purpose: &str, name: &str) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in [purpose, ":", name] {
        mac.update(part.as_bytes());
    }
    mac
}

/// In constant time.
pub(crate) fn is_same_secret(known: &str, given: &str) -> bool {
    let Ok(keyed) = Hmac::<Sha256>::new_from_slice(known.as_bytes()) else {
        return false;
    };
    let mac = |text: &str| keyed.clone().chain_update(text);
    mac(given).verify(&mac(known).finalize().into_bytes()).is_ok()
}

/// Checks a lowercase or uppercase hex HMAC-SHA1 over the raw body, in constant time.
fn is_hmac_sha1(secret: &str, body: &[u8], hex: &str) -> bool {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    let Some(digits) = digits.filter(|digits| digits.len() == 40) else {
        return false;
    };
    let (pairs, _) = digits.as_chunks();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    Hmac::<Sha1>::new_from_slice(secret.as_bytes())
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(&bytes).is_ok())
}

/// Conversation ids are as this module makes them; anything else is not worth asking an object about.
pub(crate) fn is_conversation_id(text: &str) -> bool {
    text.len() == ID_LENGTH
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> MasterKey {
        master("k", None)
    }

    fn master(key: &str, before: Option<&str>) -> MasterKey {
        let key = key.repeat(64);
        let before = before.map(|before| before.repeat(64));
        MasterKey::new(&key, before.as_deref()).expect("a key of any length")
    }

    #[test]
    fn a_token_opens_its_conversation_only() {
        let (one, two) = (
            key().conversation_id(DEFAULT_SITE, "start key one"),
            key().conversation_id(DEFAULT_SITE, "start key two"),
        );
        assert!(is_conversation_id(&one) && one != two);
        let token = key().visitor_token(&one);
        assert!(key().is_visitor_token(&one, &token));
        assert!(!key().is_visitor_token(&two, &token));
        assert!(!master("other", None).is_visitor_token(&one, &token));
    }

    #[test]
    fn the_key_before_opens_but_makes_nothing() {
        let changed = master("new", Some("k"));
        let (old, new) = (key().visitor_token("c"), changed.visitor_token("c"));
        assert!(old != new && changed.is_visitor_token("c", &old) && changed.is_visitor_token("c", &new));
        assert!(!key().is_visitor_token("c", &new));
        let until = Timestamp(1);
        let link = key().file_signature("c", "1", until);
        assert!(changed.is_file_signature("c", "1", until, &link));
        assert!(!master("new", None).is_visitor_token("c", &old));
    }

    #[test]
    fn a_start_key_means_another_conversation_on_another_site() {
        let on = |site| key().conversation_id(site, "start-key");
        assert!(on("one") != on("two") && on("one") != on(DEFAULT_SITE));
        assert_eq!(on("one"), on("one"));
    }

    #[test]
    fn a_secret_is_only_the_same_as_itself() {
        assert!(is_same_secret("secret", "secret"));
        for other in ["", "secre", "secret ", "Secret"] {
            assert!(!is_same_secret("secret", other), "{other}");
        }
    }

    #[test]
    fn every_flipped_character_of_a_token_is_refused() {
        let id = key().conversation_id(DEFAULT_SITE, "start key");
        let token = key().visitor_token(&id);
        for at in 0..token.len() {
            let flipped = if &token[at..=at] == "A" { "B" } else { "A" };
            let forged = [&token[..at], flipped, &token[at + 1..]].concat();
            assert!(!key().is_visitor_token(&id, &forged), "position {at}");
            assert!(!key().is_visitor_token(&id, &token[..at]), "cut at {at}");
        }
    }

    #[test]
    fn signatures_are_over_the_raw_body() {
        // RFC 2202, test case 2.
        let (secret, body) = ("Jefe", b"what do ya want for nothing?");
        let good = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
        assert!(is_hmac_sha1(secret, body, good));
        assert!(!is_hmac_sha1(secret, b"what do ya want for nothing? ", good));
        assert!(!is_hmac_sha1("", body, good));
        for bad in [
            "",
            "zz",
            &good[..39],
            &format!("{good}00"),
            &good.replace('e', "f"),
        ] {
            assert!(!is_hmac_sha1(secret, body, bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_not_made_here_is_not_taken(id in ::tests::any::text(40), text in ::tests::any::text(70), body in proptest::collection::vec(any::<u8>(), 0..50)) {
            let key = key();
            prop_assert!(!key.is_visitor_token(&id, &text));
            prop_assert!(!key.is_signed(&id, &body, &text));
            prop_assert!(key.is_visitor_token(&id, &key.visitor_token(&id)));
            prop_assert_eq!(is_same_secret(&id, &text), id == text);
            is_conversation_id(&text);
            is_hmac_sha1(&id, &body, &text);
        }
    }
}
