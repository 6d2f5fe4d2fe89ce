//! One object for the deployment's access tokens, so that a token which has expired is replaced once, however
//! many conversations need it.

use super::google;
use crate::{
    calls::{
        accounts::Account,
        credentials::{Ask, Token},
    },
    config,
    platform::{
        error::ApiError,
        http::{self, Call, Payload},
        now,
    },
};
use futures_util::lock::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::time::{Timestamp, back_off};
use std::time::Duration;
use worker::{
    DurableObject, Env, Error, Method, Request, Response, Result, State, console_error, console_log,
    durable_object, url::form_urlencoded,
};

const REFRESH_TOKENS: &str = "WEBEX_REFRESH_TOKEN";
const TIMEOUT: Duration = Duration::from_secs(10);
/// While no token is to be had, it is asked for no sooner again.
const AFTER_FAILURE: Duration = Duration::from_secs(3);
/// A token that was refused at once may be followed by another one of the same kind. Once is often chance (a token of
/// which not every server of the vendor knows yet), so the pause is short at first and doubles up to this.
const LONGEST_AFTER_REFUSAL: Duration = Duration::from_secs(60);
/// A refusal that is longer ago has nothing to do with the next one.
const FORGOTTEN: Duration = Duration::from_secs(2 * 60);

/// What is kept of an integration's grant. `seed` fingerprints the operator's refresh token: a new one
/// replaces all that came of the old.
#[derive(Clone, Serialize, Deserialize)]
struct Grant {
    seed: String,
    refresh_token: String,
    token: Token,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    /// Seconds.
    expires_in: u32,
    refresh_token: Option<String>,
}

#[durable_object]
pub struct CredentialsDo {
    state: State,
    env: Env,
    /// Held while a token is fetched: whoever comes meanwhile waits and gets the new one, or learns that there is none.
    google: Mutex<Held<Token>>,
    /// One an account, in the order of the operator's list.
    webex: Vec<Mutex<Held<Grant>>>,
}

struct Held<T> {
    known: Option<T>,
    /// When no token was to be had.
    failed_at: Option<Timestamp>,
    useless: Option<Useless>,
}

/// A token that was refused as soon as it was there.
struct Useless {
    token: String,
    at: Timestamp,
    /// How many others before it were refused like this, one soon after the other.
    before: u32,
}

impl Useless {
    fn until(&self) -> Timestamp {
        self.at + back_off(AFTER_FAILURE, LONGEST_AFTER_REFUSAL, self.before, 1.0)
    }
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self {
            known: None,
            failed_at: None,
            useless: None,
        }
    }
}

impl<T> Held<T> {
    /// Another attempt would only keep everybody waiting.
    fn is_hopeless(&self, refused: Option<&str>, now: Timestamp) -> bool {
        let has_failed = self.failed_at.is_some_and(|at| now.since(at) < AFTER_FAILURE);
        let is_useless = |one: &Useless| Some(one.token.as_str()) == refused && now < one.until();
        has_failed || self.useless.as_ref().is_some_and(is_useless)
    }

    /// However many callers report the same token, it counts once.
    fn learn(&mut self, ask: &Ask, now: Timestamp) {
        let (Some(token), true) = (&ask.refused, ask.was_new) else {
            return;
        };
        let before = match &self.useless {
            Some(last) if last.token == *token => return,
            Some(last) if now.since(last.at) < FORGOTTEN => last.before + 1,
            _ => 0,
        };
        self.useless = Some(Useless {
            token: token.clone(),
            at: now,
            before,
        });
    }

    /// Remembers a failure.
    fn note<R>(&mut self, result: Result<R>) -> Result<R> {
        self.failed_at = result.is_err().then(now);
        result
    }
}

