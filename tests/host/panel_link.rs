//! What the panel does when its connection, or its conversation, is gone.

use shared::{
    client::{Client, Effect, Input, Kept, Stage as ClientStage},
    message::{Entry, MessageId, Said, Seq},
    protocol::{ServerFrame, StartAnswer},
    time::Timestamp,
};
use tests::Stage;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// Connected, with so many entries.
fn running(entries: u32) -> Client {
    let mut client = Client::default();
    let session = StartAnswer {
        conversation: "c".into(),
        token: "t".into(),
    };
    client.handle(Input::Restored(Kept::Running(session)), NOW, 0.5);
    client.handle(Input::SocketOpened, NOW, 0.5);
    client.handle(Input::FramesArrived(told(entries)), NOW, 0.5);
    client
}

/// A transcript of this length.
fn told(last: u32) -> Vec<ServerFrame> {
    let mut state = Stage::start("person").conversation.state();
    state.last = Seq(last);
    let entry = |seq| Entry {
        seq: Seq(seq),
        at: NOW,
        said: Said::Visitor {
            id: MessageId::parse(format!("message-{seq}")).expect("an id"),
            text: format!("{seq} of {last}"),
            files: vec![],
        },
    };
    vec![
        ServerFrame::Hello { state },
        ServerFrame::Entries((1..=last).map(entry).collect()),
    ]
}

#[test]
fn panels_do_not_all_come_back_at_the_same_moment() {
    let back_at = |jitter| {
        let mut client = running(1);
        client.handle(Input::SocketClosed, NOW, jitter);
        client.next_deadline().expect("it comes back")
    };
    let (first, last) = (back_at(0.0), back_at(1.0));
    assert!(
        first > NOW && last.since(first).as_millis() >= 200,
        "{first:?} {last:?}"
    );
}

#[test]
fn a_conversation_that_is_not_there_any_more_leads_back_to_the_topics() {
    let mut client = running(1);
    let effects = client.handle(Input::Refused, NOW, 0.5);
    assert!(effects.contains(&Effect::Forget), "{effects:?}");
    assert!(matches!(client.stage(), ClientStage::Intake { .. }));
    assert_eq!(client.transcript().entries(), []);
    assert_eq!(client.next_deadline(), None);
}

#[test]
fn a_transcript_that_has_become_shorter_is_read_anew() {
    let mut client = running(3);
    client.handle(Input::SocketClosed, NOW, 0.5);
    client.handle(Input::SocketOpened, NOW, 0.5);
    client.handle(Input::FramesArrived(told(2)), NOW, 0.5);
    let texts: Vec<_> = client
        .transcript()
        .entries()
        .iter()
        .map(|entry| &entry.said)
        .collect();
    assert!(
        matches!(texts.as_slice(), [Said::Visitor { text, .. }, _] if text == "1 of 2"),
        "{texts:?}"
    );
}

#[test]
fn what_is_stored_already_is_not_sent_again() {
    let sent = |effects: &[Effect]| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::SendFrames(_)))
    };
    let mut client = running(0);
    for seq in 1..=40 {
        let id = MessageId::parse(format!("message-{seq}")).expect("an id");
        let text = format!("{seq} of 40");
        client.handle(Input::SendPressed { id, text }, NOW, 0.5);
    }
    client.handle(Input::SocketClosed, NOW, 0.5);
    client.handle(Input::SocketOpened, NOW, 0.5);
    let press = |client: &mut Client, id: &str| {
        let id = MessageId::parse(id.into()).expect("an id");
        client.handle(
            Input::SendPressed {
                id,
                text: "more".into(),
            },
            NOW,
            0.5,
        )
    };
    let early = press(&mut client, "message-early");
    assert!(!sent(&early), "{early:?}");
    let mut frames = told(40).into_iter();
    let hello = client.handle(Input::FramesArrived(frames.by_ref().take(1).collect()), NOW, 0.5);
    assert!(!sent(&hello), "{hello:?}");
    let late = press(&mut client, "message-late");
    assert!(!sent(&late), "{late:?}");
    let entries = client.handle(Input::FramesArrived(frames.collect()), NOW, 0.5);
    let texts = entries.iter().find_map(|effect| {
        let Effect::SendFrames(frames) = effect else {
            return None;
        };
        Some(serde_json::to_string(frames).expect("JSON"))
    });
    assert_eq!(
        texts.as_deref(),
        Some(
            r#"[{"send":{"id":"message-early","text":"more"}},{"send":{"id":"message-late","text":"more"}}]"#
        )
    );
    // The edge has none of them: they go out with its first word.
    let mut client = running(0);
    let id = MessageId::parse("message-1".into()).expect("an id");
    client.handle(Input::SendPressed { id, text: "1".into() }, NOW, 0.5);
    client.handle(Input::SocketClosed, NOW, 0.5);
    client.handle(Input::SocketOpened, NOW, 0.5);
    let hello = client.handle(Input::FramesArrived(told(0)), NOW, 0.5);
    assert!(sent(&hello), "{hello:?}");
}
