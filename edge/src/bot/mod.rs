//! Automatic answerers: what every bot's connector can do. A bot is a file and an arm of [`Bot`].

mod dialogflow;

use crate::calls::accounts::Tokens;
use shared::conversation::{BotAnswer, BotAsk};
use std::time::Duration;
use worker::{Env, Error, Result};

enum Kind {
    Dialogflow,
}

/// A bot, with the account by which it is asked.
pub(crate) enum Bot<'a> {
    Dialogflow(dialogflow::Agent<'a>),
}

impl Kind {
    fn of(name: Option<&str>) -> Option<Self> {
        match name {
            None | Some("dialogflow") => Some(Self::Dialogflow),
            Some(_) => None,
        }
    }
}

/// Whether settings may say so: `kind` and `at` as in `BotSettings`.
pub(crate) fn is_known(kind: Option<&str>, at: Option<&str>) -> bool {
    match Kind::of(kind) {
        Some(Kind::Dialogflow) => at.is_none_or(dialogflow::is_agent),
        None => false,
    }
}

impl<'a> Bot<'a> {
    /// # Errors
    /// The operator has not set what this bot needs, or the worker has no such connector any more.
    pub(crate) fn new(
        kind: Option<&str>,
        at: Option<&str>,
        env: &'a Env,
        tokens: &'a Tokens,
    ) -> Result<Self> {
        match Kind::of(kind) {
            Some(Kind::Dialogflow) => Ok(Self::Dialogflow(dialogflow::Agent::new(at, env, tokens)?)),
            None => Err(Error::RustError("there is no connector to this bot".into())),
        }
    }

    /// The answer in this conversation. The bot has so long for each call that it takes.
    pub(crate) async fn ask(
        &self,
        conversation: &str,
        ask: &BotAsk,
        language: &str,
        timeout: Duration,
    ) -> Result<BotAnswer> {
        match self {
            Self::Dialogflow(agent) => agent.detect_intent(conversation, ask, language, timeout).await,
        }
    }
}