impl DurableObject for CredentialsDo {
    fn new(state: State, env: Env) -> Self {
        let accounts = config::list(&env, REFRESH_TOKENS).map_or(0, |tokens| tokens.len());
        Self {
            state,
            env,
            google: Mutex::default(),
            webex: (0..accounts).map(|_| Mutex::default()).collect(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let ask: Ask = serde_json::from_str(&request.text().await?)?;
        let token = match ask.account {
            Account::Bot => self.google(&ask).await,
            Account::Desk(number) => self.webex(number, &ask).await,
            Account::DeskBot => Err(Error::RustError("its token is a setting".into())),
        };
        match token {
            Ok(token) => Response::from_json(&token),
            Err(error) => {
                console_error!("token of {:?}: {error}", ask.account);
                ApiError::Internal.response()
            }
        }
    }
}

impl CredentialsDo {
    /// A service account's token: by a signed assertion, kept in memory only.
    async fn google(&self, ask: &Ask) -> Result<Token> {
        let mut held = self.google.lock().await;
        let refused = ask.refused.as_deref();
        if let Some(token) = held.known.as_ref().filter(|token| is_usable(token, refused)) {
            return Ok(token.clone());
        }
        held.learn(ask, now());
        if held.is_hopeless(refused, now()) {
            return Err(hopeless());
        }
        let fetched = self.new_google_token().await;
        let token = held.note(fetched)?;
        held.known = Some(token.clone());
        Ok(token)
    }

    async fn new_google_token(&self) -> Result<Token> {
        let key: google::ServiceAccount =
            serde_json::from_str(&config::variable(&self.env, "GOOGLE_SERVICE_ACCOUNT")?)
                // The parser's own words may repeat a part of the key.
                .map_err(|_| {
                    Error::RustError("GOOGLE_SERVICE_ACCOUNT is no service account's key file".into())
                })?;
        let assertion = google::assertion(&key, now()).await?;
        let form = [("grant_type", google::GRANT_TYPE), ("assertion", &assertion)];
        Ok(token_of(&token_answer(&key.token_uri, &form).await?))
    }

    /// An integration's token: by the refresh grant.
    async fn webex(&self, number: usize, ask: &Ask) -> Result<Token> {
        let missing = || Error::RustError(format!("{REFRESH_TOKENS} has no token number {}", number + 1));
        let mut held = self.webex.get(number).ok_or_else(missing)?.lock().await;
        let refused = ask.refused.as_deref();
        let mut tokens = config::list(&self.env, REFRESH_TOKENS)?.into_iter();
        let configured = tokens.nth(number).ok_or_else(missing)?;
        let seed = format!("{:x}", Sha256::digest(configured.as_bytes()));
        if held.known.is_none() {
            held.known = self.state.storage().get::<Grant>(&key(number)).await?;
        }
        let grant = held.known.clone().filter(|grant| grant.seed == seed);
        if let Some(grant) = grant.as_ref().filter(|grant| is_usable(&grant.token, refused)) {
            return Ok(grant.token.clone());
        }
        held.learn(ask, now());
        if held.is_hopeless(refused, now()) {
            return Err(hopeless());
        }
        let renewed = self.renewed(number, grant, configured, seed).await;
        let grant = held.note(renewed)?;
        let token = grant.token.clone();
        held.known = Some(grant);
        Ok(token)
    }

    /// The newest refresh token is stored before it is relied on. Should the object die between the answer and the
    /// store, the older one is used again: Webex lets it live on until its successor is used.
    async fn renewed(
        &self,
        number: usize,
        grant: Option<Grant>,
        configured: String,
        seed: String,
    ) -> Result<Grant> {
        let stored = grant.map(|grant| grant.refresh_token);
        let is_stored = stored.as_ref().is_some_and(|stored| *stored != configured);
        let refreshed = self.refresh(stored.unwrap_or_else(|| configured.clone())).await;
        let (answer, refresh_token) = match refreshed {
            // What came of the operator's token may be lost; the token itself may still be good.
            Err(NoToken::Refused(_)) if is_stored => self.refresh(configured).await?,
            refreshed => refreshed?,
        };
        console_log!("desk token refreshed");
        let grant = Grant {
            seed,
            token: token_of(&answer),
            refresh_token: answer.refresh_token.unwrap_or(refresh_token),
        };
        self.state.storage().put(&key(number), &grant).await?;
        Ok(grant)
    }

    /// With the refresh token by which it was had.
    async fn refresh(&self, refresh_token: String) -> Result<(TokenAnswer, String), NoToken> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &config::variable(&self.env, "WEBEX_CLIENT_ID")?),
            (
                "client_secret",
                &config::variable(&self.env, "WEBEX_CLIENT_SECRET")?,
            ),
            ("refresh_token", &refresh_token),
        ];
        let url = format!("{}/access_token", config::variable(&self.env, "WEBEX_URL")?);
        let answer = token_answer(&url, &form).await?;
        Ok((answer, refresh_token))
    }
}

