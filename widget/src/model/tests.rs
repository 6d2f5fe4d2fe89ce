use super::*;
use shared::{
    form::{Field, FieldKind, Form, Problem},
    hours::{Availability, Interval},
    message::{ClosedBy, Entry, MessageId, Span},
    protocol::{ClientFrame, ServerFrame, State},
    settings::{BotUse, PublicTopic, Theme, WhenClosed},
};

fn topic(id: &str, bot: BotUse, open: Option<&[(i64, i64)]>) -> PublicTopic {
    let interval = |(from, until): &(i64, i64)| Interval {
        from: Timestamp(*from),
        until: Timestamp(*until),
    };
    PublicTopic {
        id: id.into(),
        label: id.into(),
        bot,
        form: None,
        message_form: None,
        open: open.map(|open| open.iter().map(interval).collect()),
    }
}

fn site(when_closed: WhenClosed, topics: Vec<PublicTopic>) -> &'static PublicSettings {
    Box::leak(Box::new(PublicSettings {
        name: "Shop".into(),
        accent: "#000000".into(),
        theme: Theme::System,
        welcome: String::new(),
        closed: String::new(),
        when_closed,
        attachments: None,
        now: Timestamp(0),
        mask: "Team".into(),
        bot_name: "Bot".into(),
        topics,
    }))
}

pub(crate) fn visitor(text: &str) -> Said {
    Said::Visitor {
        id: MessageId::parse("12345678".into()).expect("an id"),
        text: text.into(),
        files: vec![],
    }
}

pub(crate) fn bot(text: &str, replies: &[&str]) -> Said {
    Said::Bot {
        body: vec![Span {
            text: text.into(),
            href: None,
        }],
        replies: replies.iter().map(|reply| (*reply).into()).collect(),
    }
}

fn fresh(when_closed: WhenClosed, topics: Vec<PublicTopic>) -> Model {
    Model::new(site(when_closed, topics), Timestamp(0))
}

/// Each at a second after the start of day 10.
pub(crate) fn model(delivered: u32, said: Vec<(i64, Said)>) -> Model {
    let mut model = fresh(WhenClosed::Message, vec![]);
    let now = Timestamp(10 * 86_400_000);
    let session = StartAnswer {
        conversation: "c".into(),
        token: "t".into(),
    };
    let last = Seq(u32::try_from(said.len()).expect("few"));
    let entries = (1..).zip(said).map(|(seq, (second, said))| Entry {
        seq: Seq(seq),
        at: Timestamp(now.0 + second * 1000),
        said,
    });
    let state = State {
        phase: Phase::WithBot,
        last,
        delivered: Seq(delivered),
        desk: DeskReach::Reached,
        closes_at: None,
        leave_message: false,
        rated: false,
    };
    model.handle(Input::Restored(Kept::Running(session)), now, now, 0.0);
    model.handle(Input::SocketOpened, now, now, 0.0);
    let frames = vec![
        ServerFrame::Hello { state },
        ServerFrame::Entries(entries.collect()),
    ];
    model.handle(Input::FramesArrived(frames), now, now, 0.0);
    model
}

fn at(model: &mut Model, time: i64, input: Input) -> Vec<Effect> {
    model.handle(input, Timestamp(time), Timestamp(time), 0.0)
}

fn request(topic: &str, message: Option<&str>) -> StartRequest {
    StartRequest {
        site: "default".into(),
        key: "k".into(),
        topic: topic.into(),
        answers: [("name".into(), "Jane".into())].into(),
        message: message.map(Into::into),
        page: String::new(),
        referrer: String::new(),
    }
}

fn state(phase: Phase, last: u32) -> State {
    State {
        phase,
        last: Seq(last),
        delivered: Seq(0),
        desk: DeskReach::Reached,
        closes_at: None,
        leave_message: false,
        rated: false,
    }
}

fn running(model: &mut Model, request: StartRequest) {
    at(model, 0, Input::StartPressed(request));
    let answer = StartAnswer {
        conversation: "c".into(),
        token: "t".into(),
    };
    at(model, 0, Input::Started(answer));
    at(model, 0, Input::SocketOpened);
}

fn frames(frames: Vec<ServerFrame>) -> Input {
    Input::FramesArrived(frames)
}

fn entry(seq: u32, said: Said) -> Entry {
    Entry {
        seq: Seq(seq),
        at: Timestamp(0),
        said,
    }
}

