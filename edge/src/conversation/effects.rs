//! Carries out what a conversation asks of the outside, and reports how it went as an input.

use super::shell::Shell;
use crate::{
    bot::Bot,
    calls::site::{self, SiteCall},
    config,
    desk::{Desk, Kind, Place},
    platform::{error::ApiError, within},
    settings,
};
use shared::conversation::{
    Attempt, BotAsk, DeskJob, DeskOutcome, Failure, Input, SiteAnswer, SiteJob, TaskId, ThreadRef,
};
use std::time::Duration;
use worker::{Method, console_error};

/// All of one task at the desk, whatever it waits for: well before the core believes that the object has died.
const TASK_TIMEOUT: Duration = Duration::from_secs(120);
/// The bot has this long; then people are asked instead.
const BOT_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) async fn desk(
    shell: &Shell,
    conversation: &str,
    task: TaskId,
    thread: Option<ThreadRef>,
    job: DeskJob,
    attempt: Attempt,
) -> Input {
    let outcome = async {
        if let DeskJob::Site(job) = &job {
            return site(shell, conversation, thread, job)
                .await
                .map(DeskOutcome::Site)
                .map_err(passing);
        }
        let kind = shell.desk().map_err(passing)?;
        let account = kind.account_of(thread.as_ref());
        let desk = Desk::new(kind, &shell.env, &shell.accounts, account).map_err(passing)?;
        let place = Place {
            conversation,
            thread,
            state: &shell.state,
        };
        stop_on(shell, &job);
        let outcome = desk.run(&place, &job, &attempt).await?;
        stop_on(shell, &outcome);
        Ok(outcome)
    };
    let outcome = within(TASK_TIMEOUT, outcome).await.unwrap_or_else(|| {
        console_error!("desk: a task took too long");
        // A call that is under way is broken off, but may have been carried out.
        Err(Failure::Passing { retry_after: None })
    });
    match outcome {
        Ok(outcome) => Input::DeskDone { task, outcome },
        Err(failure) => Input::DeskFailed { task, failure },
    }
}

/// For tests of what a fault of ours would leave behind: whatever has the text of the variable `STOP_ON` in it stops the
/// worker at once, as a trap does. The variable is not set otherwise.
fn stop_on(shell: &Shell, subject: &impl std::fmt::Debug) {
    let Ok(text) = config::variable(&shell.env, "STOP_ON") else {
        return;
    };
    if format!("{subject:?}").contains(&text) {
        console_error!("stopped on purpose");
        std::process::abort();
    }
}

fn passing(error: impl std::fmt::Display) -> Failure {
    console_error!("desk: {error}");
    Failure::Passing { retry_after: None }
}

async fn site(
    shell: &Shell,
    conversation: &str,
    thread: Option<ThreadRef>,
    job: &SiteJob,
) -> Result<SiteAnswer, ApiError> {
    let site = shell.site();
    if let SiteJob::FindTopic { word } = job {
        return find_topic(shell, &site, word).await;
    }
    let call = SiteCall {
        conversation: conversation.into(),
        desk: shell.of_plan(|plan| plan.desk.clone()),
        thread,
        job: job.clone(),
    };
    let body = serde_json::to_string(&call).map_err(worker::Error::from)?;
    let mut answer = site::ask(&shell.env, &site, Method::Post, "list", Some(body)).await?;
    if answer.status_code() != 200 {
        return Err(ApiError::Internal);
    }
    Ok(serde_json::from_str(&answer.text().await?).map_err(worker::Error::from)?)
}

async fn find_topic(shell: &Shell, site: &str, word: &str) -> Result<SiteAnswer, ApiError> {
    let settings = settings::of(&shell.env, site).await?;
    let topic = settings.find_topic(word);
    Ok(match topic {
        Some(topic) => {
            let mut plan = settings.plan(site, topic, settings::open(&settings, topic));
            // The worker's own choice may be written out or not.
            let is_same = |desk| shell.desk().is_ok_and(|own| own == desk);
            if Kind::of(plan.desk.as_deref()).is_ok_and(is_same) {
                plan.desk = shell.of_plan(|plan| plan.desk.clone());
            }
            SiteAnswer::Topic(Box::new(plan))
        }
        None => SiteAnswer::NoTopic {
            known: settings
                .topics
                .iter()
                .map(|topic| topic.id.as_str().into())
                .collect(),
        },
    })
}

pub(crate) async fn ask_bot(
    shell: &Shell,
    conversation: &str,
    task: TaskId,
    ask: BotAsk,
    language: &str,
) -> Input {
    let answer = async {
        let (kind, at) = shell.of_plan(|plan| (plan.bot_kind.clone(), plan.bot_at.clone()));
        let bot = Bot::new(kind.as_deref(), at.as_deref(), &shell.env, &shell.accounts)?;
        bot.ask(conversation, &ask, language, BOT_TIMEOUT).await
    };
    match within(BOT_TIMEOUT, answer).await {
        Some(Ok(answer)) => return Input::BotAnswered { task, answer },
        Some(Err(error)) => console_error!("bot: {error}"),
        None => console_error!("bot: no answer in time"),
    }
    Input::BotFailed { task }
}
