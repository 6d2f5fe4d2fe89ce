//! A desk and a site that do at once what they are asked, unless they are told to fail. They may also do it unheard; then
//! they find it when they are asked to look first, as a desk does that takes no idempotency keys.

use crate::Stage;
use shared::{
    conversation::{
        Attempt, DeskJob, DeskMessage, DeskOutcome, DeskRef, Failure, Found, Line, Newest, Participant, Post,
        SiteAnswer, SiteJob, ThreadRef, Voice, WatchRef,
    },
    settings::DEFAULT_SITE,
};

/// What the conversation hears of something that was done all the same.
#[derive(Clone, Copy, Debug)]
pub enum Unheard {
    /// A failure, as after a time-out.
    Failure,
    /// Nothing: the object stops, or waits for the watchdog.
    Nothing,
}

impl Stage {
    /// `None`: the conversation hears nothing.
    pub(crate) fn desk(
        &mut self,
        thread: Option<ThreadRef>,
        job: &DeskJob,
        attempt: &Attempt,
    ) -> Option<Result<DeskOutcome, Failure>> {
        let heard = self.attempt(thread, job, attempt);
        if heard.is_err() {
            return Some(heard);
        }
        match self.unheard.pop_front() {
            None => Some(heard),
            Some(Unheard::Failure) => {
                self.log.push("unheard".into());
                Some(Err(Failure::Passing { retry_after: None }))
            }
            Some(Unheard::Nothing) => {
                self.log.push("unheard, and no failure either".into());
                None
            }
        }
    }

    fn attempt(
        &mut self,
        thread: Option<ThreadRef>,
        job: &DeskJob,
        attempt: &Attempt,
    ) -> Result<DeskOutcome, Failure> {
        if let Some(failure) = self.desk_fails.pop_front() {
            self.log.push(format!("desk fails: {failure:?}"));
            return Err(failure);
        }
        let kind = format!("{job:?}");
        if let Some((_, failure)) = self
            .always_fails
            .iter()
            .find(|(of, _)| kind.starts_with(of.as_str()))
        {
            return Err(*failure);
        }
        assert!(
            thread.is_some() || matches!(job, DeskJob::OpenThread { .. } | DeskJob::Site(_)),
            "{job:?} without a thread"
        );
        match job {
            DeskJob::OpenThread { .. } => {
                if *attempt == Attempt::First || self.threads == 0 {
                    self.threads += 1;
                }
                Ok(DeskOutcome::ThreadOpened(ThreadRef("thread".into())))
            }
            DeskJob::AddParticipant(_) if std::mem::take(&mut self.refuses_to_add) => Err(Failure::Refused),
            // Who is in already is let be.
            DeskJob::AddParticipant(who) if !self.members.insert(format!("{who:?}")) => {
                Ok(DeskOutcome::Added { name: None })
            }
            DeskJob::AddParticipant(who) => {
                let name = match who {
                    Participant::Agent(address) => {
                        self.log.push(format!("  room < + {address}"));
                        None
                    }
                    Participant::Invited(address) => {
                        self.log.push(format!("  room < + {address} (invited)"));
                        Some(name_of(address))
                    }
                    Participant::Bot => None,
                };
                Ok(DeskOutcome::Added { name })
            }
            DeskJob::Site(job) => Ok(DeskOutcome::Site(self.site(job))),
            DeskJob::Sweep {
                after, since, whole, ..
            } => {
                let is_known = |message: &DeskMessage| Some(&message.source) == after.as_ref();
                let known = self.written.iter().position(is_known);
                let is_late = |message: &DeskMessage| since.is_some_and(|since| message.sent_at >= since);
                let is_listed = |at: usize, message: &DeskMessage| {
                    let is_shown = self
                        .rows
                        .iter()
                        .any(|(_, source)| source.as_ref() == Some(&message.source));
                    !is_shown
                        && !self.hidden.contains(&message.source)
                        && match since {
                            Some(_) => is_late(message),
                            None => known.is_none_or(|known| at > known),
                        }
                };
                let listed: Vec<&DeskMessage> = self
                    .written
                    .iter()
                    .enumerate()
                    .filter(|(at, message)| is_listed(*at, message))
                    .map(|(_, message)| message)
                    .collect();
                let is_visible = |message: &&DeskMessage| !self.hidden.contains(&message.source);
                let newest = self.written.iter().rfind(is_visible).map(|message| Newest {
                    message: message.source.clone(),
                    at: Some(message.sent_at),
                });
                let found = listed.into_iter().map(|message| Found {
                    source: message.source.clone(),
                    message: (*whole && message.files.is_empty()).then(|| message.clone()),
                });
                Ok(DeskOutcome::Swept {
                    found: found.collect(),
                    newest,
                })
            }
            DeskJob::Watch | DeskJob::Rewatch(_) => {
                let is_new = *job == DeskJob::Watch && *attempt == Attempt::First;
                if is_new || !self.watched {
                    self.watches += 1;
                }
                self.watched = true;
                Ok(DeskOutcome::Watching(WatchRef("watch".into())))
            }
            DeskJob::Unwatch(_) => {
                self.watched = false;
                Ok(DeskOutcome::Unwatched)
            }
            DeskJob::LookForPeople => Ok(DeskOutcome::People {
                are_in: self
                    .members
                    .iter()
                    .any(|who| *who != format!("{:?}", Participant::Bot)),
            }),
            DeskJob::EndThread(how) => {
                self.log.push(format!("  room < {how:?}"));
                Ok(DeskOutcome::ThreadEnded)
            }
            DeskJob::Post { voice, line, .. } => {
                let text = match line {
                    Line::Card(_) => "card".into(),
                    Line::Text(text) | Line::Bot(text) => text.clone(),
                    Line::File { number, name } => format!("file {number} {name}"),
                    Line::Left { card, text, .. } => {
                        let card = card.as_ref().map(|_| "card, ").unwrap_or_default();
                        format!("left: {card}{text}")
                    }
                    Line::Notice(notice) => format!("{notice:?}"),
                };
                let who = match voice {
                    Voice::Visitor => "visitor",
                    Voice::Bot => "bot",
                };
                let line = format!("{who}: {text}");
                if let Some(number) = self.posted_before(&line, attempt) {
                    return Ok(DeskOutcome::Posted(self.post(number)));
                }
                self.log.push(format!("  room < {line}"));
                self.room.push(line);
                self.posts += 1;
                Ok(DeskOutcome::Posted(self.post(self.posts)))
            }
            DeskJob::Read { message, .. } => Ok(DeskOutcome::Read(
                self.written
                    .iter()
                    .find(|written| written.source == *message)
                    .cloned(),
            )),
        }
    }

