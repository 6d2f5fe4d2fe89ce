//! What is on the wire, as files. Files are only added to: what an older version wrote must be read for ever. To see what
//! the code writes now, run with `GOLDEN=print`.

use shared::{
    client::Kept,
    file::{File, Image},
    form::{FieldError, Problem},
    message::{ClosedBy, Entry, MessageId, Notice, Said, Seq, Span},
    newer::Maybe,
    protocol::{
        ClientFrame, DeskReach, ErrorBody, Phase, PollAnswer, PollRequest, Rejection, ServerFrame,
        StartAnswer, StartRequest, State,
    },
    time::Timestamp,
};
use tests::golden::{check, json};

fn entries() -> Vec<Entry> {
    let at = Timestamp(1_800_000_000_000);
    let link = Span {
        text: "docs".into(),
        href: Some("https://example.com/".into()),
    };
    let body = vec![
        Span {
            text: "see ".into(),
            href: None,
        },
        link,
    ];
    let said = [
        Said::Visitor {
            id: id(),
            text: "hello".into(),
            files: vec![],
        },
        Said::Bot {
            body: body.clone(),
            replies: vec![],
        },
        Said::Bot {
            body: body.clone(),
            replies: vec!["Yes".into()],
        },
        Said::Agent {
            name: "Support".into(),
            body,
            files: vec![],
        },
        Said::Notice(Notice::PersonAsked),
        Said::Notice(Notice::BotFailed),
        Said::Notice(Notice::AgentJoined { name: "Anna".into() }),
        Said::Notice(Notice::NotDelivered { seq: Seq(1) }),
        Said::Notice(Notice::Closed {
            by: ClosedBy::Visitor,
        }),
        Said::Notice(Notice::Closed { by: ClosedBy::Agent }),
        Said::Notice(Notice::Closed {
            by: ClosedBy::Silence,
        }),
        Said::Notice(Notice::Closed {
            by: ClosedBy::VisitorGone,
        }),
        Said::Notice(Notice::Closed {
            by: ClosedBy::ThreadGone,
        }),
    ];
    said.into_iter()
        .zip(1..)
        .map(|(said, seq)| Entry {
            seq: Seq(seq),
            at,
            said,
        })
        .collect()
}

fn id() -> MessageId {
    MessageId::parse("message-1".into()).unwrap_or_else(|| panic!("a good id"))
}

fn states() -> Vec<State> {
    let state = |phase| State {
        phase,
        last: Seq(3),
        delivered: Seq(2),
        desk: DeskReach::Reached,
        closes_at: None,
        leave_message: false,
        rated: false,
    };
    let at = Timestamp(1_800_000_000_000);
    vec![
        state(Phase::WithBot),
        State {
            desk: DeskReach::Retrying,
            closes_at: Some(at),
            ..state(Phase::Waiting)
        },
        state(Phase::WithAgent {
            name: "Support".into(),
        }),
        state(Phase::Closed {
            by: ClosedBy::Silence,
            at,
        }),
    ]
}

#[test]
fn wire_v1() {
    let mut lines = vec![];
    let client = [
        ClientFrame::Send {
            id: id(),
            text: "hello".into(),
        },
        ClientFrame::AskForPerson,
        ClientFrame::Stay,
        ClientFrame::End,
    ];
    lines.extend(client.iter().map(json));
    let rejections = [
        Rejection::Empty,
        Rejection::TooLong,
        Rejection::TooFast { retry_after_ms: 2000 },
        Rejection::IdReused,
        Rejection::Closed,
        Rejection::BadFrame,
    ];
    let mut server: Vec<ServerFrame> = states()
        .into_iter()
        .map(|state| ServerFrame::Hello { state })
        .collect();
    server.extend(states().into_iter().map(ServerFrame::State));
    server.extend(
        entries()
            .into_iter()
            .map(|entry| ServerFrame::Entries(vec![entry])),
    );
    server.push(ServerFrame::Delivered { through: Seq(3) });
    server.extend(
        rejections
            .into_iter()
            .map(|code| ServerFrame::Rejected { id: Some(id()), code }),
    );
    server.push(ServerFrame::Rejected {
        id: None,
        code: Rejection::BadFrame,
    });
    lines.extend(server.iter().map(json));
    let answers = [("name".to_owned(), "Ann".to_owned())].into();
    let page = "https://example.com/".to_owned();
    let start = StartRequest {
        site: "default".into(),
        message: None,
        key: "k".repeat(22),
        topic: "sales".into(),
        answers,
        page,
        referrer: String::new(),
    };
    let session = StartAnswer {
        conversation: "c".into(),
        token: "t".into(),
    };
    lines.push(json(&start));
    lines.push(json(&session));
    lines.push(json(&PollRequest {
        after: Seq(1),
        frames: client.iter().cloned().map(Maybe::Known).collect(),
    }));
    lines.push(json(&PollAnswer {
        frames: vec![Maybe::Known(ServerFrame::Delivered { through: Seq(1) })],
    }));
    let fields = vec![FieldError {
        field: "name".into(),
        problem: Problem::TooLong { max: 80 },
    }];
    lines.push(json(&ErrorBody {
        code: "bad_answers".into(),
        message: "Sentence.".into(),
        fields,
        settings: vec![],
    }));
    lines.push(json(&Kept::Starting(start)));
    lines.push(json(&Kept::Running(session)));
    check("wire_v1", include_str!("golden/wire_v1.jsonl"), &lines);
}

