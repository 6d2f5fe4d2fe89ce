//! Carries out what a conversation asks of the outside, and reports how it went as an input.

use crate::{
    bot::Bot,
    calls::{
        accounts::Tokens,
        site::{self, SiteCall},
    },
    config,
    desk::{Desk, Kind, Place},
    platform::{error::ApiError, within},
    settings,
    store::Store,
};
use shared::conversation::{
    Attempt, BotAsk, DeskJob, DeskOutcome, Failure, Input, SiteAnswer, SiteJob, TaskId, ThreadRef,
};
use std::{rc::Rc, time::Duration};
use worker::{Env, Method, console_error};

/// All of one task at the desk, whatever it waits for: well before the core believes that the object has died.
const TASK_TIMEOUT: Duration = Duration::from_secs(120);
/// The bot has this long; then people are asked instead.
const BOT_TIMEOUT: Duration = Duration::from_secs(5);

/// What such work needs. What the conversation knows is not in it: that may change while the work is under way.
pub(crate) struct Outside {
    pub(crate) env: Env,
    pub(crate) tokens: Tokens,
    pub(crate) store: Rc<Store>,
}

/// Whose work it is, and what its plan names for it.
#[derive(Default)]
pub(crate) struct Whose {
    pub(crate) conversation: String,
    pub(crate) site: String,
    pub(crate) desk: Option<String>,
    pub(crate) bot_kind: Option<String>,
    pub(crate) bot_at: Option<String>,
}

impl Outside {
    pub(crate) async fn at_desk(
        &self,
        whose: Whose,
        task: TaskId,
        thread: Option<ThreadRef>,
        job: DeskJob,
        attempt: Attempt,
    ) -> Input {
        let outcome = async {
            if let DeskJob::Site(job) = &job {
                return self
                    .site(&whose, thread, job)
                    .await
                    .map(DeskOutcome::Site)
                    .map_err(passing);
            }
            let kind = Kind::of(whose.desk.as_deref()).map_err(passing)?;
            let account = kind.account_of(thread.as_ref());
            let desk = Desk::new(kind, &self.env, &self.tokens, account).map_err(passing)?;
            let place = Place {
                conversation: &whose.conversation,
                thread,
                store: &self.store,
            };
            self.stop_on(&job);
            let outcome = desk.run(&place, &job, &attempt).await?;
            self.stop_on(&outcome);
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
    fn stop_on(&self, subject: &impl std::fmt::Debug) {
        let Ok(text) = config::variable(&self.env, "STOP_ON") else {
            return;
        };
        if format!("{subject:?}").contains(&text) {
            console_error!("stopped on purpose");
            std::process::abort();
        }
    }

    async fn site(
        &self,
        whose: &Whose,
        thread: Option<ThreadRef>,
        job: &SiteJob,
    ) -> Result<SiteAnswer, ApiError> {
        if let SiteJob::FindTopic { word } = job {
            return self.find_topic(whose, word).await;
        }
        let call = SiteCall {
            conversation: whose.conversation.clone(),
            desk: whose.desk.clone(),
            thread,
            job: job.clone(),
        };
        let body = serde_json::to_string(&call).map_err(worker::Error::from)?;
        let mut answer = site::ask(&self.env, &whose.site, Method::Post, "list", Some(body)).await?;
        if answer.status_code() != 200 {
            return Err(ApiError::Internal);
        }
        Ok(serde_json::from_str(&answer.text().await?).map_err(worker::Error::from)?)
    }

    async fn find_topic(&self, whose: &Whose, word: &str) -> Result<SiteAnswer, ApiError> {
        let settings = settings::of(&self.env, &whose.site).await?;
        let Some(topic) = settings.find_topic(word) else {
            let known = settings.topics.iter().map(|topic| topic.id.as_str().into());
            return Ok(SiteAnswer::NoTopic {
                known: known.collect(),
            });
        };
        let mut plan = settings.plan(&whose.site, topic, settings::open(&settings, topic));
        // The worker's own choice may be written out or not.
        let is_same = |desk| Kind::of(whose.desk.as_deref()).is_ok_and(|own| own == desk);
        if Kind::of(plan.desk.as_deref()).is_ok_and(is_same) {
            plan.desk.clone_from(&whose.desk);
        }
        Ok(SiteAnswer::Topic(Box::new(plan)))
    }

    pub(crate) async fn ask_bot(&self, whose: Whose, task: TaskId, ask: BotAsk, language: &str) -> Input {
        let answer = async {
            let (kind, at) = (whose.bot_kind.as_deref(), whose.bot_at.as_deref());
            let bot = Bot::new(kind, at, &self.env, &self.tokens)?;
            bot.ask(&whose.conversation, &ask, language, BOT_TIMEOUT).await
        };
        match within(BOT_TIMEOUT, answer).await {
            Some(Ok(answer)) => return Input::BotAnswered { task, answer },
            Some(Err(error)) => console_error!("bot: {error}"),
            None => console_error!("bot: no answer in time"),
        }
        Input::BotFailed { task }
    }
}

fn passing(error: impl std::fmt::Display) -> Failure {
    console_error!("desk: {error}");
    Failure::Passing { retry_after: None }
}
