//! A conversation's rows: one snapshot, and one row an entry of the transcript.
//!
//! Everything here is synchronous, so nothing can come between reading and writing.

mod files;

pub(crate) use files::{Content, Parts, StoredFile, readable};

use serde::Deserialize;
use shared::{
    conversation::{Conversation, DeskRef, Effect, FileOrigin, Found},
    message::{Entry, Seq},
    protocol::PAGE,
};
use worker::{
    Error, Result, SqlStorage, SqlStorageValue, State, Storage,
    js_sys::{Function, Reflect},
    wasm_bindgen::{JsCast, JsValue, closure::Closure},
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS conversation (
        only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL, request TEXT NOT NULL, snapshot TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS transcript (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL, source TEXT);
    CREATE INDEX IF NOT EXISTS source ON transcript (source) WHERE source IS NOT NULL;
    CREATE TABLE IF NOT EXISTS file (
        number INTEGER, part INTEGER, name TEXT, source TEXT, bytes BLOB, PRIMARY KEY (number, part)
    );";

type Write = (&'static str, Vec<SqlStorageValue>);

/// What is stored of the conversation whose object this is.
pub(crate) struct Store {
    storage: Storage,
    sql: SqlStorage,
}

#[derive(Deserialize)]
struct ConversationRow {
    id: String,
    request: String,
    snapshot: String,
}

#[derive(Deserialize)]
struct TranscriptRow {
    entry: String,
    source: Option<String>,
}

/// By one turn.
pub(crate) enum Written {
    Nothing,
    Rows,
}

pub(crate) struct Stored {
    pub(crate) id: String,
    /// What the visitor started it with, to tell a repeat from a reuse of the key.
    pub(crate) request: String,
    pub(crate) conversation: Conversation,
}

impl Store {
    pub(crate) fn new(state: &State) -> Self {
        let storage = state.storage();
        let sql = storage.sql();
        Self { storage, sql }
    }

    pub(crate) fn load(&self) -> Result<Option<Stored>> {
        let tables = self
            .sql
            .exec("SELECT name FROM sqlite_schema WHERE name = 'conversation'", None)?;
        if tables.to_array::<serde::de::IgnoredAny>()?.is_empty() {
            return Ok(None);
        }
        // What an older version made lacks the newer tables.
        self.sql.exec(SCHEMA, None)?;
        let rows: Vec<ConversationRow> = self
            .sql
            .exec("SELECT id, request, snapshot FROM conversation", None)?
            .to_array()?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(None);
        };
        let snapshot: Conversation = decode(&row.snapshot)?;
        let tail = self
            .rows_after(snapshot.stored_through(), PAGE)?
            .into_iter()
            .map(|row| Ok((decode(&row.entry)?, row.source.map(DeskRef))))
            .collect::<Result<_>>()?;
        Ok(Some(Stored {
            id: row.id,
            request: row.request,
            conversation: snapshot.restore(tail),
        }))
    }

    /// The first turn, with what it stores.
    pub(crate) fn create(&self, stored: &Stored, effects: &[Effect]) -> Result<()> {
        self.sql.exec(SCHEMA, None)?;
        let values = vec![
            stored.id.as_str().into(),
            stored.request.as_str().into(),
            encode(&stored.conversation)?.into(),
        ];
        let mut writes = vec![("INSERT INTO conversation VALUES (1, ?, ?, ?)", values)];
        writes.extend(self.writes(&stored.conversation, effects)?);
        self.transaction(writes)
    }

    /// Carries out the storing effects of one turn: all of them, or none.
    pub(crate) fn persist(&self, conversation: &Conversation, effects: &[Effect]) -> Result<Written> {
        let writes = self.writes(conversation, effects)?;
        match writes.len() {
            0 => return Ok(Written::Nothing),
            1 => write(&self.sql, writes)?,
            _ => self.transaction(writes)?,
        }
        Ok(Written::Rows)
    }

    fn writes(&self, conversation: &Conversation, effects: &[Effect]) -> Result<Vec<Write>> {
        let mut writes = vec![];
        for effect in effects {
            match effect {
                Effect::Save => {
                    writes.push((
                        "UPDATE conversation SET snapshot = ?",
                        vec![encode(conversation)?.into()],
                    ));
                }
                Effect::Append { entry, source } => {
                    let source = source.as_ref().map(|source| source.0.clone());
                    let values = vec![
                        i64::from(entry.seq.0).into(),
                        encode(entry)?.into(),
                        source.into(),
                    ];
                    writes.push(("INSERT INTO transcript VALUES (?, ?, ?)", values));
                }
                Effect::KeepFile { number, name, origin } => {
                    let (number, name) = (i64::from(*number).into(), name.as_str().into());
                    writes.push(match origin {
                        FileOrigin::Upload => (
                            "UPDATE file SET number = ?, name = ? WHERE number = 0",
                            vec![number, name],
                        ),
                        FileOrigin::Desk(source) => (
                            "INSERT INTO file VALUES (?, 0, ?, ?, NULL)",
                            vec![number, name, source.as_str().into()],
                        ),
                    });
                }
                Effect::EraseTranscript => {
                    writes.push(("DELETE FROM transcript", vec![]));
                    writes.push(("DELETE FROM file", vec![]));
                    // What the visitor wrote into the form.
                    writes.push(("UPDATE conversation SET request = ''", vec![]));
                }
                Effect::Erase => writes.push(("DELETE FROM conversation", vec![])),
                Effect::Send { .. } | Effect::Replay { .. } | Effect::Desk { .. } | Effect::AskBot { .. } => {
                }
            }
        }
        Ok(writes)
    }

    /// Whether the transcript has this message of the desk. A signal may come again however late.
    pub(crate) fn is_known(&self, message: &DeskRef) -> Result<bool> {
        let found = self.sql.exec(
            "SELECT 1 FROM transcript WHERE source = ?",
            vec![message.0.as_str().into()],
        )?;
        Ok(!found.to_array::<serde::de::IgnoredAny>()?.is_empty())
    }

    /// Which of these messages of the desk the transcript does not have.
    pub(crate) fn unknown(&self, messages: Vec<Found>) -> Result<Vec<Found>> {
        let mut unknown = vec![];
        for message in messages {
            if !self.is_known(&message.source)? {
                unknown.push(message);
            }
        }
        Ok(unknown)
    }

    /// workers-rs has no binding for `transactionSync` yet; its `transaction` is asynchronous.
    fn transaction(&self, writes: Vec<Write>) -> Result<()> {
        let storage: &JsValue = self.storage.as_raw().as_ref();
        let function: Function = Reflect::get(storage, &"transactionSync".into())?.dyn_into()?;
        let sql = self.sql.clone();
        let work = Closure::once_into_js(move || write(&sql, writes).map_err(JsValue::from));
        function.call1(storage, &work)?;
        Ok(())
    }

    /// At most [`PAGE`] entries after the cursor.
    pub(crate) fn entries_after(&self, after: Seq) -> Result<Vec<Entry>> {
        self.rows_after(after, PAGE)?
            .iter()
            .map(|row| decode(&row.entry))
            .collect()
    }

    fn rows_after(&self, after: Seq, limit: usize) -> Result<Vec<TranscriptRow>> {
        let values = vec![
            i64::from(after.0).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ];
        self.sql
            .exec(
                "SELECT entry, source FROM transcript WHERE seq > ? ORDER BY seq LIMIT ?",
                values,
            )?
            .to_array()
    }
}

fn write(sql: &SqlStorage, writes: Vec<Write>) -> Result<()> {
    for (statement, values) in writes {
        sql.exec(statement, values)?;
    }
    Ok(())
}

fn encode<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::from)
}

fn decode<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Error::from)
}
