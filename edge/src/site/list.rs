//! The site's conversations, and what they ask of the site: whose turn it is, who is blocked, where messages are left.

use crate::{
    calls::accounts::Tokens,
    calls::site::{FindAnswer, FindCall, SiteCall},
    config,
    desk::{Desk, Kind},
    platform::{error::ApiError, now},
};
use futures_util::lock::Mutex;
use serde::{Deserialize, de::IgnoredAny};
use shared::{
    conversation::{Failure, SiteAnswer, SiteJob, ThreadRef, WatchRef},
    time::Timestamp,
};
use std::time::Duration;
use worker::{Env, Result, SqlStorage, SqlStorageValue, State, console_error, console_warn};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS conversation (
        id TEXT PRIMARY KEY, mark TEXT NOT NULL, thread TEXT, watch TEXT, live INTEGER NOT NULL, activity TEXT,
        read TEXT, read_at INTEGER, desk TEXT
    );
    CREATE INDEX IF NOT EXISTS thread ON conversation (thread) WHERE live = 1;
    CREATE INDEX IF NOT EXISTS live ON conversation (live) WHERE live = 1;
    CREATE TABLE IF NOT EXISTS blocked (mark TEXT PRIMARY KEY, until INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS called (topic TEXT, agent TEXT, turn INTEGER NOT NULL, PRIMARY KEY (topic, agent));
    CREATE TABLE IF NOT EXISTS standing (topic TEXT PRIMARY KEY, thread TEXT NOT NULL, people TEXT);
    CREATE TABLE IF NOT EXISTS site (name TEXT PRIMARY KEY);";

/// What the tables of earlier versions lack, each by its last column.
const ADDED: [(&str, &str, &str); 3] = [
    (
        "conversation",
        "read_at",
        "ALTER TABLE conversation ADD COLUMN read TEXT; ALTER TABLE conversation ADD COLUMN read_at INTEGER;",
    ),
    (
        "conversation",
        "desk",
        "ALTER TABLE conversation ADD COLUMN desk TEXT;",
    ),
    (
        "standing",
        "people",
        "ALTER TABLE standing ADD COLUMN people TEXT;",
    ),
];

const BLOCKED_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

pub(crate) struct List {
    sql: SqlStorage,
    env: Env,
    tokens: Tokens,
    /// Held while a standing room is opened, so that two messages open one.
    opening: Mutex<()>,
}

/// Where a topic's messages are left.
struct StandingRoom {
    desk: Kind,
    topic_id: String,
    topic: String,
    reference: String,
    participants: Vec<String>,
}

impl StandingRoom {
    /// By which it is stored: a topic that has moved to another desk gets another one.
    fn key(&self) -> String {
        if self.desk == Kind::DEFAULT {
            self.topic_id.clone()
        } else {
            [self.desk.name(), "/", &self.topic_id].concat()
        }
    }
}

/// A conversation under way that has a thread.
#[derive(Deserialize)]
pub(super) struct Live {
    pub(super) id: String,
    pub(super) thread: ThreadRef,
    pub(super) watch: Option<String>,
    /// When something was last written in its thread, by the desk's clock, as the conversation has been told.
    pub(super) activity: Option<Timestamp>,
    /// Through what time all in its thread has been read, and when it was told to.
    pub(super) read: Option<Timestamp>,
    pub(super) read_at: Option<Timestamp>,
}

impl List {
    pub(crate) fn new(state: &State, env: Env) -> Self {
        let sql = state.storage().sql();
        if let Err(error) = sql.exec(SCHEMA, None).and_then(|_| complete(&sql)) {
            console_error!("list of conversations: {error}");
        }
        Self {
            sql,
            env,
            tokens: Tokens::default(),
            opening: Mutex::default(),
        }
    }

    pub(super) fn env(&self) -> &Env {
        &self.env
    }

    pub(super) fn desk(&self, kind: Kind, account: usize) -> Result<Desk<'_>> {
        Desk::new(kind, &self.env, &self.tokens, account)
    }

    pub(crate) async fn answer(&self, site: &str, call: SiteCall) -> Result<SiteAnswer, ApiError> {
        let id = call.conversation.as_str();
        let desk = Kind::of(call.desk.as_deref())?;
        match call.job {
            SiteJob::Enlist { visitor_hash, watch } => {
                self.enlist(id, &visitor_hash, desk, call.thread, watch)
            }
            SiteJob::Delist | SiteJob::Unlist => {
                self.unlist(id)?;
                Ok(SiteAnswer::Done)
            }
            SiteJob::Block { visitor_hash } => {
                let until = (now() + BLOCKED_FOR).0;
                self.write(
                    "INSERT OR REPLACE INTO blocked VALUES (?, ?)",
                    vec![visitor_hash.into(), until.into()],
                )?;
                Ok(SiteAnswer::Done)
            }
            SiteJob::Choose { topic, candidates } => self.choose(desk, &topic, candidates).await,
            SiteJob::StandingThread {
                topic_id,
                topic,
                participants,
                gone,
            } => {
                let reference = config::master_key(&self.env)?.standing_reference(site, &topic_id);
                let room = StandingRoom {
                    desk,
                    topic_id,
                    topic,
                    reference,
                    participants,
                };
                self.standing(room, gone).await
            }
            // The settings know; see `effects`.
            SiteJob::FindTopic { .. } => Err(ApiError::BadBody),
        }
    }

    fn enlist(
        &self,
        id: &str,
        visitor_hash: &str,
        desk: Kind,
        thread: Option<ThreadRef>,
        watch: Option<WatchRef>,
    ) -> Result<SiteAnswer, ApiError> {
        self.write("DELETE FROM blocked WHERE until <= ?", vec![now().0.into()])?;
        // Who is served already goes on being served.
        let is_start = thread.is_none();
        let blocked: Vec<IgnoredAny> = self
            .sql
            .exec("SELECT 1 FROM blocked WHERE mark = ?", vec![visitor_hash.into()])?
            .to_array()?;
        if is_start && !blocked.is_empty() {
            return Ok(SiteAnswer::Blocked);
        }
        let values = vec![
            id.into(),
            thread.map(|thread| thread.0).into(),
            watch.map(|watch| watch.0).into(),
            // It has just read its thread itself.
            now().0.into(),
            desk.name().into(),
        ];
        self.write(
            "INSERT OR REPLACE INTO conversation (id, mark, thread, watch, live, read_at, desk) VALUES (?, '', ?, ?, 1, ?, ?)",
            values,
        )?;
        Ok(SiteAnswer::Done)
    }

    /// Those whom presence calls available, else everybody; among them whoever has not been called for longest.
    async fn choose(&self, desk: Kind, topic: &str, candidates: Vec<String>) -> Result<SiteAnswer, ApiError> {
        #[derive(Deserialize)]
        struct Row {
            agent: String,
        }
        let available = match self.desk(desk, 0)?.available(&candidates).await {
            Some(available) if !available.is_empty() => available,
            Some(_) | None => candidates.clone(),
        };
        let rows: Vec<Row> = self
            .sql
            .exec(
                "SELECT agent FROM called WHERE topic = ? ORDER BY turn",
                vec![topic.into()],
            )?
            .to_array()?;
        let called: Vec<String> = rows.into_iter().map(|row| row.agent).collect();
        let agent = longest_ago(&called, &available).to_owned();
        self.write(
            "INSERT OR REPLACE INTO called SELECT ?1, ?2, 1 + coalesce(max(turn), 0) FROM called WHERE topic = ?1",
            vec![topic.into(), agent.as_str().into()],
        )?;
        Ok(SiteAnswer::Chosen { agent })
    }

    async fn standing(&self, room: StandingRoom, gone: Option<ThreadRef>) -> Result<SiteAnswer, ApiError> {
        #[derive(Deserialize)]
        struct Row {
            thread: ThreadRef,
            /// Those who were to be in it.
            people: Option<String>,
        }
        let _opening = self.opening.lock().await;
        let statement = "SELECT thread, people FROM standing WHERE topic = ?";
        let rows: Vec<Row> = self.sql.exec(statement, vec![room.key().into()])?.to_array()?;
        let is_useful =
            |row: &Row| Some(&row.thread) != gone.as_ref() && room.desk.has_account(&self.env, &row.thread);
        let known = rows.into_iter().find(is_useful);
        let (desk, wanted) = (self.desk(room.desk, 0)?, room.participants.join(" "));
        let prepared = match known {
            Some(row) if row.people.as_ref() == Some(&wanted) => return Ok(SiteAnswer::Thread(row.thread)),
            // The topic has other people now.
            Some(row) => match desk
                .complete_standing_thread(&row.thread, &room.participants)
                .await
            {
                // Posting there will tell.
                Err(Failure::ThreadGone | Failure::Refused) => return Ok(SiteAnswer::Thread(row.thread)),
                completed => completed.map(|()| row.thread),
            },
            None => {
                desk.open_standing_thread(&room.topic, &room.reference, &room.participants, gone.as_ref())
                    .await
            }
        };
        let thread = prepared.map_err(|failure| {
            console_warn!("standing room: {failure:?}");
            ApiError::Internal
        })?;
        let values = vec![room.key().into(), thread.0.as_str().into(), wanted.into()];
        self.write("INSERT OR REPLACE INTO standing VALUES (?, ?, ?)", values)?;
        Ok(SiteAnswer::Thread(thread))
    }

    /// At this desk, by this account.
    pub(super) fn live(&self, desk: Kind, account: usize) -> Result<Vec<Live>> {
        let mut live: Vec<Live> = self
            .sql
            .exec(
                "SELECT id, thread, watch, CAST(activity AS INTEGER) AS activity, CAST(read AS INTEGER) AS read, read_at
                 FROM conversation WHERE live = 1 AND thread IS NOT NULL AND coalesce(desk, ?) = ?",
                vec![Kind::DEFAULT.name().into(), desk.name().into()],
            )?
            .to_array()?;
        live.retain(|one| desk.account_of(Some(&one.thread)) == account);
        Ok(live)
    }

    /// Only those who ask it know the site's name; an alarm does not.
    pub(super) fn learn_name(&self, site: &str) -> Result<()> {
        self.write("INSERT OR IGNORE INTO site VALUES (?)", vec![site.into()])
    }

    /// `None`: nobody has asked yet.
    pub(super) fn name(&self) -> Result<Option<String>> {
        #[derive(Deserialize)]
        struct Row {
            name: String,
        }
        let rows: Vec<Row> = self.sql.exec("SELECT name FROM site", None)?.to_array()?;
        Ok(rows.into_iter().next().map(|row| row.name))
    }

    /// The conversation under way that has this thread.
    pub(super) fn find(&self, call: &FindCall) -> Result<FindAnswer> {
        #[derive(Deserialize)]
        struct Row {
            id: String,
        }
        let rows: Vec<Row> = self
            .sql
            .exec(
                "SELECT id FROM conversation WHERE thread = ? AND live = 1 AND coalesce(desk, ?) = ?",
                vec![
                    call.thread.0.as_str().into(),
                    Kind::DEFAULT.name().into(),
                    call.desk.as_str().into(),
                ],
            )?
            .to_array()?;
        let conversation = rows.into_iter().next().map(|row| row.id);
        Ok(FindAnswer { conversation })
    }

    /// It is over, or there is no such conversation any more.
    pub(super) fn unlist(&self, id: &str) -> Result<()> {
        self.write("DELETE FROM conversation WHERE id = ?", vec![id.into()])
    }

    /// It has been told of this activity.
    pub(super) fn told(&self, id: &str, activity: Timestamp) -> Result<()> {
        self.write(
            "UPDATE conversation SET activity = ? WHERE id = ?",
            vec![activity.0.into(), id.into()],
        )
    }

    /// It has been told to read its thread, whatever it knows of this activity.
    pub(super) fn told_to_read(&self, id: &str, activity: Timestamp) -> Result<()> {
        self.write(
            "UPDATE conversation SET activity = ?1, read = ?1, read_at = ?2 WHERE id = ?3",
            vec![activity.0.into(), now().0.into(), id.into()],
        )
    }

    fn write(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<()> {
        self.sql.exec(statement, values)?;
        Ok(())
    }
}

/// Earlier versions kept those that are over, and by which mark each visitor is known.
const FORGOTTEN: &str =
    "DELETE FROM conversation WHERE live = 0; UPDATE conversation SET mark = '' WHERE mark != ''";

fn complete(sql: &SqlStorage) -> Result<()> {
    sql.exec(FORGOTTEN, None)?;
    for (table, column, change) in ADDED {
        let statement = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?";
        let known: Vec<IgnoredAny> = sql
            .exec(statement, vec![table.into(), column.into()])?
            .to_array()?;
        if known.is_empty() {
            sql.exec(change, None)?;
        }
    }
    Ok(())
}

/// `called`: the latest last. Candidates are never none.
fn longest_ago<'a>(called: &[String], candidates: &'a [String]) -> &'a str {
    let turn = |one: &&String| called.iter().position(|agent| agent == *one);
    candidates.iter().min_by_key(turn).map_or("", String::as_str)
}
