//! The worst minute of one visitor who does whatever is let in: in rows, in calls to the desk and the bot.

use shared::{
    conversation::{Ask, Input},
    file::FileKind,
    message::{MessageId, Seq},
};
use std::{num::NonZero, time::Duration};
use tests::{Scene, Stage, settings};

const MINUTE: Duration = Duration::from_secs(60);

/// Rows that are written while something is tried as often as can be, for a minute.
fn minute(stage: &mut Stage, mut attempt: impl FnMut(&mut Stage, u32)) -> usize {
    let (before, end) = (stage.rows_written, stage.now + MINUTE);
    let mut count = 0;
    while stage.now < end {
        for _ in 0..25 {
            count += 1;
            attempt(stage, count);
        }
        stage.heartbeat_at = Some(stage.now);
        stage.wait(Duration::from_millis(250));
    }
    stage.rows_written - before
}

fn is_let_in(stage: &mut Stage, ask: Ask) -> bool {
    let now = stage.now;
    stage.conversation.admit(ask, now).is_ok()
}

fn take(stage: &mut Stage, input: Input) {
    if is_let_in(stage, Ask::Frames(1)) {
        stage.take(input);
    }
}

#[test]
fn signs_of_life_are_stored_a_few_times_a_minute() {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    let rows = minute(&mut stage, |stage, _| take(stage, Input::VisitorStayed));
    assert!(rows <= 8, "{rows} rows");
    let rows = minute(&mut stage, |stage, _| take(stage, Input::VisitorAskedForPerson));
    assert!(rows <= 8, "{rows} rows");
}

#[test]
fn a_warning_is_answered_at_once_and_later_signs_keep_the_chat() {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    let silence = u64::from(settings().timeouts.silence);
    for _ in 0..3 {
        for _ in 0..silence / 30 {
            stage.heartbeat_at = Some(stage.now);
            stage.wait(Duration::from_secs(30));
            if stage.conversation.state().closes_at.is_some() {
                break;
            }
        }
        assert!(stage.conversation.state().closes_at.is_some(), "no warning");
        stage.take(Input::VisitorStayed);
        assert_eq!(stage.conversation.state().closes_at, None);
    }
}

#[test]
fn what_has_been_done_costs_nothing_again() {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    stage.take(Input::VisitorEnded);
    let rate = Input::VisitorRated {
        stars: 1,
        comment: "x".repeat(2_000),
    };
    stage.take(rate.clone());
    for input in [
        Input::VisitorEnded,
        rate,
        Input::VisitorStayed,
        Input::VisitorAskedForPerson,
    ] {
        let rows = minute(&mut stage, |stage, _| take(stage, input.clone()));
        // The alarm that was set before finds nothing to do.
        assert!(rows <= 1, "{rows} rows: {input:?}");
    }
}

#[test]
fn polls_and_sockets_that_find_nothing_new_cost_nothing() {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    let rows = minute(&mut stage, |stage, _| {
        if is_let_in(stage, Ask::Frames(1)) {
            stage.connect(Seq(0));
        }
    });
    // Signs of life of the browser, and the alarm that looks for them.
    assert!(rows <= 4, "{rows} rows");
}

#[test]
fn sockets_come_and_go_at_a_pace() {
    let mut stage = Stage::start("person");
    let rows = minute(&mut stage, |stage, _| {
        if is_let_in(stage, Ask::Connect { open: 0 }) {
            stage.connect(Seq(0));
            stage.take(Input::VisitorDisconnected);
        }
    });
    assert!(rows <= 2 * (20 + 30) + 4, "{rows} rows");
    assert!(!is_let_in(&mut stage, Ask::Connect { open: 20 }));
}

#[test]
fn files_are_offered_at_a_pace_and_only_so_many_are_kept() {
    let mut stage = Stage::start("person");
    let id = |n: u32| MessageId::parse(format!("file-{n:08}")).unwrap_or_else(|| panic!("{n}"));
    let mut bytes = 0;
    minute(&mut stage, |stage, n| {
        let size = 10 << 20;
        if stage.offer_file(&id(n), Some(size)) {
            bytes += size;
            // Whatever it turns out to be.
            stage.conversation.upload_ended();
        }
    });
    assert!(bytes >> 20 <= 220, "{} MB", bytes >> 20);

    let mut stage = Stage::set(Scene {
        settings: quick(),
        ..Scene::new("person")
    });
    for n in 0..150 {
        stage.send_file(id(n).as_str(), "a.txt", 1_000, FileKind::Text);
    }
    assert_eq!(stage.files.len(), 100);
    stage.crash();
    assert!(!stage.offer_file(&id(1_000), Some(1)), "forgotten");
    assert!(
        stage.offer_file(&id(99), Some(1_000)),
        "a repeat is not a new one"
    );

    let mut stage = Stage::set(Scene {
        settings: quick(),
        ..Scene::new("person")
    });
    for n in 0..50 {
        stage.send_file(id(n).as_str(), "a.txt", 9 << 20, FileKind::Text);
        stage.wait(MINUTE);
    }
    assert_eq!(stage.files.len(), 22, "of 9 MB: 200 MB");
}

fn quick() -> shared::settings::Settings {
    let mut settings = settings();
    settings.messages_per_minute = NonZero::new(6_000).unwrap_or(settings.messages_per_minute);
    settings.timeouts.silence = 86_000;
    settings.timeouts.lost = 86_000;
    settings
}

#[test]
fn one_upload_is_read_and_a_few_wait() {
    let mut stage = Stage::set(Scene {
        settings: quick(),
        ..Scene::new("person")
    });
    let id = |n: u32| MessageId::parse(format!("file-{n:08}")).unwrap_or_else(|| panic!("{n}"));
    let let_in = (0..50).filter(|n| stage.offer_file(&id(*n), Some(1_000))).count();
    assert_eq!(let_in, 11);
    stage.conversation.upload_ended();
    assert!(stage.offer_file(&id(60), Some(1_000)));
    // With the object its uploads are gone.
    stage.crash();
    assert!(stage.offer_file(&id(61), Some(1_000)));
}

#[test]
fn the_worst_minute() {
    // What is written in emoji is the longest in bytes, and takes three posts.
    let emoji = "👍".repeat(4_000);
    for text in ["text", &emoji] {
        worst_minute(text);
    }
}

fn worst_minute(text: &str) {
    let mut stage = Stage::start("support");
    stage.connect(Seq(0));
    let (posts, mut asked, mut fetches) = (stage.room.len(), 0, 0);
    let rows = minute(&mut stage, |stage, n| {
        take(stage, Input::VisitorStayed);
        take(stage, Input::VisitorAskedForPerson);
        if is_let_in(stage, Ask::Connect { open: 0 }) {
            stage.connect(Seq(0));
            stage.take(Input::VisitorDisconnected);
        }
        if is_let_in(stage, Ask::Frames(1)) {
            stage.send(&format!("message-{n}"), text);
        }
        asked += u32::from(is_let_in(stage, Ask::Open));
        fetches += u32::from(is_let_in(stage, Ask::Fetch));
        if n % 7 == 0 {
            stage.send_file(&format!("file-{n:08}"), "a.txt", 10 << 20, FileKind::Text);
        }
    });
    let posts = stage.room.len() - posts;
    println!("{rows} rows, {posts} posts, {fetches} files fetched of {asked} opened");
    // Besides the parts of files, which are not kept here.
    assert!(rows <= 215, "{rows} rows");
    assert!(posts <= 40, "{posts} posts");
    assert!(fetches <= 60 && asked <= 400, "{fetches} {asked}");
}
