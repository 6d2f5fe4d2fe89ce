//! The start: a chat, or a message that is left.

use super::{
    BotAsk, Context, Conversation, DeskJob, Effect, Phase, SNAPSHOT_VERSION, SiteJob, Start, Turn,
    VisitorCard,
    gate::Gate,
    lane::Lane,
    pace::Pace,
    seen::Seen,
    timers::{Presence, Silence, Warning},
    uploads::Uploads,
};
use crate::{
    message::{ClosedBy, MessageId, Notice, Said, Seq},
    settings::BotUse,
};

impl Conversation {
    /// The start of a conversation: opens the thread, adds the people, posts the card, lets the bot greet.
    pub fn start(start: Start, context: &Context) -> (Self, Vec<Effect>) {
        let now = context.now;
        let phase = match (&start.message, start.plan.bot) {
            (Some(_), _) => Phase::Closed {
                by: ClosedBy::MessageLeft,
                at: now,
            },
            (None, BotUse::First) => Phase::WithBot,
            (None, BotUse::Off) => Phase::Waiting,
        };
        let mut conversation = Self {
            version: SNAPSHOT_VERSION,
            phase,
            thread: None,
            watch: None,
            last: Seq(0),
            delivered: Seq(0),
            next_task: 0,
            desk: Lane::default(),
            reading: Lane::default(),
            bot: Lane::default(),
            fallbacks: 0,
            last_post: None,
            from_visitor: Seen::default(),
            from_desk: Seen::default(),
            pace: Pace::default(),
            silence: Silence {
                since: now,
                warning: Warning::NotYet,
            },
            presence: Presence::Away { since: now },
            visitor_hash: start.visitor_hash,
            swept_to: None,
            posted_at: None,
            read_through: None,
            reads_singly: false,
            waiting_since: None,
            leave_message: false,
            called: vec![],
            met: vec![],
            first_agent: None,
            is_crowd: false,
            commands: Seen::default(),
            files: 0,
            rated: false,
            is_erased: false,
            // The site puts readers into the thread of left messages.
            has_agent: start.message.is_some(),
            left_at: None,
            looked_at: None,
            unread: None,
            bot_refused: false,
            thread_ended: false,
            uploads: Uploads::default(),
            gate: Gate::default(),
            plan: start.plan,
        };
        let mut turn = Turn {
            context,
            effects: vec![],
            save: true,
        };
        conversation.begin(start.card, start.reference, start.message, &mut turn);
        conversation.pump(&mut turn);
        (conversation, turn.done())
    }

    fn begin(&mut self, card: VisitorCard, reference: String, message: Option<String>, turn: &mut Turn) {
        let now = turn.context.now;
        let (visitor_hash, watch) = (self.visitor_hash.clone(), None);
        self.enqueue(DeskJob::Site(SiteJob::Enlist { visitor_hash, watch }), now);
        if let Some(text) = message {
            let (id, said) = (MessageId::left(), text.clone());
            let seq = self.append(
                now,
                Said::Visitor {
                    id,
                    text: said,
                    files: vec![],
                },
                None,
                turn,
            );
            self.post_left(card, reference, &text, seq, turn.context);
            let by = ClosedBy::MessageLeft;
            self.notice(Notice::Closed { by }, turn);
            return self.enqueue(DeskJob::Site(SiteJob::Delist), now);
        }
        self.open_thread(card, reference, now);
        match self.plan.bot {
            BotUse::First => self.ask_bot(BotAsk::Welcome, now),
            BotUse::Off => self.wait_for_people(turn),
        }
    }
}
