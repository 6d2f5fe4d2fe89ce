//! The bot's side of the core. The bot speaks only while the phase is `WithBot`: a hand-off empties its
//! lane, so an answer that arrives later finds no task and is dropped.

use super::{
    BotAnswer, BotAsk, BotTurn, Conversation, Handoff, Phase, TaskId, ThreadNotice, Turn, Understood,
};
use crate::{
    message::{Notice, Said},
    settings::BotUse,
    time::Timestamp,
};

impl Conversation {
    pub(super) fn ask_bot(&mut self, ask: BotAsk, now: Timestamp) {
        let id = self.task_id();
        self.bot.push(id, ask, now);
    }

    pub(super) fn bot_answered(&mut self, task: TaskId, answer: BotAnswer, turn: &mut Turn) {
        let Some(asked) = self.bot.finish(task) else {
            return;
        };
        turn.save = true;
        let says_nothing = answer.says.is_empty();
        for says in answer.says {
            self.post_bot(&says.body, &says.replies, turn);
            let said = Said::Bot {
                body: says.body,
                replies: says.replies,
            };
            self.append(turn.context.now, said, None, turn);
        }
        self.fallbacks = match answer.understood {
            Understood::Yes => 0,
            Understood::No => self.fallbacks + 1,
        };
        match answer.turn {
            BotTurn::HandsOff => {
                let notice = says_nothing.then_some(Notice::PersonAsked);
                self.hand_off(Handoff::Bot, notice, turn);
            }
            // A bot need not greet, but it must answer.
            BotTurn::GoesOn if says_nothing && matches!(asked.job, BotAsk::Text(_)) => self.bot_gave_up(turn),
            BotTurn::GoesOn if self.fallbacks >= self.plan.fallbacks_before_handoff => self.bot_gave_up(turn),
            BotTurn::GoesOn => {}
        }
    }

    pub(super) fn bot_failed(&mut self, task: TaskId, turn: &mut Turn) {
        if self.bot.finish(task).is_some() {
            self.bot_gave_up(turn);
        }
    }

    pub(super) fn hand_back(&mut self, turn: &mut Turn) {
        let now = turn.context.now;
        if self.plan.bot == BotUse::Off {
            return self.tell_thread(ThreadNotice::NoBot, now);
        }
        if self.phase == Phase::WithBot {
            return;
        }
        self.phase = Phase::WithBot;
        self.fallbacks = 0;
        self.met.clear();
        self.leave_message = false;
        self.notice(Notice::HandedBack, turn);
        self.tell_thread(ThreadNotice::HandedBack, now);
        self.ask_bot(BotAsk::HandedBack, now);
        self.send_state(turn);
    }

    pub(super) fn bot_gave_up(&mut self, turn: &mut Turn) {
        self.hand_off(Handoff::BotFailed, Some(Notice::BotFailed), turn);
    }
}
