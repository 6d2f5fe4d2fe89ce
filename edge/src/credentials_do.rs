//! One object for the deployment's access tokens, so that a token which has expired is replaced once, however
//! many conversations need it.

use crate::{
    accounts::Account,
    config,
    error::ApiError,
    google_auth,
    http::{self, Body, Call},
    shell::now,
};
use futures_util::lock::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::time::Timestamp;
use std::time::Duration;
use worker::{
    DurableObject, Env, Error, Method, Request, RequestInit, Response, Result, State, console_error,
    console_log, durable_object, url::form_urlencoded, wasm_bindgen::JsValue,
};

const TIMEOUT: Duration = Duration::from_secs(10);
/// A token this close to its end is not given out any more.
const MARGIN: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) expires_at: Timestamp,
}

impl Token {
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        now + MARGIN < self.expires_at
    }
}

#[derive(Serialize, Deserialize)]
struct Ask {
    account: Account,
    refused: Option<String>,
}

/// What is kept of the integration's grant. `seed` fingerprints the operator's refresh token: a new one
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

/// A good token of this account; `refused` is one that the vendor has just refused.
pub(crate) async fn ask(env: &Env, account: Account, refused: Option<&str>) -> Result<Token> {
    if account == Account::DeskBot {
        let value = config::variable(env, "WEBEX_BOT_TOKEN")?;
        return Ok(Token {
            value,
            expires_at: Timestamp(i64::MAX),
        });
    }
    let body = serde_json::to_string(&Ask {
        account,
        refused: refused.map(String::from),
    })?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_body(Some(JsValue::from(body)));
    let request = Request::new_with_init("https://credentials/token", &init)?;
    let stub = env
        .durable_object("CREDENTIALS")?
        .id_from_name("all")?
        .get_stub()?;
    let mut response = stub.fetch_with_request(request).await?;
    if response.status_code() != 200 {
        return Err(Error::RustError("no token to be had".into()));
    }
    Ok(serde_json::from_str(&response.text().await?)?)
}

#[durable_object]
pub struct CredentialsDo {
    state: State,
    env: Env,
    /// Held while a token is fetched: whoever comes meanwhile waits and gets the new one.
    google: Mutex<Option<Token>>,
    webex: Mutex<Option<Grant>>,
}

impl DurableObject for CredentialsDo {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            google: Mutex::default(),
            webex: Mutex::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let ask: Ask = serde_json::from_str(&request.text().await?)?;
        let refused = ask.refused.as_deref();
        let token = match ask.account {
            Account::Bot => self.google(refused).await,
            Account::Desk | Account::DeskBot => self.webex(refused).await,
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
    async fn google(&self, refused: Option<&str>) -> Result<Token> {
        let mut known = self.google.lock().await;
        if let Some(token) = known.as_ref().filter(|token| is_usable(token, refused)) {
            return Ok(token.clone());
        }
        let key: google_auth::ServiceAccount =
            serde_json::from_str(&config::variable(&self.env, "GOOGLE_SERVICE_ACCOUNT")?)
                // The parser's own words may repeat a part of the key.
                .map_err(|_| {
                    Error::RustError("GOOGLE_SERVICE_ACCOUNT is no service account's key file".into())
                })?;
        let assertion = google_auth::assertion(&key, now()).await?;
        let form = [("grant_type", google_auth::GRANT_TYPE), ("assertion", &assertion)];
        let token = token_of(&token_answer(&key.token_uri, &form).await?);
        *known = Some(token.clone());
        Ok(token)
    }

    /// The integration's token: by the refresh grant. The newest refresh token is stored before it is relied on.
    async fn webex(&self, refused: Option<&str>) -> Result<Token> {
        let mut known = self.webex.lock().await;
        let configured = config::variable(&self.env, "WEBEX_REFRESH_TOKEN")?;
        let seed = format!("{:x}", Sha256::digest(configured.as_bytes()));
        let grant = match known.take() {
            Some(grant) => Some(grant),
            None => self.state.storage().get::<Grant>("webex").await?,
        };
        let grant = grant.filter(|grant| grant.seed == seed);
        if let Some(grant) = grant.as_ref().filter(|grant| is_usable(&grant.token, refused)) {
            *known = Some(grant.clone());
            return Ok(grant.token.clone());
        }
        let refresh_token = grant.map_or(configured, |grant| grant.refresh_token);
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
        console_log!("desk token refreshed");
        let token = token_of(&answer);
        let grant = Grant {
            seed,
            refresh_token: answer.refresh_token.unwrap_or(refresh_token),
            token: token.clone(),
        };
        self.state.storage().put("webex", &grant).await?;
        *known = Some(grant);
        Ok(token)
    }
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

async fn token_answer(url: &str, form: &[(&str, &str)]) -> Result<TokenAnswer> {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let call = Call {
        method: Method::Post,
        url: url.into(),
        bearer: None,
        body: Body::Form(body),
    };
    let reply = http::send(call, TIMEOUT)
        .await
        .map_err(|error| Error::RustError(error.to_string()))?;
    if reply.status != 200 {
        return Err(Error::RustError(format!(
            "the token endpoint answered {}",
            reply.status
        )));
    }
    Ok(serde_json::from_str(&reply.body)?)
}