#[test]
fn what_a_topic_offers_follows_its_hours() {
    let topics = || {
        vec![
            topic("always", BotUse::Off, None),
            topic("bot", BotUse::First, Some(&[(10, 20)])),
            topic("person", BotUse::Off, Some(&[(10, 20)])),
        ]
    };
    let offers = |when_closed, time| {
        let mut model = fresh(when_closed, topics());
        at(&mut model, time, Input::TimerFired);
        model
            .site
            .topics
            .iter()
            .map(|topic| model.offer(topic))
            .collect::<Vec<_>>()
    };
    use Offer::{Chat, Message, Nothing};
    assert_eq!(offers(WhenClosed::Hide, 10), [Chat, Chat, Chat]);
    assert_eq!(offers(WhenClosed::Message, 9), [Chat, Message, Message]);
    assert_eq!(offers(WhenClosed::Bot, 20), [Chat, Chat, Message]);
    assert_eq!(offers(WhenClosed::Hide, 20), [Chat, Nothing, Nothing]);
}

#[test]
fn the_site_opens_with_its_first_topic_and_the_panel_wakes_for_it() {
    let topics = vec![
        topic("late", BotUse::Off, Some(&[(30, 40)])),
        topic("never", BotUse::Off, Some(&[])),
        topic("early", BotUse::Off, Some(&[(20, 35)])),
    ];
    let mut model = fresh(WhenClosed::Message, topics);
    let closed = Availability::ClosedUntil(Timestamp(20));
    assert_eq!(model.site_availability(), closed);
    assert_eq!(model.next_deadline(), None, "nobody looks");
    model.opened(true);
    // The visitor's clock is 1,000 ahead.
    model.handle(Input::TimerFired, Timestamp(1_005), Timestamp(5), 0.0);
    assert_eq!(model.next_deadline(), Some(Timestamp(1_020)));
    model.handle(Input::TimerFired, Timestamp(1_035), Timestamp(35), 0.0);
    assert!(model.site_availability().is_open());
    assert_eq!(model.next_deadline(), Some(Timestamp(1_040)));
}

#[test]
fn a_chat_refused_at_closing_time_becomes_a_message_with_the_same_answers() {
    let mut model = fresh(
        WhenClosed::Message,
        vec![topic("sales", BotUse::Off, Some(&[(0, 10)]))],
    );
    at(&mut model, 9, Input::StartPressed(request("sales", None)));
    at(&mut model, 11, Input::StartClosed);
    assert!(model.screen() == Screen::Form(Chosen::Message(0)));
    assert_eq!(model.answer("name"), "Jane");
    assert!(model.trouble == Some(Trouble::Closed));
}

#[test]
fn a_message_needs_words_and_what_its_own_form_asks_for() {
    let field = Field {
        id: "email".into(),
        label: "E-mail".into(),
        kind: FieldKind::Email,
        required: true,
        min: 0,
        max: 80,
        pattern: None,
        hint: None,
    };
    let mut sales = topic("sales", BotUse::Off, Some(&[]));
    sales.message_form = Some(Form { fields: vec![field] });
    let mut model = fresh(WhenClosed::Message, vec![sales]);
    let problems = |model: &Model, message: &str| -> Vec<(String, Problem)> {
        let (_, errors) = model.check(Chosen::Message(0), message, |_, _| true);
        errors
            .into_iter()
            .map(|error| (error.field, error.problem))
            .collect()
    };
    let missing = |field: &str| (field.to_owned(), Problem::Missing);
    assert_eq!(problems(&model, ""), [missing("email"), missing(MESSAGE)]);
    model.set_answer("email", "a@b.co".into());
    assert_eq!(problems(&model, "Hi"), []);
    let long = "x".repeat(4_001);
    let too_long = (MESSAGE.to_owned(), Problem::TooLong { max: 4_000 });
    assert_eq!(problems(&model, &long), [too_long]);
}

#[test]
fn a_left_message_is_honest_about_where_it_is() {
    let mut model = fresh(WhenClosed::Message, vec![topic("sales", BotUse::Off, None)]);
    running(&mut model, request("sales", Some("Call me")));
    assert_eq!(
        (model.left(), model.leaving()),
        (Some(Left::OnItsWay), Some("Call me"))
    );
    let closed = Phase::Closed {
        by: ClosedBy::MessageLeft,
        at: Timestamp(0),
    };
    let hello = ServerFrame::Hello {
        state: state(closed, 1),
    };
    let message = ServerFrame::Entries(vec![entry(1, visitor("Call me"))]);
    at(&mut model, 1, frames(vec![hello, message]));
    assert_eq!((model.left(), model.leaving()), (Some(Left::Stored), None));
    assert!(!model.can_rate());
    let lost = Said::Notice(Notice::NotDelivered { seq: Seq(1) });
    at(
        &mut model,
        2,
        frames(vec![ServerFrame::Entries(vec![entry(2, lost)])]),
    );
    assert_eq!(model.left(), Some(Left::Lost));
    at(
        &mut model,
        3,
        frames(vec![ServerFrame::Delivered { through: Seq(1) }]),
    );
    assert_eq!(model.left(), Some(Left::WithTeam));
}