    fn post(&self, number: u32) -> Post {
        Post {
            message: DeskRef(format!("post-{number}")),
            at: Some(self.now),
        }
    }

    /// The number of the post with this line, among those after the last one that the conversation knows.
    fn posted_before(&self, line: &str, attempt: &Attempt) -> Option<u32> {
        let Attempt::MaybeDone { last_post, .. } = attempt else {
            return None;
        };
        let number = |post: &Post| post.message.0.strip_prefix("post-")?.parse::<u32>().ok();
        let known = last_post.as_ref().and_then(number).unwrap_or(0);
        let newer = self.room.iter().zip(1..).skip(known as usize);
        newer
            .into_iter()
            .find(|(posted, _)| posted.as_str() == line)
            .map(|(_, number)| number)
    }

    fn site(&mut self, job: &SiteJob) -> SiteAnswer {
        self.enlisted.push(job.clone());
        match job {
            SiteJob::Enlist { .. } if self.blocked => SiteAnswer::Blocked,
            SiteJob::Enlist { .. } | SiteJob::Delist | SiteJob::Unlist | SiteJob::Block { .. } => {
                SiteAnswer::Done
            }
            SiteJob::Choose { candidates, .. } => SiteAnswer::Chosen {
                agent: candidates[0].clone(),
            },
            SiteJob::FindTopic { word } => match self.settings.find_topic(word) {
                Some(topic) => SiteAnswer::Topic(Box::new(self.settings.plan(DEFAULT_SITE, topic, None))),
                None => SiteAnswer::NoTopic {
                    known: self
                        .settings
                        .topics
                        .iter()
                        .map(|topic| topic.id.as_str().into())
                        .collect(),
                },
            },
            SiteJob::StandingThread { gone, .. } => {
                let thread = if gone.is_some() { "standing-2" } else { "standing" };
                SiteAnswer::Thread(ThreadRef(thread.into()))
            }
        }
    }
}

fn name_of(address: &str) -> String {
    let (name, _) = address.split_once('@').unwrap_or((address, ""));
    name[..1].to_uppercase() + &name[1..]
}
