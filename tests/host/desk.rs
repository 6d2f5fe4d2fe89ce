//! A desk and a site that do at once what they are asked, unless they are told to fail.

use crate::Stage;
use shared::{
    conversation::{
        DeskJob, DeskOutcome, DeskRef, Failure, Line, Participant, Post, SiteAnswer, SiteJob, ThreadRef,
        Voice, WatchRef,
    },
    settings::DEFAULT_SITE,
};

impl Stage {
    pub(crate) fn desk(&mut self, thread: Option<ThreadRef>, job: &DeskJob) -> Result<DeskOutcome, Failure> {
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
            DeskJob::OpenThread { .. } => Ok(DeskOutcome::ThreadOpened(ThreadRef("thread".into()))),
            DeskJob::AddParticipant(_) if std::mem::take(&mut self.refuses_to_add) => Err(Failure::Refused),
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
            DeskJob::Sweep { after } => {
                let mut found: Vec<DeskRef> = self
                    .written
                    .iter()
                    .map(|message| message.source.clone())
                    .collect();
                if let Some(at) = found.iter().position(|source| Some(source) == after.as_ref()) {
                    found.drain(..=at);
                }
                let newest = found.last().cloned();
                Ok(DeskOutcome::Swept { found, newest })
            }
            DeskJob::Watch | DeskJob::Rewatch(_) => {
                self.watched = true;
                Ok(DeskOutcome::Watching {
                    watch: WatchRef("watch".into()),
                    missed: vec![],
                })
            }
            DeskJob::Unwatch(_) => {
                self.watched = false;
                Ok(DeskOutcome::Unwatched)
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
                self.log.push(format!("  room < {line}"));
                self.room.push(line);
                self.posts += 1;
                Ok(DeskOutcome::Posted(Post {
                    message: DeskRef(format!("post-{}", self.posts)),
                    at: Some(self.now),
                }))
            }
            DeskJob::Read { message, .. } => Ok(DeskOutcome::Read(
                self.written
                    .iter()
                    .find(|written| written.source == *message)
                    .cloned(),
            )),
        }
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
            SiteJob::FindTopic { word } => match self.settings.topic(word) {
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
