//! What the object that has the deployment's tokens is asked, and how it is reached.

use super::accounts::Account;

use serde::{Deserialize, Serialize};
use shared::time::Timestamp;
use std::time::Duration;
use worker::{Env, Error, Method, Request, RequestInit, Result, wasm_bindgen::JsValue};

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
pub(crate) struct Ask {
    pub(crate) account: Account,
    pub(crate) refused: Option<String>,
    /// It was refused as soon as it was there.
    #[serde(default)]
    pub(crate) was_new: bool,
}

/// A good token of this account; `refused` is one that the vendor has just refused, `was_new` if it had been given as
/// the replacement for another.
pub(crate) async fn ask(env: &Env, account: Account, refused: Option<&str>, was_new: bool) -> Result<Token> {
    let body = serde_json::to_string(&Ask {
        account,
        refused: refused.map(String::from),
        was_new,
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
