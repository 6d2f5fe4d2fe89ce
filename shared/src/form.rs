//! The identification form: checked by this same code in the browser and at the edge.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// No answer is longer than this, in characters, whatever a field allows.
pub const MAX_ANSWER: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub id: String,
    pub label: String,
    #[serde(default)]
    pub kind: FieldKind,
    #[serde(default)]
    pub required: bool,
    /// In characters.
    #[serde(default)]
    pub min: usize,
    #[serde(default = "max_answer")]
    pub max: usize,
    /// A JavaScript regular expression (flag `u`) that the whole answer must match, and that needs no back-tracking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What to write, when `pattern` does not match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

fn max_answer() -> usize {
    MAX_ANSWER
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// The visitor's name: part of the thread's title.
    Name,
    Email,
    #[default]
    Text,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    pub field: String,
    pub problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    Missing,
    TooShort { min: usize },
    TooLong { max: usize },
    NotAnEmail,
    Mismatch,
    UnknownField,
}

impl Form {
    /// Every problem with the answers, in the order of the fields; none means that they are accepted.
    ///
    /// `matches(pattern, answer)` runs the regular expression. The browser lends the JavaScript engine that it has, which
    /// costs no bytes; the edge [`pattern::matches`](crate::pattern::matches), which costs no time. The edge's word counts.
    pub fn check(
        &self,
        answers: &BTreeMap<String, String>,
        matches: impl Fn(&str, &str) -> bool,
    ) -> Vec<FieldError> {
        let known = self.fields.iter().filter_map(|field| {
            let answer = answers.get(&field.id).map_or("", |answer| answer.trim());
            let problem = field.problem(answer, &matches)?;
            Some(FieldError {
                field: field.id.clone(),
                problem,
            })
        });
        let unknown = answers
            .keys()
            .filter(|id| self.fields.iter().all(|field| field.id != **id))
            .map(|id| FieldError {
                field: id.clone(),
                problem: Problem::UnknownField,
            });
        known.chain(unknown).collect()
    }
}

impl Field {
    fn problem(&self, answer: &str, matches: impl Fn(&str, &str) -> bool) -> Option<Problem> {
        let length = answer.chars().count();
        let max = self.max.min(MAX_ANSWER);
        if length == 0 {
            return self.required.then_some(Problem::Missing);
        }
        if length < self.min {
            return Some(Problem::TooShort { min: self.min });
        }
        if length > max {
            return Some(Problem::TooLong { max });
        }
        if self.kind == FieldKind::Email && !is_email(answer) {
            return Some(Problem::NotAnEmail);
        }
        let fits = self
            .pattern
            .as_ref()
            .is_none_or(|pattern| matches(pattern, answer));
        (!fits).then_some(Problem::Mismatch)
    }
}

/// The shape `local@domain.tld`, nothing more: only a letter that arrives proves an address.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | ',' | ';');
    !local.is_empty()
        && !text.chars().filter(|c| *c != '@').any(odd)
        && !domain.contains('@')
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(id: &str, kind: FieldKind, required: bool) -> Field {
        Field {
            id: id.into(),
            label: id.into(),
            kind,
            required,
            min: 0,
            max: 20,
            pattern: None,
            hint: None,
        }
    }

    fn problems(form: &Form, answers: &[(&str, &str)]) -> Vec<Problem> {
        let answers = answers.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        form.check(&answers, |_, answer| answer == "fits")
            .into_iter()
            .map(|error| error.problem)
            .collect()
    }

    #[test]
    fn each_rule_is_named() {
        let mut code = field("code", FieldKind::Text, false);
        code.pattern = Some("x".into());
        code.min = 3;
        let form = Form {
            fields: vec![
                field("name", FieldKind::Name, true),
                field("mail", FieldKind::Email, true),
                code,
            ],
        };
        assert_eq!(problems(&form, &[("name", "Ann"), ("mail", "a@b.co")]), []);
        assert_eq!(
            problems(&form, &[("name", "  "), ("mail", "a@b")]),
            [Problem::Missing, Problem::NotAnEmail]
        );
        let long = "x".repeat(21);
        assert_eq!(
            problems(&form, &[("name", &long), ("mail", "a@b.co"), ("code", "no")]),
            [Problem::TooLong { max: 20 }, Problem::TooShort { min: 3 }]
        );
        let rest = [("name", "Ann"), ("mail", "a@b.co")];
        assert_eq!(problems(&form, &[rest[0], rest[1], ("code", "fits")]), []);
        assert_eq!(
            problems(&form, &[rest[0], rest[1], ("code", "else")]),
            [Problem::Mismatch]
        );
        assert_eq!(
            problems(&form, &[rest[0], rest[1], ("zip", "1")]),
            [Problem::UnknownField]
        );
    }

    #[test]
    fn email_shapes() {
        for good in ["a@b.co", "first.last+tag@sub.example.org", "ü@exämple.de"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b.co",
            "a@",
            "a@b",
            "a@b..co",
            "a b@c.de",
            "a@b@c.de",
            "<a@b.co>",
            "a@b.co,c@d.ee",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
