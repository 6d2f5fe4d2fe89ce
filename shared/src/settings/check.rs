//! What a settings document must not say, beyond what each field refuses by itself.

use super::{Attachments, BotSettings, DeskSettings, SHORTEST_LOST, Settings, SettingsError, Slug, Timeouts};
use crate::{address::Addresses, file::MAX_FILE, pattern};

/// What of a document only the edge or its platform can judge.
pub struct Known {
    /// A zone of the time-zone database.
    pub zone: fn(&str) -> bool,
    /// A JavaScript regular expression.
    pub pattern: fn(&str) -> bool,
    /// The kind of a desk, if there is such a one: how people are addressed there. None is the worker's own choice.
    pub desk: fn(Option<&str>) -> Option<Addresses>,
    /// The kind of a bot, and where it is.
    pub bot: fn(Option<&str>, Option<&str>) -> bool,
}

impl Settings {
    /// Every rule between fields that the document breaks; what one field alone can break, parsing has found.
    ///
    /// `known` lends what the caller knows: the time-zone database, JavaScript's regular expressions, connectors.
    pub fn check(&self, known: &Known) -> Vec<SettingsError> {
        let mut errors = vec![];
        let mut wrong = |is_wrong: bool, field: &str, expected: &str| {
            if is_wrong {
                errors.push(SettingsError {
                    field: field.into(),
                    expected: ["expected ", expected].concat(),
                });
            }
        };
        let sound =
            |timeouts: &Timeouts| timeouts.silence > timeouts.warning && timeouts.lost >= SHORTEST_LOST;
        const SOUND: &str = "`silence` longer than `warning`, and `lost` at least 90";
        wrong(self.name.trim().is_empty(), "name", "a name");
        wrong(
            !(known.zone)(self.zone.as_str()),
            "zone",
            "a zone of the time-zone database, like Europe/Warsaw",
        );
        let too_large = |files: &Attachments| files.largest_mb == 0 || files.largest() > MAX_FILE;
        wrong(
            self.attachments.as_ref().is_some_and(too_large),
            "attachments.largest_mb",
            "1 to 20",
        );
        wrong(self.topics.is_empty(), "topics", "at least one topic");
        wrong(!sound(&self.timeouts), "timeouts", SOUND);
        let addresses = |desk: &DeskSettings| (known.desk)(desk.kind.as_ref().map(Slug::as_str));
        let lacks_desk = |desk: &DeskSettings| addresses(desk).is_none();
        let lacks_bot =
            |bot: &BotSettings| !(known.bot)(bot.kind.as_ref().map(Slug::as_str), bot.at.as_deref());
        const DESK: &str = "a desk that this worker has a connector for";
        const BOT: &str = "a `kind` that this worker has a connector for, and `at` as that one writes it";
        wrong(lacks_desk(&self.desk), "desk.kind", DESK);
        wrong(lacks_bot(&self.bot), "bot", BOT);
        for (index, topic) in self.topics.iter().enumerate() {
            let at = |field: &str| format!("topics[{index}].{field}");
            let unknown =
                |form: &Option<String>| form.as_ref().is_some_and(|form| !self.forms.contains_key(form));
            let mut before = self.topics.iter().take(index);
            let doubled = before.any(|other| other.id == topic.id);
            wrong(doubled, &at("id"), "a name that no other topic has");
            wrong(
                topic.participants.is_empty(),
                &at("participants"),
                "at least one address",
            );
            if let Some(addresses) = addresses(topic.desk.as_ref().unwrap_or(&self.desk)) {
                for (index, person) in topic.participants.iter().enumerate() {
                    let is_wrong = !addresses.include(person.as_str());
                    wrong(
                        is_wrong,
                        &at(&format!("participants[{index}]")),
                        addresses.expected(),
                    );
                }
            }
            wrong(unknown(&topic.form), &at("form"), "the key of one of `forms`");
            wrong(
                topic.desk.as_ref().is_some_and(lacks_desk),
                &at("desk.kind"),
                DESK,
            );
            wrong(
                topic.bot_settings.as_ref().is_some_and(lacks_bot),
                &at("bot_settings"),
                BOT,
            );
            wrong(
                unknown(&topic.message_form),
                &at("message_form"),
                "the key of one of `forms`",
            );
            wrong(
                topic.timeouts.is_some_and(|own| !sound(&own)),
                &at("timeouts"),
                SOUND,
            );
        }
        for (key, form) in &self.forms {
            for (index, field) in form.fields.iter().enumerate() {
                let at = |name: &str| format!("forms.{key}.fields[{index}].{name}");
                let mut before = form.fields.iter().take(index);
                let doubled = before.any(|other| other.id == field.id);
                wrong(
                    field.id.is_empty() || doubled,
                    &at("id"),
                    "a name that no other field of the form has",
                );
                wrong(field.min > field.max, &at("min"), "at most `max`");
                let Some(pattern) = &field.pattern else { continue };
                if !(known.pattern)(pattern) {
                    wrong(true, &at("pattern"), "a JavaScript regular expression (flag u)");
                } else if let Some(problem) = pattern::problem(pattern) {
                    let expected = "a regular expression that is matched without back-tracking";
                    wrong(true, &at("pattern"), &[expected, ": ", &problem].concat());
                }
            }
        }
        errors
    }
}