#[derive(Debug, thiserror::Error)]
enum NoToken {
    #[error("the token endpoint answered {0}")]
    Refused(u16),
    #[error("{0}")]
    Other(#[from] Error),
}

impl From<NoToken> for Error {
    fn from(cause: NoToken) -> Self {
        Self::RustError(cause.to_string())
    }
}

/// Under which a grant is stored.
fn key(number: usize) -> String {
    match number {
        0 => "webex".into(),
        number => format!("webex {number}"),
    }
}

fn hopeless() -> Error {
    Error::RustError("not asked again so soon".into())
}

fn is_usable(token: &Token, refused: Option<&str>) -> bool {
    token.is_good(now()) && refused != Some(token.value.as_str())
}

fn token_of(answer: &TokenAnswer) -> Token {
    Token {
        value: answer.access_token.clone(),
        expires_at: now() + Duration::from_secs(answer.expires_in.into()),
    }
}

async fn token_answer(url: &str, form: &[(&str, &str)]) -> Result<TokenAnswer, NoToken> {
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let call = Call {
        method: Method::Post,
        url: url.into(),
        bearer: None,
        payload: Payload::Form(form),
    };
    let reply = http::send(call, TIMEOUT)
        .await
        .map_err(|error| Error::RustError(error.to_string()))?;
    match reply.status {
        200 => Ok(serde_json::from_str(&reply.body).map_err(Error::from)?),
        status @ (400 | 401) => Err(NoToken::Refused(status)),
        status => Err(Error::RustError(format!("the token endpoint answered {status}")).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(token: &str) -> Ask {
        Ask {
            account: Account::Desk(0),
            refused: Some(token.into()),
            was_new: true,
        }
    }

    /// Seconds until another token is asked for once this one has been refused as soon as it was there.
    fn pause(held: &mut Held<Token>, token: &str, at: i64) -> Option<i64> {
        held.learn(&refused(token), Timestamp(at * 1_000));
        let is_hopeless = |after: &i64| held.is_hopeless(Some(token), Timestamp((at + after) * 1_000));
        (0..1_000).find(|after| !is_hopeless(after))
    }

    #[test]
    fn one_refusal_is_chance_and_many_are_not() {
        let mut held = Held::default();
        assert_eq!(pause(&mut held, "a", 100), Some(3));
        let mut at = 103;
        for (token, expected) in [("b", 6), ("c", 12), ("d", 24), ("e", 48), ("f", 60), ("g", 60)] {
            assert_eq!(pause(&mut held, token, at), Some(expected), "{token}");
            at += expected;
        }
        assert_eq!(pause(&mut held, "h", at + 61), Some(3));
    }

    #[test]
    fn a_token_that_many_report_does_not_keep_them_waiting_for_longer() {
        let mut held = Held::default();
        assert_eq!(pause(&mut held, "a", 100), Some(3));
        held.learn(&refused("a"), Timestamp(102_000));
        assert!(!held.is_hopeless(Some("a"), Timestamp(103_000)));
        assert!(!held.is_hopeless(Some("b"), Timestamp(101_000)));
    }
}
