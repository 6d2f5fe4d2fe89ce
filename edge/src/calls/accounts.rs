//! The accounts this deployment acts by, and copies of what an object has learnt about them.

use super::credentials::{self, Token};
use crate::platform::now;
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

/// The truth about tokens is with the object of [`credentials`].
#[derive(Default)]
pub(crate) struct Accounts {
    tokens: RefCell<Vec<(Account, Token)>>,
}

pub(crate) fn own_id(account: Account) -> Option<String> {
    OWN_IDS.with_borrow(|ids| ids.get(&account).cloned())
}

pub(crate) fn learn_own_id(account: Account, id: &str) {
    OWN_IDS.with_borrow_mut(|ids| ids.insert(account, id.to_owned()));
}

impl Accounts {
    /// `refused`: a token the vendor has just refused, which must not be given again. A second one in a row is not
    /// replaced for a while: see [`Accounts::refused_anew`].
    pub(crate) async fn token(&self, env: &Env, account: Account, refused: Option<&str>) -> Result<String> {
        let known = self
            .tokens
            .borrow()
            .iter()
            .find(|(of, _)| *of == account)
            .map(|(_, token)| token.clone());
        let is_good = |token: &Token| token.is_good(now()) && refused != Some(token.value.as_str());
        if let Some(token) = known.filter(is_good) {
            return Ok(token.value);
        }
        let token = credentials::ask(env, account, refused, false).await?;
        let mut tokens = self.tokens.borrow_mut();
        tokens.retain(|(of, _)| *of != account);
        tokens.push((account, token.clone()));
        Ok(token.value)
    }

    /// The token that replaced a refused one is refused as well: what is wrong is not the token.
    pub(crate) async fn refused_anew(&self, env: &Env, account: Account, token: &str) {
        let _none = credentials::ask(env, account, Some(token), true).await;
    }
}
