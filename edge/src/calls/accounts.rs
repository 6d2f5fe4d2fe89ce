//! The accounts this deployment acts by, and copies of what an object has learnt about them.

use super::credentials::{self, Token};
use crate::platform::{
    http::{NoReply, Reply},
    now,
};
use serde::{Deserialize, Serialize};
use shared::time::Timestamp;
use std::{cell::RefCell, collections::HashMap, time::Duration};
use worker::{Env, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Account {
    /// An integration's account at the desk: which one of the operator's list, from 0.
    Desk(usize),
    /// The bot's account at the desk. Its token does not expire and is the operator's setting.
    DeskBot,
    /// The service account that asks the bot.
    Bot,
}

thread_local! {
    /// The accounts' ids at the desk. All objects that live in one place share them: other accounts come with another deploy,
    /// which begins everything anew.
    static OWN_IDS: RefCell<HashMap<Account, String>> = RefCell::default();

    /// Until when the vendor asks each account to slow down, as far as it is known here.
    static BUSY: RefCell<HashMap<Account, Timestamp>> = RefCell::default();
}

pub(crate) fn is_busy(account: Account) -> bool {
    BUSY.with_borrow(|busy| busy.get(&account).is_some_and(|until| *until > now()))
}

pub(crate) fn learn_busy(account: Account, wait: Duration) {
    BUSY.with_borrow_mut(|busy| busy.insert(account, now() + wait));
}

pub(crate) fn own_id(account: Account) -> Option<String> {
    OWN_IDS.with_borrow(|ids| ids.get(&account).cloned())
}

pub(crate) fn learn_own_id(account: Account, id: &str) {
    OWN_IDS.with_borrow_mut(|ids| ids.insert(account, id.to_owned()));
}

/// Copies of tokens. The truth about them is with the object of [`credentials`].
#[derive(Default)]
pub(crate) struct Tokens {
    held: RefCell<Vec<(Account, Token)>>,
}

impl Tokens {
    /// One call by this account. A token that the vendor refuses is replaced, and the call sent again, once. If that one is
    /// refused as well, what is wrong is not the token: for a while none is asked for.
    ///
    /// # Errors
    /// There is no token. What the vendor answers, and that it does not, is the caller's.
    pub(crate) async fn authorize<B>(
        &self,
        env: &Env,
        account: Account,
        send: impl AsyncFn(String) -> Result<Reply<B>, NoReply>,
    ) -> Result<Result<Reply<B>, NoReply>> {
        let is_refused = |reply: &Result<Reply<B>, NoReply>| matches!(reply, Ok(Reply { status: 401, .. }));
        let token = self.token(env, account, None).await?;
        let reply = send(token.clone()).await;
        if !is_refused(&reply) {
            return Ok(reply);
        }
        let newer = self.token(env, account, Some(&token)).await?;
        let reply = send(newer.clone()).await;
        if is_refused(&reply) {
            let _none = credentials::ask(env, account, Some(&newer), true).await;
        }
        Ok(reply)
    }

    /// `refused`: a token the vendor has just refused, which must not be given again.
    async fn token(&self, env: &Env, account: Account, refused: Option<&str>) -> Result<String> {
        let known = self
            .held
            .borrow()
            .iter()
            .find(|(of, _)| *of == account)
            .map(|(_, token)| token.clone());
        let is_good = |token: &Token| token.is_good(now()) && refused != Some(token.value.as_str());
        if let Some(token) = known.filter(is_good) {
            return Ok(token.value);
        }
        let token = credentials::ask(env, account, refused, false).await?;
        let mut held = self.held.borrow_mut();
        held.retain(|(of, _)| *of != account);
        held.push((account, token.clone()));
        Ok(token.value)
    }
}
