//! Before a conversation: which topics take a chat, which a message, and what was filled in so far.

use super::{Model, Screen, Trouble};
use shared::{
    client::Stage,
    form::{FieldError, Form, Problem},
    hours::Availability,
    message::MAX_TEXT,
    protocol::StartRequest,
    settings::{PublicSettings, PublicTopic, WhenClosed},
    time::Timestamp,
};
use std::{collections::BTreeMap, time::Duration};

/// The place of the left message among the fields of a form: settings allow no field without a name.
pub(crate) const MESSAGE: &str = "";

pub(crate) type Answers = BTreeMap<String, String>;

/// The form that is filled in, with its topic as a place in the settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Chosen {
    Chat(usize),
    Message(usize),
}

/// What pressing a topic leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Offer {
    Chat,
    Message,
    Nothing,
}

impl Chosen {
    pub(crate) fn topic(self) -> usize {
        let (Self::Chat(topic) | Self::Message(topic)) = self;
        topic
    }
}

/// Settings older than this are fetched anew when the panel is opened.
const FRESH_FOR: Duration = Duration::from_secs(10 * 60);

impl Model {
    pub(crate) fn set_site(&mut self, site: PublicSettings, now: Timestamp) {
        // Screens hold on to them; they come anew a few times a day at most.
        self.site = Box::leak(Box::new(site));
        self.site_since = now;
    }

    /// Whether the topics are shown by hours that are not new any more.
    pub(crate) fn has_old_hours(&self, now: Timestamp) -> bool {
        self.screen() == Screen::Topics
            && now.since(self.site_since) > FRESH_FOR
            && self.site.topics.iter().any(|topic| topic.open.is_some())
    }

    pub(crate) fn availability(&self, topic: &PublicTopic) -> Availability {
        Availability::at(topic.open.as_deref(), self.edge_now)
    }

    /// Of the site as a whole: open while any topic is, and otherwise closed until the first of them opens.
    pub(crate) fn site_availability(&self) -> Availability {
        let first = |one: Availability, other: Availability| {
            let later = |at: Availability| at.changes_at().map_or(i64::MAX, |at| at.0);
            match (one.is_open(), other.is_open()) {
                (true, _) => one,
                (false, true) => other,
                (false, false) if later(other) < later(one) => other,
                (false, false) => one,
            }
        };
        self.site
            .topics
            .iter()
            .map(|topic| self.availability(topic))
            .reduce(first)
            .unwrap_or(Availability::Closed)
    }

    /// When any topic opens or closes next, while topics are what is shown.
    pub(super) fn next_flip(&self) -> Option<Timestamp> {
        if !self.open || !matches!(self.client.stage(), Stage::Intake { .. }) {
            return None;
        }
        let flips = self
            .site
            .topics
            .iter()
            .filter_map(|topic| self.availability(topic).changes_at());
        flips.min().map(|at| self.now + at.since(self.edge_now))
    }

    pub(crate) fn offer(&self, topic: &PublicTopic) -> Offer {
        match self.site.when_closed {
            _ if self.availability(topic).is_open() => Offer::Chat,
            rule if rule.lets_begin(topic.bot) => Offer::Chat,
            WhenClosed::Bot | WhenClosed::Message => Offer::Message,
            WhenClosed::Hide => Offer::Nothing,
        }
    }

    /// `None`: there is no such topic in the settings that have come since.
    pub(crate) fn topic(&self, chosen: Chosen) -> Option<&'static PublicTopic> {
        self.site.topics.get(chosen.topic())
    }

    pub(crate) fn form(&self, chosen: Chosen) -> Option<&'static Form> {
        let topic = self.topic(chosen)?;
        match chosen {
            Chosen::Message(_) if topic.message_form.is_some() => topic.message_form.as_ref(),
            Chosen::Chat(_) | Chosen::Message(_) => topic.form.as_ref(),
        }
    }

    /// Shows the form. `None`: the topics.
    pub(crate) fn choose(&mut self, chosen: Option<Chosen>) {
        self.chosen = chosen;
        self.errors.clear();
        self.trouble = None;
    }

    /// What was asked for is remembered, for another try and for a message instead of a chat.
    pub(super) fn asked(&mut self, request: &StartRequest) {
        self.errors.clear();
        self.trouble = None;
        self.topic = Some(request.topic.clone());
        self.answers = request.answers.clone();
        self.left = request.message.clone();
    }

    /// Back to the form with the answers as they were.
    pub(super) fn start_refused(&mut self, errors: Vec<FieldError>) {
        let place = self.asked_topic();
        self.chosen = match self.left {
            Some(_) => place.map(Chosen::Message),
            None => place
                .map(Chosen::Chat)
                .filter(|chosen| self.form(*chosen).is_some()),
        };
        let form = self.chosen.and_then(|chosen| self.form(chosen));
        let shown =
            |error: &FieldError| form.is_some_and(|form| form.fields.iter().any(|f| f.id == error.field));
        self.trouble = (!errors.iter().any(shown)).then_some(Trouble::StartRefused);
        self.errors = errors;
        self.left = None;
    }

    /// The topic has closed while its form was filled in, or while a chat on it was asked for.
    pub(crate) fn closed_meanwhile(&mut self) {
        let place = self.chosen.map(Chosen::topic).or_else(|| self.asked_topic());
        let topic = place.and_then(|place| self.site.topics.get(place));
        let offer = topic.map(|topic| self.offer(topic));
        self.choose(match offer {
            Some(Offer::Message) => place.map(Chosen::Message),
            Some(Offer::Chat | Offer::Nothing) | None => None,
        });
        self.left = None;
        self.trouble = Some(Trouble::Closed);
    }

    /// A message instead of the chat that was under way.
    pub(super) fn leave_message(&mut self) {
        self.choose(self.asked_topic().map(Chosen::Message));
    }

    fn asked_topic(&self) -> Option<usize> {
        let asked = self.topic.as_ref()?;
        self.site.topics.iter().position(|topic| topic.id == *asked)
    }

    /// The answers to the fields of the form, and what is wrong with them or with the message.
    pub(crate) fn check(
        &self,
        chosen: Chosen,
        message: &str,
        matches: fn(&str, &str) -> bool,
    ) -> (Answers, Vec<FieldError>) {
        let mut answers = Answers::new();
        let mut errors = vec![];
        if let Some(form) = self.form(chosen) {
            for field in &form.fields {
                answers.insert(field.id.clone(), self.answer(&field.id).into());
            }
            errors = form.check(&answers, matches);
        }
        let problem = match chosen {
            Chosen::Message(_) if message.is_empty() => Some(Problem::Missing),
            Chosen::Message(_) if message.chars().count() > MAX_TEXT => {
                Some(Problem::TooLong { max: MAX_TEXT })
            }
            Chosen::Chat(_) | Chosen::Message(_) => None,
        };
        errors.extend(problem.map(|problem| FieldError {
            field: MESSAGE.into(),
            problem,
        }));
        (answers, errors)
    }

    pub(crate) fn answer(&self, field: &str) -> &str {
        self.answers.get(field).map_or("", String::as_str)
    }

    pub(crate) fn set_answer(&mut self, field: &str, answer: String) {
        self.answers.insert(field.into(), answer);
    }
}
