//! How frames travel: by WebSocket, and by polling where sockets are blocked.

use super::Connection;
use crate::time::{Timestamp, back_off};
use std::time::Duration;

const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
const PING_EVERY: Duration = Duration::from_secs(25);
const PONG_TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_RETRY: Duration = Duration::from_millis(500);
const RETRY_CAP: Duration = Duration::from_secs(30);
/// Sockets that never opened before polling begins.
const BLOCKED_AFTER: u32 = 2;
const SOCKET_AGAIN: Duration = Duration::from_secs(60);
const POLL_TIMEOUT: Duration = Duration::from_secs(15);
const POLL_BUSY: Duration = Duration::from_secs(2);
const POLL_QUIET: Duration = Duration::from_secs(6);
/// News this recent makes more news likely.
const BUSY_FOR: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    way: Way,
    /// In a row.
    failures: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Way {
    #[default]
    Idle,
    Waiting {
        until: Timestamp,
    },
    Opening {
        until: Timestamp,
    },
    Open {
        ping_at: Timestamp,
        /// A ping that nothing has followed yet.
        pinged_at: Option<Timestamp>,
        /// Whether anything came over it yet.
        heard: bool,
    },
    Polling {
        poll: Poll,
        socket_again_at: Timestamp,
        news_at: Timestamp,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Poll {
    Next { at: Timestamp },
    UnderWay { until: Timestamp, again: bool },
}

#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Nothing,
    Open,
    GiveUp,
    Ping,
    Poll,
}

impl Link {
    pub(super) fn connection(&self) -> Connection {
        match &self.way {
            Way::Open { .. } => Connection::Online,
            Way::Polling { .. } if self.failures == 0 => Connection::Online,
            Way::Idle | Way::Opening { .. } | Way::Waiting { .. } if self.failures < BLOCKED_AFTER => {
                Connection::Connecting
            }
            Way::Polling { .. } if self.failures <= BLOCKED_AFTER => Connection::Connecting,
            Way::Idle | Way::Opening { .. } | Way::Waiting { .. } | Way::Polling { .. } => {
                Connection::Offline
            }
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.way, Way::Open { .. })
    }

    pub(super) fn opening(&mut self, now: Timestamp) {
        self.way = Way::Opening {
            until: now + OPEN_TIMEOUT,
        };
    }

    pub(super) fn opened(&mut self, now: Timestamp) {
        self.way = Way::Open {
            ping_at: now + PING_EVERY,
            pinged_at: None,
            heard: false,
        };
    }

    pub(super) fn heard(&mut self) {
        if let Way::Open { pinged_at, heard, .. } = &mut self.way {
            *pinged_at = None;
            *heard = true;
            self.failures = 0;
        }
    }

    pub(super) fn closed(&mut self, now: Timestamp, jitter: f64) {
        match self.way {
            // Open and closed again without a word: the edge has no place for it.
            Way::Opening { .. } | Way::Open { heard: false, .. } => self.failed_to_open(now, jitter),
            Way::Open { .. } => self.wait(now, jitter),
            Way::Idle | Way::Waiting { .. } | Way::Polling { .. } => {}
        }
    }

    fn failed_to_open(&mut self, now: Timestamp, jitter: f64) {
        self.failures += 1;
        if self.failures >= BLOCKED_AFTER {
            let poll = Poll::Next { at: now };
            self.way = Way::Polling {
                poll,
                socket_again_at: now + SOCKET_AGAIN,
                news_at: now,
            };
        } else {
            self.wait(now, jitter);
        }
    }

    fn wait(&mut self, now: Timestamp, jitter: f64) {
        self.way = Way::Waiting {
            until: now + back_off(FIRST_RETRY, RETRY_CAP, self.failures, jitter),
        };
    }

    /// The transcript has a hole: read on from the cursor over a new connection.
    pub(super) fn resync(&mut self, now: Timestamp) {
        match self.way {
            Way::Open { .. } => self.way = Way::Waiting { until: now },
            Way::Polling { .. } => self.poll_now(now),
            Way::Idle | Way::Waiting { .. } | Way::Opening { .. } => {}
        }
    }

    /// There is reason to believe that an attempt succeeds now.
    pub(super) fn hurry(&mut self, now: Timestamp) {
        if let Way::Waiting { .. } = self.way {
            self.way = Way::Waiting { until: now };
        }
        self.poll_now(now);
    }

    pub(super) fn poll_now(&mut self, now: Timestamp) {
        if let Way::Polling { poll, .. } = &mut self.way {
            *poll = match *poll {
                Poll::Next { .. } => Poll::Next { at: now },
                Poll::UnderWay { until, .. } => Poll::UnderWay { until, again: true },
            };
        }
    }

    pub(super) fn polled(&mut self, news: bool, now: Timestamp) {
        self.failures = 0;
        if let Way::Polling { poll, news_at, .. } = &mut self.way {
            if news {
                *news_at = now;
            }
            let wait = if now.since(*news_at) < BUSY_FOR {
                POLL_BUSY
            } else {
                POLL_QUIET
            };
            let again = matches!(poll, Poll::UnderWay { again: true, .. });
            *poll = Poll::Next {
                at: if again { now } else { now + wait },
            };
        }
    }

    pub(super) fn poll_failed(&mut self, now: Timestamp, jitter: f64) {
        self.failures += 1;
        let wait = back_off(FIRST_RETRY, RETRY_CAP, self.failures, jitter);
        if let Way::Polling { poll, .. } = &mut self.way {
            *poll = Poll::Next { at: now + wait };
        }
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match &self.way {
            Way::Idle => None,
            Way::Waiting { until } | Way::Opening { until } => Some(*until),
            Way::Open {
                pinged_at: Some(at), ..
            } => Some(*at + PONG_TIMEOUT),
            Way::Open {
                ping_at,
                pinged_at: None,
                ..
            } => Some(*ping_at),
            Way::Polling {
                poll: Poll::UnderWay { until, .. },
                ..
            } => Some(*until),
            Way::Polling {
                poll: Poll::Next { at },
                socket_again_at,
                ..
            } => Some((*at).min(*socket_again_at)),
        }
    }

    pub(super) fn advance(&mut self, now: Timestamp, jitter: f64) -> Step {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Step::Nothing;
        }
        match &mut self.way {
            Way::Idle => Step::Nothing,
            Way::Waiting { .. } => {
                self.opening(now);
                Step::Open
            }
            Way::Opening { .. } => {
                self.failed_to_open(now, jitter);
                Step::GiveUp
            }
            Way::Open {
                pinged_at: Some(_), ..
            } => {
                self.wait(now, jitter);
                Step::GiveUp
            }
            Way::Open {
                ping_at, pinged_at, ..
            } => {
                *ping_at = now + PING_EVERY;
                *pinged_at = Some(now);
                Step::Ping
            }
            Way::Polling {
                poll: Poll::UnderWay { .. },
                ..
            } => {
                self.poll_failed(now, jitter);
                Step::Nothing
            }
            Way::Polling { socket_again_at, .. } if now >= *socket_again_at => {
                self.failures = self.failures.max(BLOCKED_AFTER);
                self.opening(now);
                Step::Open
            }
            Way::Polling { poll, .. } => {
                *poll = Poll::UnderWay {
                    until: now + POLL_TIMEOUT,
                    again: false,
                };
                Step::Poll
            }
        }
    }
}
