//! When something was last written in the rooms of these conversations.

use super::list::Live;
use crate::desk::Desk;
use shared::{
    conversation::{Failure, ThreadRef},
    time::Timestamp,
};
use std::collections::{HashMap, HashSet};

/// Rooms that are listed at most: so many times those that are looked for, and some.
const TIMES: usize = 4;
const AND_SOME: usize = 500;

/// The latest activity comes first, so the list is read as long as it can still tell something: a room that is not
/// found among those that are at least as lively as it was is not there any more.
pub(super) async fn activity(
    desk: &Desk<'_>,
    wanted: &[&Live],
) -> Result<HashMap<ThreadRef, Timestamp>, Failure> {
    let mut missing: HashSet<&ThreadRef> = wanted.iter().map(|one| &one.thread).collect();
    let oldest = wanted.iter().map(|one| one.activity).min().flatten();
    let (mut found, mut listed) = (HashMap::new(), 0);
    let look = |room: ThreadRef, at: Option<Timestamp>| {
        listed += 1;
        if let Some(at) = at
            && missing.remove(&room)
        {
            found.insert(room, at);
        }
        let is_older = at.is_some() && oldest.is_some() && at < oldest;
        !missing.is_empty() && !is_older && listed < wanted.len() * TIMES + AND_SOME
    };
    desk.threads_by_activity(look).await?;
    Ok(found)
}
