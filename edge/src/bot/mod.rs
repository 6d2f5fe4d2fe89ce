//! Automatic answerers: what every bot's connector can do. A bot is a file and an arm of [`Bot`].

mod dialogflow;

use crate::calls::accounts::Accounts;
use shared::conversation::{BotAnswer, BotAsk};
use std::time::Duration;
use worker::{Env, Result};

/// A bot, with the account by which it is asked.
pub(crate) enum Bot<'a> {
    Dialogflow(dialogflow::Agent<'a>),
}

impl<'a> Bot<'a> {
    /// # Errors
    /// The operator has not set what this bot needs.
    pub(crate) fn new(env: &'a Env, accounts: &'a Accounts) -> Result<Self> {
        Ok(Self::Dialogflow(dialogflow::Agent::new(env, accounts)?))
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
