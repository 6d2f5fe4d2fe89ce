//! What the operator sets as variables of the worker: secrets, addresses, paces.

use crate::keys::MasterKey;
use std::time::Duration;
use worker::{Env, Result};

pub(crate) fn variable(env: &Env, name: &str) -> Result<String> {
    env.var(name).map(|value| value.to_string())
}

/// A variable that may have several values, with space or commas between them.
pub(crate) fn list(env: &Env, name: &str) -> Result<Vec<String>> {
    let values = variable(env, name)?;
    let parts = values.split(|char: char| char == ',' || char.is_whitespace());
    Ok(parts.filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

/// A variable that is worth nothing when it can be guessed.
pub(crate) fn secret(env: &Env, name: &str) -> Result<String> {
    let secret = variable(env, name)?;
    if secret.len() < 32 {
        return Err(worker::Error::RustError(format!("{name} is too short")));
    }
    Ok(secret)
}

/// Where this worker is reached from outside, without a slash at the end. `None`: nowhere, as on a laptop.
pub(crate) fn public_url(env: &Env) -> Option<String> {
    variable(env, "PUBLIC_URL").ok().filter(|url| !url.is_empty())
}

/// How long after one look at the desk the next one comes, in seconds. `None`: as we think best.
pub(crate) fn check_every(env: &Env) -> Option<Duration> {
    variable(env, "DESK_CHECK_SECONDS")
        .ok()?
        .parse()
        .ok()
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
}

pub(crate) fn master_key(env: &Env) -> Result<MasterKey> {
    let before = secret(env, "MASTER_KEY_BEFORE").ok();
    MasterKey::new(&secret(env, "MASTER_KEY")?, before.as_deref())
        .map_err(|error| worker::Error::RustError(error.to_string()))
}
