//! What the desk has done without being heard: it is found again, not done again.

use shared::{
    conversation::{Failure, Input},
    message::Seq,
};
use std::time::Duration;
use tests::{Scene, Stage, Unheard};

const WAYS: [Unheard; 2] = [Unheard::Failure, Unheard::Nothing];

/// Longer than the watchdog waits for what nothing was heard of.
const LONG: Duration = Duration::from_secs(20 * 60);

fn stage(unheard: Vec<Unheard>) -> Stage {
    let mut scene = Scene::new("person");
    // Nobody leaves, however long a test waits.
    scene.settings.timeouts.silence = 24 * 60 * 60;
    scene.settings.timeouts.lost = 24 * 60 * 60;
    scene.unheard = unheard;
    Stage::set(scene)
}

/// The visitor is there all the time.
fn wait(stage: &mut Stage) {
    for _ in 0..LONG.as_secs() / 10 {
        stage.heartbeat_at = Some(stage.now);
        stage.wait(Duration::from_secs(10));
    }
}

fn said(stage: &Stage) -> Vec<&str> {
    let lines = stage
        .room
        .iter()
        .filter_map(|line| line.strip_prefix("visitor: "));
    lines.filter(|line| *line != "card").collect()
}

#[test]
fn a_start_is_completed_whatever_of_it_was_not_heard() {
    for way in WAYS {
        // The thread, the people, the watch, the card, and each of them with the next.
        for first in 0..8 {
            for length in 1..=2 {
                // What comes before is heard: it is asked for as long as it takes.
                let mut stage = stage(vec![]);
                assert_eq!((stage.threads, stage.watches), (1, 1));
                stage = start_with(way, first, length);
                wait(&mut stage);
                let told = format!("{way:?} {first} {length}: {:?}", stage.log);
                assert_eq!((stage.threads, stage.watches), (1, 1), "{told}");
                assert_eq!(stage.room, ["visitor: card"], "{told}");
                let came = |line: &&String| line.contains("anna@example.com");
                assert_eq!(stage.log.iter().filter(came).count(), 1, "{told}");
            }
        }
    }
}

/// `first` tasks of the start fail without being done, `length` after them are done unheard.
fn start_with(way: Unheard, first: usize, length: usize) -> Stage {
    let mut scene = Scene::new("person");
    scene.settings.timeouts.silence = 24 * 60 * 60;
    scene.settings.timeouts.lost = 24 * 60 * 60;
    scene.desk_fails = vec![Failure::NotDone { retry_after: None }; first];
    scene.unheard = vec![way; length];
    Stage::set(scene)
}

#[test]
fn a_post_is_made_once_also_when_another_reads_the_same() {
    for way in WAYS {
        for unheard in 1..=2 {
            let mut stage = stage(vec![]);
            stage.connect(Seq(0));
            stage.unheard.extend(vec![way; unheard]);
            for (id, text) in [
                ("message-1", "ok"),
                ("message-2", "ok"),
                ("message-3", "no"),
                ("message-4", "ok"),
            ] {
                stage.send(id, text);
            }
            wait(&mut stage);
            assert_eq!(
                said(&stage),
                ["ok", "ok", "no", "ok"],
                "{way:?} {unheard}: {:?}",
                stage.log
            );
        }
    }
}

#[test]
fn a_post_that_was_made_when_the_object_died_is_not_made_again() {
    for crashes in 1..=2 {
        let mut stage = stage(vec![]);
        stage.connect(Seq(0));
        stage.unheard.extend(vec![Unheard::Nothing; crashes]);
        stage.send("message-1", "ok");
        for _ in 0..crashes {
            stage.crash();
        }
        stage.send("message-2", "ok");
        wait(&mut stage);
        assert_eq!(said(&stage), ["ok", "ok"], "{crashes}: {:?}", stage.log);
    }
}

#[test]
fn what_an_agent_wrote_is_shown_once_however_often_reading_it_was_not_heard() {
    for way in WAYS {
        let mut stage = stage(vec![]);
        stage.connect(Seq(0));
        stage.unheard.extend([way, way]);
        let message = stage.agent_writes("Hello");
        stage.signal(&message);
        stage.signal(&message);
        wait(&mut stage);
        stage.signal(&message);
        stage.take(Input::SweepDue {
            watch: shared::conversation::WatchState::Active,
            active_at: None,
        });
        wait(&mut stage);
        let shown = stage
            .rows
            .iter()
            .filter(|(_, source)| source.as_ref() == Some(&message));
        assert_eq!(shown.count(), 1, "{way:?}");
    }
}

#[test]
fn a_watch_that_ended_unheard_is_ended_once_more_at_worst() {
    for way in WAYS {
        let mut stage = stage(vec![]);
        stage.connect(Seq(0));
        stage.unheard.extend([way, way, way]);
        stage.take(Input::VisitorEnded);
        wait(&mut stage);
        assert!(!stage.watched, "{way:?}");
        let ends = stage.room.iter().filter(|line| line.contains("Closed"));
        assert_eq!(ends.count(), 1, "{way:?}: {:?}", stage.room);
    }
}
