//! The signed assertion by which a Google service account gets an access token (RFC 7523, RS256).
//! The signature is made by the platform's WebCrypto: no key arithmetic of our own.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::{Deserialize, Serialize};
use shared::time::Timestamp;
use worker::{
    Error, Result,
    js_sys::{self, Array, Object, Reflect, Uint8Array},
    wasm_bindgen::{JsCast, JsValue},
    wasm_bindgen_futures::JsFuture,
};

pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "https://www.googleapis.com/auth/dialogflow";
/// Seconds; Google accepts no more than an hour.
const LIFETIME: i64 = 3600;

/// The parts of a service account's key file that are used.
#[derive(Deserialize)]
pub(crate) struct ServiceAccount {
    pub(crate) token_uri: String,
    client_email: String,
    private_key: String,
    private_key_id: String,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

pub(crate) async fn assertion(account: &ServiceAccount, now: Timestamp) -> Result<String> {
    let iat = now.0 / 1000;
    let header = Header {
        alg: "RS256",
        typ: "JWT",
        kid: &account.private_key_id,
    };
    let claims = Claims {
        iss: &account.client_email,
        scope: SCOPE,
        aud: &account.token_uri,
        iat,
        exp: iat + LIFETIME,
    };
    let signed = [encode(&header)?, encode(&claims)?].join(".");
    let signature = sign(&pkcs8(&account.private_key)?, signed.as_bytes()).await?;
    Ok([signed, URL_SAFE_NO_PAD.encode(signature)].join("."))
}

fn encode(part: &impl Serialize) -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(part)?))
}

fn pkcs8(pem: &str) -> Result<Vec<u8>> {
    let base64: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    STANDARD
        .decode(base64)
        .map_err(|_| Error::RustError("the service account's private key is not PEM".into()))
}

async fn sign(pkcs8: &[u8], data: &[u8]) -> Result<Vec<u8>> {
    let crypto: web_sys::Crypto = Reflect::get(&js_sys::global(), &"crypto".into())?.unchecked_into();
    let subtle = crypto.subtle();
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"RSASSA-PKCS1-v1_5".into())?;
    Reflect::set(&algorithm, &"hash".into(), &"SHA-256".into())?;
    let usages = Array::of1(&"sign".into());
    let key = Uint8Array::from(pkcs8);
    let key = subtle.import_key_with_object("pkcs8", &key, &algorithm, false, &usages)?;
    let key: web_sys::CryptoKey = JsFuture::from(key).await?.unchecked_into();
    let signature = subtle.sign_with_object_and_js_u8_array(&algorithm, &key, &Uint8Array::from(data))?;
    let signature: JsValue = JsFuture::from(signature).await?;
    Ok(Uint8Array::new(&signature).to_vec())
}
