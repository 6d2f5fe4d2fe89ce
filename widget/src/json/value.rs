//! A JSON value; the browser does the parsing.

#[derive(Default)]
pub(crate) enum Json {
    #[default]
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    /// Takes the member out of a map.
    pub(crate) fn member(&mut self, name: &str) -> Self {
        let Self::Map(members) = self else {
            return Self::Null;
        };
        members
            .iter_mut()
            .find(|(key, _)| key == name)
            .map(|(_, value)| std::mem::take(value))
            .unwrap_or_default()
    }

    pub(crate) fn text(self) -> Option<String> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    pub(crate) fn text_at(&mut self, name: &str) -> Option<String> {
        self.member(name).text()
    }

    pub(crate) fn list(self) -> Vec<Self> {
        if let Self::List(list) = self { list } else { vec![] }
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "compared afterwards"
    )]
    pub(crate) fn whole(&self) -> Option<i64> {
        let Self::Number(number) = *self else { return None };
        let whole = number as i64;
        (whole as f64 == number).then_some(whole)
    }

    pub(crate) fn small(&self) -> Option<u32> {
        self.whole()?.try_into().ok()
    }

    /// The variant of an enum: its name alone, or a map from it to its content.
    pub(crate) fn variant(self) -> Option<(String, Self)> {
        match self {
            Self::Text(name) => Some((name, Self::Null)),
            Self::Map(mut members) => members.pop().filter(|_| members.is_empty()),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) => None,
        }
    }
}
