//! The next task of each lane, as soon as the one before it has ended.

use super::{
    Attempt, Conversation, DeskJob, Effect, Turn, desk,
    reading::{OVERLAP, Reading},
    task::Done,
};

impl Conversation {
    /// Starts whatever can start. That it was begun is stored before it is carried out.
    pub(super) fn pump(&mut self, turn: &mut Turn) {
        self.give_up_poisoned(turn);
        let now = turn.context.now;
        let last_post = self.last_post();
        if let Some((task, done)) = self.desk.start(now) {
            let attempt = match done {
                Done::No => Attempt::First,
                Done::Maybe => Attempt::MaybeDone {
                    last_post,
                    since: task.since,
                },
            };
            turn.save = true;
            turn.effects.push(Effect::Desk {
                task: task.id,
                thread: self.thread.clone(),
                job: task.job.clone(),
                attempt,
            });
        }
        if let Some((task, _)) = self.reading.start(now) {
            let job = match &task.job {
                Reading::Message(message) | Reading::Files(message) => DeskJob::Read {
                    message: message.clone(),
                    name: desk::name_wanted(&self.plan),
                },
                Reading::Sweep => DeskJob::Sweep {
                    after: self.swept_to.clone(),
                    since: self.read_through.map(|at| at.before(OVERLAP)),
                    name: desk::name_wanted(&self.plan),
                    whole: !self.reads_singly,
                },
            };
            turn.save = true;
            turn.effects.push(Effect::Desk {
                task: task.id,
                thread: self.thread.clone(),
                job,
                attempt: Attempt::First,
            });
        }
        if let Some((task, _)) = self.bot.start(now) {
            let (ask, language) = (task.job.clone(), self.plan.language.clone());
            turn.save = true;
            turn.effects.push(Effect::AskBot {
                task: task.id,
                ask,
                language,
            });
        }
        if self.is_erased && self.desk.len() == 0 && self.thread_deadline().is_none() {
            turn.effects.push(Effect::Erase);
        }
    }
}
