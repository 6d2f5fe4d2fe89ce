//! An outbox lane: tasks that go out one at a time, in order, each until it is confirmed or given up.
//!
//! A task that fails may be parked: what comes after it passes, and it is tried again when nothing else waits. That a task
//! was begun is stored before it is carried out; one that was begun several times and never ended is given up, since it
//! may be what stops the object.

use super::{
    event::TaskId,
    task::{Done, Task},
};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// Longer than any call takes, so that nothing is done twice at once.
const WATCHDOG: Duration = Duration::from_secs(5 * 60);
/// A task that was begun this often and never ended, neither well nor badly, is not begun again.
const MOST_BEGUN: u32 = 3;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Lane<J> {
    tasks: VecDeque<Task<J>>,
    /// Not stored: after a restart nothing is under way.
    #[serde(skip, default)]
    head: Head,
}

#[derive(Clone, Copy, Debug, PartialEq, Default)]
enum Head {
    #[default]
    Idle,
    UnderWay {
        since: Timestamp,
    },
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
        self.queue(Task::new(id, job, now, now));
    }

    /// To be done before everything else; what was under way is done again after it.
    pub(super) fn push_front(&mut self, id: TaskId, job: J, since: Timestamp, not_before: Timestamp) {
        self.head = Head::Idle;
        self.tasks.push_front(Task::new(id, job, since, not_before));
    }

    /// To the end of the lane again, behind what came after it.
    pub(super) fn requeue(&mut self, task: Task<J>) {
        self.queue(Task {
            put_back: task.put_back + 1,
            begun: 0,
            ..task
        });
    }

    /// Behind all but those that are parked, and never before what is under way.
    fn queue(&mut self, task: Task<J>) {
        let last = self.tasks.iter().rposition(|task| !task.parked);
        let at = last.map_or(0, |at| at + 1);
        let under_way = usize::from(self.head != Head::Idle);
        self.tasks.insert(at.max(under_way).min(self.tasks.len()), task);
    }

    /// How many wait that are not parked.
    pub(super) fn waiting(&self) -> usize {
        self.tasks.iter().filter(|task| !task.parked).count()
    }

    /// The head, if it was begun too often: to be given up.
    pub(super) fn take_poisoned(&mut self, now: Timestamp) -> Option<Task<J>> {
        let is_poisoned = self.tasks.front()?.begun >= MOST_BEGUN;
        if !is_poisoned || self.deadline().is_none_or(|deadline| deadline > now) {
            return None;
        }
        self.head = Head::Idle;
        self.tasks.pop_front()
    }

    /// The head, if it is its time; it is under way from then on, which must be stored before it is carried out.
    /// `Maybe`: it may have been done before.
    pub(super) fn start(&mut self, now: Timestamp) -> Option<(&Task<J>, Done)> {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return None;
        }
        let task = self.tasks.front_mut()?;
        // That stays so, however the next attempt ends.
        task.unheard |= task.begun > 0;
        let done = if task.unheard { Done::Maybe } else { Done::No };
        task.begun += 1;
        self.head = Head::UnderWay { since: now };
        Some((task, done))
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

    pub(super) fn is_under_way(&self, job: &J) -> bool
    where
        J: PartialEq,
    {
        self.head != Head::Idle && self.tasks.front().is_some_and(|task| task.job == *job)
    }

    pub(super) fn retry_at(&mut self, id: TaskId, at: Timestamp, done: Done) {
        if let Some(task) = self.tasks.front_mut().filter(|task| task.id == id) {
            task.failed(at, done);
            self.head = Head::Idle;
        }
    }

    /// It was refused where it was to be done.
    pub(super) fn retry_elsewhere(&mut self, id: TaskId, at: Timestamp) {
        self.retry_at(id, at, Done::No);
        if let Some(task) = self.tasks.front_mut().filter(|task| task.id == id) {
            task.put_back += 1;
        }
    }

    /// To be tried again when nothing else waits, not before this time.
    pub(super) fn park(&mut self, id: TaskId, at: Timestamp, done: Done) {
        if let Some(task) = self.finish(id) {
            self.park_task(task, at, done);
        }
    }

    pub(super) fn park_task(&mut self, mut task: Task<J>, at: Timestamp, done: Done) {
        task.failed(at, done);
        task.parked = true;
        self.insert_parked(task);
    }

    /// Parked from the beginning.
    pub(super) fn push_parked(&mut self, id: TaskId, job: J, since: Timestamp, not_before: Timestamp) {
        let mut task = Task::new(id, job, since, not_before);
        task.parked = true;
        self.insert_parked(task);
    }

    /// Behind all others, in the order of their times.
    fn insert_parked(&mut self, task: Task<J>) {
        let is_later = |other: &Task<J>| other.parked && other.not_before > task.not_before;
        let under_way = usize::from(self.head != Head::Idle && !self.tasks.is_empty());
        let later = self
            .tasks
            .iter()
            .skip(under_way)
            .rev()
            .take_while(|other| is_later(other))
            .count();
        self.tasks.insert(self.tasks.len() - later, task);
    }

    /// Another way to do the same task, to be tried at once.
    pub(super) fn replace_head(&mut self, id: TaskId, job: J) {
        if let Some(task) = self.tasks.front_mut().filter(|task| task.id == id) {
            task.job = job;
            task.begun = 0;
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
            Head::Idle => task.not_before,
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

    /// Whether one like this waits and is not parked.
    pub(super) fn has_waiting(&self, is_meant: impl Fn(&J) -> bool) -> bool {
        self.tasks.iter().any(|task| !task.parked && is_meant(&task.job))
    }

    /// Whether one like this is parked, or waits behind an attempt that failed, or is one.
    pub(super) fn is_held_up(&self, is_meant: impl Fn(&J) -> bool) -> bool {
        let is_retrying = self.is_retrying();
        let is_meant = |task: &Task<J>| (task.parked || is_retrying) && is_meant(&task.job);
        self.tasks.iter().any(is_meant)
    }

    /// Whether one like this has not begun. `parked`: also if it lets others pass.
    pub(super) fn has_next(&self, job: &J, parked: bool) -> bool
    where
        J: PartialEq,
    {
        let begun = usize::from(self.head != Head::Idle);
        let is_meant = |task: &Task<J>| task.job == *job && (parked || !task.parked);
        self.tasks.iter().skip(begun).any(is_meant)
    }

    /// Takes out one that waits, and was not put back. `parked`: also if it lets others pass.
    pub(super) fn take(&mut self, job: &J, parked: bool) -> Option<Task<J>>
    where
        J: PartialEq,
    {
        let begun = usize::from(self.head != Head::Idle);
        let is_meant = |task: &Task<J>| task.job == *job && task.put_back == 0 && (parked || !task.parked);
        let at = self.tasks.iter().skip(begun).position(is_meant)?;
        self.tasks.remove(begun + at)
    }

    /// These come next, in this order.
    pub(super) fn put_first(&mut self, tasks: Vec<Task<J>>) {
        let begun = usize::from(self.head != Head::Idle);
        for (at, task) in (begun..).zip(tasks) {
            self.tasks.insert(at.min(self.tasks.len()), task);
        }
    }

    /// A parked one like this is not to be done any more.
    pub(super) fn drop_parked(&mut self, job: &J) -> Option<Task<J>>
    where
        J: PartialEq,
    {
        let begun = usize::from(self.head != Head::Idle);
        let is_meant = |task: &Task<J>| task.parked && task.job == *job;
        let at = self.tasks.iter().skip(begun).position(is_meant)?;
        self.tasks.remove(begun + at)
    }

    /// Whether one waits that was put back.
    pub(super) fn has_put_back(&self) -> bool {
        self.tasks.iter().any(|task| task.put_back > 0)
    }

    /// After loading: this was done, and so was each task before it that is like `before` and never failed. `false` if it
    /// is not here, or there was no such task.
    pub(super) fn was_done(&mut self, job: &J, before: &J) -> bool
    where
        J: PartialEq,
    {
        let Some(end) = self.tasks.iter().position(|task| task.job == *job) else {
            return false;
        };
        self.tasks.remove(end);
        let (all, mut at) = (self.tasks.len(), 0);
        self.tasks.retain(|task| {
            at += 1;
            at > end || task.job != *before || task.attempts > 0
        });
        self.tasks.len() < all
    }

    /// Whether others are held up by an attempt that failed.
    pub(super) fn is_retrying(&self) -> bool {
        self.tasks
            .front()
            .is_some_and(|task| task.attempts > 0 && !task.parked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn lane(jobs: &[&'static str]) -> Lane<&'static str> {
        let mut lane = Lane::default();
        for (id, job) in (1..).zip(jobs) {
            lane.push(TaskId(id), *job, NOW);
        }
        lane
    }

    fn started(lane: &mut Lane<&'static str>, now: Timestamp) -> Option<(&'static str, Done)> {
        lane.start(now).map(|(task, done)| (task.job, done))
    }

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    #[test]
    fn a_parked_task_lets_the_others_pass() {
        let mut lane = lane(&["stuck", "a"]);
        assert_eq!(started(&mut lane, NOW), Some(("stuck", Done::No)));
        lane.park(TaskId(1), NOW + minutes(1), Done::Maybe);
        lane.push(TaskId(3), "b", NOW);
        assert_eq!(started(&mut lane, NOW), Some(("a", Done::No)));
        assert!(lane.finish(TaskId(2)).is_some());
        assert_eq!(started(&mut lane, NOW), Some(("b", Done::No)));
        assert!(lane.finish(TaskId(3)).is_some() && !lane.is_retrying());
        assert_eq!(started(&mut lane, NOW), None);
        assert_eq!(started(&mut lane, NOW + minutes(1)), Some(("stuck", Done::Maybe)));
        // While it is under way nothing comes before it.
        lane.push(TaskId(4), "c", NOW);
        assert!(lane.finish(TaskId(1)).is_some());
        assert_eq!(started(&mut lane, NOW), Some(("c", Done::No)));
    }

    #[test]
    fn those_that_are_parked_come_in_the_order_of_their_times() {
        let mut lane = lane(&["late", "soon"]);
        lane.park(TaskId(1), NOW + minutes(2), Done::No);
        lane.park(TaskId(2), NOW + minutes(1), Done::No);
        assert_eq!(lane.deadline(), Some(NOW + minutes(1)));
        assert_eq!(started(&mut lane, NOW + minutes(3)), Some(("soon", Done::No)));
    }

    #[test]
    fn begun_three_times_and_never_ended_is_given_up() {
        let mut lane = lane(&["poison", "next"]);
        for done in [Done::No, Done::Maybe, Done::Maybe] {
            assert!(lane.take_poisoned(NOW).is_none());
            assert_eq!(started(&mut lane, NOW), Some(("poison", done)));
            // It is under way: nobody takes it away.
            assert!(lane.take_poisoned(NOW).is_none());
            lane.head = Head::Idle;
        }
        assert_eq!(lane.take_poisoned(NOW).map(|task| task.job), Some("poison"));
        assert_eq!(started(&mut lane, NOW), Some(("next", Done::No)));
    }

    #[test]
    fn what_may_have_been_done_is_not_forgotten_by_a_failed_look() {
        let mut lane = lane(&["post"]);
        assert_eq!(started(&mut lane, NOW), Some(("post", Done::No)));
        // The object dies, and the next attempt is turned away before it can look.
        lane.head = Head::Idle;
        assert_eq!(started(&mut lane, NOW), Some(("post", Done::Maybe)));
        lane.retry_at(TaskId(1), NOW, Done::No);
        assert_eq!(started(&mut lane, NOW), Some(("post", Done::Maybe)));
    }

    #[test]
    fn an_end_of_any_kind_counts_anew() {
        let mut lane = lane(&["slow"]);
        for _ in 0..5 {
            assert!(started(&mut lane, NOW).is_some());
            lane.retry_at(TaskId(1), NOW, Done::No);
        }
        assert!(lane.take_poisoned(NOW).is_none());
        assert_eq!(started(&mut lane, NOW), Some(("slow", Done::No)));
    }
}
