//! Carries out what a conversation asks of the outside, and reports how it went as an input.

use crate::{
    bot::dialogflow,
    config,
    conversation_do::Shell,
    credentials_do::{self, Account, Token},
    desk::webex,
};
use shared::conversation::{Attempt, BotAsk, DeskJob, Failure, Input, TaskId, ThreadRef};
use std::{cell::RefCell, time::Duration};
use worker::{Delay, console_error};

/// The bot has this long; then people are asked instead.
const BOT_TIMEOUT: Duration = Duration::from_secs(5);

/// Access tokens this object has been given. They are only a copy: the truth is with [`credentials_do`].
#[derive(Default)]
pub(crate) struct Tokens(RefCell<Vec<(Account, Token)>>);

impl Shell {
    /// `refused`: a token the vendor has just refused, which must not be given again.
    pub(crate) async fn token(&self, account: Account, refused: Option<&str>) -> worker::Result<String> {
        let now = crate::conversation_do::now();
        let known = self
            .tokens
            .0
            .borrow()
            .iter()
            .find(|(of, _)| *of == account)
            .map(|(_, token)| token.clone());
        if let Some(token) = known.filter(|token| token.is_good(now) && refused != Some(token.value.as_str()))
        {
            return Ok(token.value);
        }
        let token = credentials_do::ask(&self.env, account, refused).await?;
        let mut tokens = self.tokens.0.borrow_mut();
        tokens.retain(|(of, _)| *of != account);
        tokens.push((account, token.clone()));
        Ok(token.value)
    }
}

pub(crate) async fn desk(
    shell: &Shell,
    conversation: &str,
    task: TaskId,
    thread: Option<ThreadRef>,
    job: DeskJob,
    attempt: Attempt,
) -> Input {
    let outcome = async {
        let webex = webex::Webex::new(shell, conversation, thread).map_err(|error| {
            console_error!("desk settings: {error}");
            Failure::Passing { retry_after: None }
        })?;
        webex.run(&job, &attempt).await
    };
    match outcome.await {
        Ok(outcome) => Input::DeskDone { task, outcome },
        Err(failure) => Input::DeskFailed { task, failure },
    }
}

pub(crate) async fn ask_bot(
    shell: &Shell,
    conversation: &str,
    task: TaskId,
    ask: BotAsk,
    language: &str,
) -> Input {
    let answer = async {
        let url = config::variable(&shell.env, "DIALOGFLOW_URL")?;
        let agent = config::variable(&shell.env, "DIALOGFLOW_AGENT")?;
        let session = format!("{url}/{agent}/sessions/{conversation}");
        dialogflow::detect_intent(shell, &session, &ask, language, BOT_TIMEOUT).await
    };
    let late = Delay::from(BOT_TIMEOUT);
    let (answer, late) = (std::pin::pin!(answer), std::pin::pin!(late));
    match futures_util::future::select(answer, late).await {
        futures_util::future::Either::Left((Ok(answer), _)) => Input::BotAnswered { task, answer },
        futures_util::future::Either::Left((Err(error), _)) => {
            console_error!("bot: {error}");
            Input::BotFailed { task }
        }
        futures_util::future::Either::Right(_) => {
            console_error!("bot: no answer in time");
            Input::BotFailed { task }
        }
    }
}
