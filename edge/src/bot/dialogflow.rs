//! The Dialogflow ES connector: `detectIntent` over REST v2.

use crate::{
    calls::accounts::{Account, Tokens},
    config,
    platform::http::{self, Call, Payload},
    text::markup,
};
use serde::{Deserialize, Serialize};
use shared::conversation::{BotAnswer, BotAsk, BotSays, BotTurn, Understood};
use std::time::Duration;
use worker::{Env, Error, Method, Result};

/// Dialogflow refuses longer texts. The bot reads the beginning; the room has all of it.
const MAX_QUERY: usize = 256;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Query<'a> {
    query_input: QueryInput<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum QueryInput<'a> {
    #[serde(rename_all = "camelCase")]
    Text { text: &'a str, language_code: &'a str },
    #[serde(rename_all = "camelCase")]
    Event { name: &'a str, language_code: &'a str },
}

/// Fields at their default are left out by Dialogflow.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    query_result: QueryResult,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct QueryResult {
    fulfillment_text: String,
    fulfillment_messages: Vec<Message>,
    intent: Intent,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Intent {
    is_fallback: bool,
    live_agent_handoff: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Message {
    platform: Option<String>,
    text: Option<Texts>,
    quick_replies: Option<QuickReplies>,
    card: Option<Card>,
    image: Option<Image>,
    payload: Option<CustomPayload>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Texts {
    text: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct QuickReplies {
    title: String,
    quick_replies: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Card {
    title: String,
    subtitle: String,
    buttons: Vec<CardButton>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CardButton {
    text: String,
    postback: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Image {
    image_uri: String,
    accessibility_text: String,
}

/// Custom payload: `{"handoff": true}` asks for a person; `richContent` is Dialogflow Messenger's convention,
/// of which the chips are understood.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CustomPayload {
    handoff: bool,
    rich_content: Vec<Vec<RichContent>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RichContent {
    r#type: String,
    options: Vec<Chip>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Chip {
    text: String,
}

/// `projects/PROJECT/agent`, or `projects/PROJECT/locations/REGION/agent`: cloud.google.com/dialogflow/es/docs/reference/rest/v2.
pub(super) fn is_agent(name: &str) -> bool {
    let is_id = |id: &str| {
        let is_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !id.is_empty() && id.bytes().all(is_good)
    };
    match name.split('/').collect::<Vec<_>>().as_slice() {
        ["projects", project, "agent"] => is_id(project),
        ["projects", project, "locations", region, "agent"] => is_id(project) && is_id(region),
        _ => false,
    }
}

/// A Dialogflow agent, and by what account it is asked.
pub(crate) struct Agent<'a> {
    env: &'a Env,
    tokens: &'a Tokens,
    /// `https://…/v2/projects/PROJECT/agent`.
    address: String,
}

impl<'a> Agent<'a> {
    /// `agent`: its name, if it is not the operator's.
    pub(super) fn new(agent: Option<&str>, env: &'a Env, tokens: &'a Tokens) -> Result<Self> {
        let url = config::variable(env, "DIALOGFLOW_URL")?;
        let agent = match agent {
            Some(agent) => agent.to_owned(),
            None => config::variable(env, "DIALOGFLOW_AGENT")?,
        };
        let address = format!("{url}/{agent}");
        Ok(Self { env, tokens, address })
    }

    /// The conversation's id is the session's: it fits its 36 characters.
    pub(super) async fn detect_intent(
        &self,
        conversation: &str,
        ask: &BotAsk,
        language_code: &str,
        timeout: Duration,
    ) -> Result<BotAnswer> {
        let query_input = match ask {
            BotAsk::Welcome => QueryInput::Event {
                name: "WELCOME",
                language_code,
            },
            BotAsk::HandedBack => QueryInput::Event {
                name: "HANDED_BACK",
                language_code,
            },
            BotAsk::Text(text) => QueryInput::Text {
                text: beginning(text),
                language_code,
            },
        };
        let query = serde_json::to_string(&Query { query_input })?;
        let send = async |token| {
            let call = Call {
                method: Method::Post,
                url: format!("{}/sessions/{conversation}:detectIntent", self.address),
                bearer: Some(token),
                payload: Payload::Json(query.clone()),
            };
            http::send(call, timeout).await
        };
        let reply = self.tokens.authorize(self.env, Account::Bot, send).await?;
        let reply = reply.map_err(|error| Error::RustError(error.to_string()))?;
        match reply.status {
            200 => Ok(answer(serde_json::from_str(&reply.body)?)),
            status => Err(Error::RustError(format!("dialogflow answered {status}"))),
        }
    }
}

fn beginning(text: &str) -> &str {
    text.char_indices()
        .nth(MAX_QUERY)
        .and_then(|(end, _)| text.get(..end))
        .unwrap_or(text)
}

/// Messages for other platforms (Facebook, Slack …) come along and are left out.
fn answer(answer: Answer) -> BotAnswer {
    let result = answer.query_result;
    let mut handoff = result.intent.live_agent_handoff;
    let mut says: Vec<BotSays> = vec![];
    for message in result
        .fulfillment_messages
        .into_iter()
        .filter(|message| message.platform.is_none())
    {
        handoff |= message.payload.as_ref().is_some_and(|payload| payload.handoff);
        push(&mut says, message);
    }
    if says.is_empty() && !result.fulfillment_text.trim().is_empty() {
        says.push(BotSays {
            body: markup::from_text(&result.fulfillment_text),
            replies: vec![],
        });
    }
    BotAnswer {
        says,
        understood: if result.intent.is_fallback {
            Understood::No
        } else {
            Understood::Yes
        },
        turn: if handoff {
            BotTurn::HandsOff
        } else {
            BotTurn::GoesOn
        },
    }
}

fn push(says: &mut Vec<BotSays>, message: Message) {
    let mut text = vec![];
    let mut replies = vec![];
    text.extend(message.text.into_iter().flat_map(|texts| texts.text));
    if let Some(quick) = message.quick_replies {
        text.push(quick.title);
        replies.extend(quick.quick_replies);
    }
    if let Some(card) = message.card {
        text.extend([card.title, card.subtitle]);
        for button in card.buttons {
            match markup::safe(&button.postback) {
                Some(href) => text.push(format!("{}: {href}", button.text)),
                None => replies.push(button.text),
            }
        }
    }
    if let Some(image) = message.image {
        text.extend([image.accessibility_text, image.image_uri]);
    }
    let chips = message
        .payload
        .into_iter()
        .flat_map(|payload| payload.rich_content)
        .flatten();
    replies.extend(
        chips
            .filter(|rich| rich.r#type == "chips")
            .flat_map(|rich| rich.options)
            .map(|chip| chip.text),
    );
    text.retain(|text| !text.trim().is_empty());
    replies.retain(|reply| !reply.trim().is_empty());
    match says.last_mut() {
        // Buttons without words belong to what was said before them.
        Some(last) if text.is_empty() => last.replies.extend(replies),
        _ if text.is_empty() && replies.is_empty() => {}
        _ => says.push(BotSays {
            body: markup::from_text(&text.join("\n")),
            replies,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::message::plain;

    fn read(json: &str) -> BotAnswer {
        answer(serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}")))
    }

    #[test]
    fn every_message_is_kept_in_order() {
        let answer = read(
            r#"{"queryResult":{"fulfillmentText":"one","fulfillmentMessages":[
                {"text":{"text":["one"]}},{"platform":"SLACK","text":{"text":["not for us"]}},
                {"text":{"text":["two"]}},{"quickReplies":{"title":"Pick","quickReplies":["A","B"]}},
                {"payload":{"richContent":[[{"type":"chips","options":[{"text":"C"}]}]]}}],
                "intent":{"displayName":"x"}}}"#,
        );
        let said: Vec<_> = answer
            .says
            .iter()
            .map(|says| (plain(&says.body), says.replies.join(",")))
            .collect();
        let expected =
            [("one", ""), ("two", ""), ("Pick", "A,B,C")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(said, expected);
        assert_eq!(
            (answer.understood, answer.turn),
            (Understood::Yes, BotTurn::GoesOn)
        );
    }

    #[test]
    fn handoff_by_flag_and_by_payload() {
        assert_eq!(
            read(r#"{"queryResult":{"intent":{"liveAgentHandoff":true}}}"#).turn,
            BotTurn::HandsOff
        );
        let payload = r#"{"queryResult":{"fulfillmentMessages":[{"payload":{"handoff":true}}]}}"#;
        assert_eq!(read(payload).turn, BotTurn::HandsOff);
        assert_eq!(
            read(r#"{"queryResult":{"intent":{"isFallback":true}}}"#).understood,
            Understood::No
        );
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        assert_eq!(beginning(&"ü".repeat(300)).chars().count(), 256);
        assert_eq!(beginning("short"), "short");
    }

    const NAMES: &[&str] = &[
        "queryResult",
        "fulfillmentText",
        "fulfillmentMessages",
        "text",
        "platform",
        "quickReplies",
        "title",
        "card",
        "subtitle",
        "buttons",
        "postback",
        "image",
        "imageUri",
        "accessibilityText",
        "payload",
        "richContent",
        "type",
        "options",
        "intent",
        "displayName",
        "isFallback",
        "liveAgentHandoff",
        "action",
        "handoff",
        "allRequiredParamsPresent",
    ];

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(json in ::tests::any::json(NAMES, &["chips", "javascript:x", "https://a.example"]), text in ::tests::any::text(300)) {
            for result in [json.to_string(), format!(r#"{{"fulfillmentMessages":[{json}]}}"#)] {
                let whole = format!(r#"{{"queryResult":{result}}}"#);
                let Ok(whole) = serde_json::from_str(&whole) else { continue };
                for says in answer(whole).says {
                    let is_safe = |span: &shared::message::Span| span.href.as_deref().is_none_or(|href| markup::safe(href).is_some());
                    prop_assert!(says.body.iter().all(is_safe));
                    prop_assert!(says.replies.iter().all(|reply| !reply.trim().is_empty()));
                }
            }
            prop_assert!(text.starts_with(beginning(&text)) && beginning(&text).chars().count() <= MAX_QUERY);
        }
    }
}
