//! An outbox lane: tasks that go out one at a time, in order, each until it is confirmed or given up.

use super::event::TaskId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// Longer than any call takes, so that nothing is done twice at once.
const WATCHDOG: Duration = Duration::from_secs(5 * 60);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Lane<J> {
    tasks: VecDeque<Task<J>>,
    /// Not stored: after a restart nobody knows whether the head was carried out.
    #[serde(skip, default)]
    head: Head,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Task<J> {
    pub(super) id: TaskId,
    pub(super) job: J,
    pub(super) attempts: u32,
    pub(super) since: Timestamp,
    not_before: Timestamp,
    /// How often it went to the end of the lane again.
    #[serde(default)]
    pub(super) put_back: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Default)]
enum Head {
    Idle,
    UnderWay {
        since: Timestamp,
    },
    /// Loaded from storage.
    #[default]
    Unknown,
}

impl<J> Default for Lane<J> {
    fn default() -> Self {
        Self {
            tasks: VecDeque::new(),
            head: Head::Idle,
        }
    }
}

impl<J> Lane<J> {
    pub(super) fn push(&mut self, id: TaskId, job: J, now: Timestamp) {
        if self.tasks.is_empty() {
            self.head = Head::Idle;
        }
        self.tasks.push_back(Task {
            id,
            job,
            attempts: 0,
            since: now,
            not_before: now,
            put_back: 0,
        });
    }

    /// To be done before everything else; what was under way is done again after it.
    pub(super) fn push_front(&mut self, id: TaskId, job: J, since: Timestamp, not_before: Timestamp) {
        self.head = Head::Idle;
        self.tasks.push_front(Task {
            id,
            job,
            attempts: 0,
            since,
            not_before,
            put_back: 0,
        });
    }

    /// To the end of the lane again, behind what came after it.
    pub(super) fn requeue(&mut self, task: Task<J>) {
        if self.tasks.is_empty() {
            self.head = Head::Idle;
        }
        self.tasks.push_back(Task {
            put_back: task.put_back + 1,
            ..task
        });
    }

    /// The head, if it is its time; it is under way from then on. `true`: it may have been done before.
    pub(super) fn start(&mut self, now: Timestamp) -> Option<(&Task<J>, bool)> {
        let task = self.tasks.front()?;
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return None;
        }
        let maybe_done = self.head != Head::Idle || task.attempts > 0;
        self.head = Head::UnderWay { since: now };
        Some((task, maybe_done))
    }

    /// Confirmed or given up. A late or repeated report finds nothing.
    pub(super) fn finish(&mut self, id: TaskId) -> Option<Task<J>> {
        if self.tasks.front()?.id != id {
            return None;
        }
        self.head = Head::Idle;
        self.tasks.pop_front()
    }

    pub(super) fn head(&self, id: TaskId) -> Option<&Task<J>> {
        self.tasks.front().filter(|task| task.id == id)
    }

    pub(super) fn retry_at(&mut self, id: TaskId, at: Timestamp) {
        if let Some(task) = self.tasks.front_mut().filter(|task| task.id == id) {
            task.attempts += 1;
            task.not_before = at;
            self.head = Head::Idle;
        }
    }

    /// Another way to do the same task, to be tried at once.
    pub(super) fn replace_head(&mut self, id: TaskId, job: J) {
        if let Some(task) = self.tasks.front_mut().filter(|task| task.id == id) {
            task.job = job;
            self.head = Head::Idle;
        }
    }

    pub(super) fn clear(&mut self) {
        self.tasks.clear();
        self.head = Head::Idle;
    }

    /// The next time at which `start` may give something. What is under way reports by itself, unless the
    /// object died meanwhile; then somebody has to look.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let task = self.tasks.front()?;
        Some(match self.head {
            Head::UnderWay { since } => since + WATCHDOG,
            Head::Idle | Head::Unknown => task.not_before,
        })
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&J) -> bool) {
        let head = self.tasks.front().map(|task| task.id);
        self.tasks.retain(|task| keep(&task.job));
        if self.tasks.front().map(|task| task.id) != head {
            self.head = Head::Idle;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(super) fn holds(&self, job: &J) -> bool
    where
        J: PartialEq,
    {
        self.tasks.iter().any(|task| task.job == *job)
    }

    pub(super) fn is_retrying(&self) -> bool {
        self.tasks.front().is_some_and(|task| task.attempts > 0)
    }
}