/// What the wire has got since its first version.
#[test]
fn what_was_added_to_the_wire_is_as_it_was() {
    let at = Timestamp(1_800_000_000_000);
    let file = |number, image| File {
        number,
        name: "plan.png".into(),
        size: 1_024,
        image,
    };
    let files = vec![file(1, Some(Image::Png)), file(2, None)];
    let said = [
        Said::Visitor {
            id: id(),
            text: String::new(),
            files: files.clone(),
        },
        Said::Agent {
            name: "Anna".into(),
            body: vec![],
            files,
        },
        Said::Notice(Notice::HandedBack),
        Said::Notice(Notice::TeamClosed),
        Said::Notice(Notice::NobodyAnswered),
        Said::Notice(Notice::Transferred {
            topic: "Sales".into(),
        }),
        Said::Notice(Notice::Closed {
            by: ClosedBy::MessageLeft,
        }),
    ];
    let entries = said.into_iter().zip(1..).map(|(said, seq)| Entry {
        seq: Seq(seq),
        at,
        said,
    });
    let comment = "Quick".to_owned();
    let state = State {
        leave_message: true,
        rated: true,
        ..states().remove(1)
    };
    let start = StartRequest {
        site: "shop".into(),
        key: "k".repeat(22),
        topic: "sales".into(),
        answers: Default::default(),
        message: Some("Call me".into()),
        page: String::new(),
        referrer: String::new(),
    };
    let mut lines: Vec<String> = vec![
        json(&ClientFrame::Rate { stars: 5, comment }),
        json(&ServerFrame::Entries(entries.collect())),
        json(&ServerFrame::State(state)),
    ];
    for code in [Rejection::FileTooLarge, Rejection::FileRefused] {
        lines.push(json(&ServerFrame::Rejected { id: None, code }));
    }
    lines.push(json(&start));
    check("wire_v1_1", include_str!("golden/wire_v1_1.jsonl"), &lines);
}

#[test]
fn what_was_added_later_is_as_it_was() {
    let entry = Entry {
        seq: Seq(1),
        at: Timestamp(1_800_000_000_000),
        said: Said::Notice(Notice::NotShown),
    };
    let lines = [json(&ServerFrame::Entries(vec![entry]))];
    check("wire_v1_2", include_str!("golden/wire_v1_2.jsonl"), &lines);
    let code = Rejection::FilesFull;
    let lines = [json(&ServerFrame::Rejected { id: None, code })];
    check("wire_v1_3", include_str!("golden/wire_v1_3.jsonl"), &lines);
}

/// Every golden file as it landed, by its fingerprint. A new file gets a line; a line is never changed.
const LANDED: &[(&str, u64)] = &[
    ("snapshot_v1_0.json", 0x2c59_9218_7258_9b51),
    ("snapshot_v1_1.json", 0x81e7_e883_bff5_d605),
    ("snapshot_v1_2.json", 0xb082_2433_52f3_1aaf),
    ("snapshot_v1_3.json", 0x5381_8e72_ab94_7621),
    ("snapshot_v1_4.json", 0x49f7_88aa_9c18_04ad),
    ("snapshot_v1_5.jsonl", 0x6795_d09c_d351_4aaf),
    ("wire_v1.jsonl", 0xf107_f127_9bdd_e6ef),
    ("wire_v1_1.jsonl", 0x828f_762e_dbca_7c97),
    ("wire_v1_2.jsonl", 0x5d54_69ac_6cff_f67b),
    ("wire_v1_3.jsonl", 0x34a4_24ad_e99c_5f87),
];

#[test]
fn golden_files_are_only_added_to() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/host/golden");
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{error}"));
    let mut found: Vec<(String, u64)> = entries
        .map(|entry| {
            let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
            let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{error}"));
            let name = path.file_name().unwrap_or_default();
            (name.to_string_lossy().into_owned(), fingerprint(&bytes))
        })
        .collect();
    found.sort();
    let landed: Vec<(String, u64)> = LANDED
        .iter()
        .map(|(name, fingerprint)| ((*name).to_owned(), *fingerprint))
        .collect();
    assert_eq!(
        found, landed,
        "a golden file is not as it landed, or has no line here"
    );
}

/// FNV-1a.
fn fingerprint(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// What is written again after it was read as this type; nothing when it cannot be read.
fn again<T: serde::Serialize + serde::de::DeserializeOwned>(line: &str) -> Option<String> {
    serde_json::from_str::<T>(line).ok().map(|value| json(&value))
}

#[test]
fn every_line_of_the_wire_reads_back_as_written() {
    let files = [
        include_str!("golden/wire_v1.jsonl"),
        include_str!("golden/wire_v1_1.jsonl"),
        include_str!("golden/wire_v1_2.jsonl"),
        include_str!("golden/wire_v1_3.jsonl"),
    ];
    let kinds = [
        again::<ServerFrame>,
        again::<ClientFrame>,
        again::<StartRequest>,
        again::<StartAnswer>,
        again::<PollRequest>,
        again::<PollAnswer>,
        again::<ErrorBody>,
        again::<Kept>,
    ];
    let mut read = 0;
    for line in files.into_iter().flat_map(str::lines) {
        let read_back = kinds.iter().any(|again| again(line).as_deref() == Some(line));
        assert!(read_back, "no type of the wire reads and writes {line}");
        read += 1;
    }
    assert!(read > 40, "{read} lines");
}
