//! What Webex delivers: signed, without a text, in any order, and perhaps again.

use super::{accounts, is_bot, wire::*};
use crate::{desk::SomebodyLeft, keys::MasterKey, platform::error::ApiError};
use shared::conversation::DeskRef;
use worker::{Headers, Result};

/// What Webex signs is the body, with the secret that the webhook of this conversation was made with.
pub(crate) fn heard(
    key: &MasterKey,
    conversation: &str,
    headers: &Headers,
    body: &[u8],
) -> Result<Option<DeskRef>, ApiError> {
    check(key, conversation, headers, body)?;
    Ok(signalled(body))
}

/// Of the webhook that is the account's own for a site: it tells who left which room. The account stands in the address.
pub(crate) fn heard_at_site(
    key: &MasterKey,
    site: &str,
    query: &str,
    headers: &Headers,
    body: &[u8],
) -> Result<Option<SomebodyLeft>, ApiError> {
    check(key, &site_name(site), headers, body)?;
    let account = query
        .strip_prefix("account=")
        .and_then(|number| number.parse().ok());
    Ok(account
        .zip(left(body))
        .map(|(account, room)| SomebodyLeft(accounts::thread(account, room))))
}

fn check(key: &MasterKey, signed_as: &str, headers: &Headers, body: &[u8]) -> Result<(), ApiError> {
    let signature = headers.get("x-spark-signature")?.unwrap_or_default();
    let is_signed = key.is_signed(signed_as, body, &signature);
    is_signed.then_some(()).ok_or(ApiError::BadSignature)
}

/// By which a site's webhooks are signed; no conversation has such an id.
pub(super) fn site_name(site: &str) -> String {
    format!("site/{site}")
}

fn left(body: &[u8]) -> Option<String> {
    let delivery: Delivery = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    let is_leaving = delivery.resource == "memberships" && delivery.event == "deleted";
    let room = delivery.data.room_id;
    (is_leaving && !room.is_empty()).then_some(room)
}

/// The message a delivery is about, unless it is one of our own or of a bot. `None` for anything else too:
/// a delivery that is well signed is always accepted, or Webex would switch the webhook off.
fn signalled(body: &[u8]) -> Option<DeskRef> {
    let delivery: Delivery = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    let data = delivery.data;
    let is_message = delivery.resource == "messages" && delivery.event == "created";
    let is_own = data.person_id == delivery.created_by;
    (is_message && !is_own && !is_bot(&data.person_email)).then_some(DeskRef(data.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{desk::webex::message_of, text::markup};
    use proptest::prelude::*;

    const NAMES: &[&str] = &[
        "resource",
        "event",
        "createdBy",
        "data",
        "id",
        "roomId",
        "personId",
        "personEmail",
        "text",
        "html",
        "created",
        "files",
        "errors",
        "items",
        "title",
        "lastActivity",
        "status",
        "displayName",
        "personDisplayName",
        "targetUrl",
    ];
    const WORDS: &[&str] = &[
        "messages",
        "created",
        "2026-11-27T10:00:00.000Z",
        "-262144-01-01T00:00:00Z",
        "<b>&",
        "x@webex.bot",
    ];

    proptest! {
        #[test]
        fn any_answer_and_any_delivery_is_read_or_refused(
            json in ::tests::any::json(NAMES, WORDS),
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
            html in ::tests::any::text(60),
        ) {
            let message = format!(r#"{{"id":"m","html":{},"created":"2026-11-27T10:00:00.000Z"}}"#, serde_json::to_string(&html).expect("JSON"));
            for text in [json.to_string(), format!(r#"{{"items":[{json}]}}"#), message] {
                signalled(text.as_bytes());
                left(text.as_bytes());
                serde_json::from_str::<List<Room>>(&text).ok();
                serde_json::from_str::<List<Webhook>>(&text).ok();
                serde_json::from_str::<Person>(&text).ok();
                serde_json::from_str::<Membership>(&text).ok();
                let one = serde_json::from_str::<Message>(&text).into_iter();
                let many = serde_json::from_str::<List<Message>>(&text).into_iter().flat_map(|list| list.items);
                for message in one.chain(many) {
                    let Some(read) = message_of(message, vec![]) else { continue };
                    prop_assert!(read.body.iter().all(|span| span.href.as_deref().is_none_or(|href| markup::safe(href).is_some())));
                }
            }
            signalled(&bytes);
            left(&bytes);
        }
    }
}