#[test]
fn a_waiting_chat_ends_before_its_message_form_opens() {
    let mut model = fresh(
        WhenClosed::Message,
        vec![
            topic("other", BotUse::Off, None),
            topic("sales", BotUse::Off, None),
        ],
    );
    running(&mut model, request("sales", None));
    let waiting = State {
        leave_message: true,
        ..state(Phase::Waiting, 0)
    };
    at(&mut model, 1, frames(vec![ServerFrame::Hello { state: waiting }]));
    assert!(model.banner() == Some(Banner::LeaveMessage));
    model.end_for_message();
    at(&mut model, 2, Input::EndPressed);
    assert!(
        model.screen() == Screen::Conversation,
        "until the edge knows of the end"
    );
    let closed = Phase::Closed {
        by: ClosedBy::Visitor,
        at: Timestamp(3),
    };
    let effects = at(&mut model, 3, frames(vec![ServerFrame::State(state(closed, 0))]));
    assert!(effects.contains(&Effect::Forget));
    assert!(model.screen() == Screen::Form(Chosen::Message(1)));
    assert_eq!(model.answer("name"), "Jane");
}

#[test]
fn news_sounds_once_and_only_where_it_is_not_seen() {
    let mut model = fresh(WhenClosed::Message, vec![topic("sales", BotUse::Off, None)]);
    running(&mut model, request("sales", None));
    let hear = |model: &mut Model, frame| {
        let before = model.heard();
        at(model, 1, frames(vec![frame]));
        model.sound(before)
    };
    let news = |seq| ServerFrame::Entries(vec![entry(seq, bot("Hello", &[]))]);
    let hello = ServerFrame::Hello {
        state: state(Phase::WithBot, 1),
    };
    assert_eq!(hear(&mut model, hello), None);
    assert_eq!(hear(&mut model, news(1)), None, "it was there before this panel");
    assert_eq!(hear(&mut model, news(2)), Some(("edgechat c 2".into(), false)));
    assert_eq!(hear(&mut model, news(2)), None, "a repeat");
    model.opened(true);
    assert_eq!(model.unread(), 0);
    assert_eq!(hear(&mut model, news(3)), Some(("edgechat c 3".into(), true)));
    model.turned(false);
    assert_eq!(hear(&mut model, news(4)), Some(("edgechat c 4".into(), false)));
    assert_eq!(model.unread(), 1, "open, but in a tab behind");
    model.muted = true;
    assert_eq!(hear(&mut model, news(5)), Some(("edgechat c 5".into(), true)));
}

#[test]
fn a_rating_is_sent_until_the_edge_has_it() {
    let mut model = fresh(WhenClosed::Message, vec![topic("sales", BotUse::Off, None)]);
    running(&mut model, request("sales", None));
    let closed = Phase::Closed {
        by: ClosedBy::Agent,
        at: Timestamp(0),
    };
    let state = state(closed, 0);
    let hello = ServerFrame::Hello { state: state.clone() };
    at(&mut model, 1, frames(vec![hello.clone()]));
    assert!(model.can_rate());
    let rate = Input::RatePressed {
        stars: 4,
        comment: "Kind".into(),
    };
    let sent = Effect::SendFrames(vec![ClientFrame::Rate {
        stars: 4,
        comment: "Kind".into(),
    }]);
    assert!(at(&mut model, 2, rate).contains(&sent));
    at(&mut model, 3, Input::SocketOpened);
    assert!(at(&mut model, 3, frames(vec![hello])).contains(&sent));
    let rated = State { rated: true, ..state };
    at(&mut model, 4, frames(vec![ServerFrame::State(rated.clone())]));
    let hello = ServerFrame::Hello { state: rated };
    assert!(!at(&mut model, 5, frames(vec![hello])).contains(&sent));
}

#[test]
fn hours_grow_old_while_topics_are_shown() {
    let minutes = |minutes: i64| Timestamp(minutes * 60_000);
    let open = topic("sales", BotUse::Off, Some(&[]));
    let mut model = fresh(WhenClosed::Message, vec![open]);
    assert!(!model.has_old_hours(minutes(10)));
    assert!(model.has_old_hours(minutes(11)));
    model.set_site(model.site.clone(), minutes(11));
    assert!(!model.has_old_hours(minutes(11)));
    running(&mut model, request("sales", None));
    assert!(!model.has_old_hours(minutes(60)));
}
