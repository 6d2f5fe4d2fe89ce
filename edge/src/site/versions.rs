//! A site's settings: every version that was ever saved. These rows are the truth; KV has a copy of the newest
//! for the worker, which reads it without asking this object.

use crate::{
    calls::site::Save,
    platform::{error::ApiError, now},
    settings::{self, BUILT_IN},
};
use futures_util::lock::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::{settings::DEFAULT_SITE, time::Timestamp};
use std::time::Duration;
use worker::{Env, Method, Request, Response, Result, SqlStorage, State, Storage, console_error};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS version (
        number INTEGER PRIMARY KEY, document TEXT NOT NULL, saved_by TEXT NOT NULL, saved_at INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS published (
        only INTEGER PRIMARY KEY CHECK (only = 1), site TEXT NOT NULL, number INTEGER NOT NULL
    );";
/// Between two attempts to publish.
const RETRY: Duration = Duration::from_secs(10);

pub(crate) struct Versions {
    storage: Storage,
    sql: SqlStorage,
    env: Env,
    /// Held while KV is written, or an older document could arrive there after a newer one.
    publishing: Mutex<()>,
}

#[derive(Serialize)]
struct Saved {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    version: u32,
    saved_by: String,
    saved_at: Timestamp,
}

#[derive(Deserialize)]
struct Row {
    document: String,
    saved_by: String,
    saved_at: Timestamp,
}

#[derive(Serialize)]
struct Version<'a> {
    version: u32,
    saved_by: &'a str,
    saved_at: Timestamp,
    document: &'a RawValue,
}

#[derive(Deserialize)]
struct Due {
    site: String,
    number: u32,
    document: String,
}

impl Versions {
    pub(crate) fn new(state: &State, env: Env) -> Self {
        let storage = state.storage();
        let sql = storage.sql();
        if let Err(error) = sql.exec(SCHEMA, None) {
            console_error!("tables of settings: {error}");
        }
        Self {
            storage,
            sql,
            env,
            publishing: Mutex::default(),
        }
    }

    pub(crate) async fn route(
        &self,
        site: &str,
        rest: &[&str],
        request: &mut Request,
    ) -> Result<Response, ApiError> {
        match (request.method(), rest) {
            (Method::Get, []) => self.read(site, self.newest()?),
            (Method::Get, ["versions"]) => self.list(site),
            (Method::Get, ["versions", number]) => {
                let number = number.parse().map_err(|_| ApiError::UnknownVersion)?;
                self.read(site, number)
            }
            (Method::Put, []) => {
                let text = request.text().await?;
                let save = serde_json::from_str(&text).map_err(worker::Error::from)?;
                self.save(site, save).await
            }
            _ => Err(ApiError::NotFound),
        }
    }

    /// 0: nothing has been saved.
    fn newest(&self) -> Result<u32> {
        #[derive(Deserialize)]
        struct Newest {
            number: Option<u32>,
        }
        let newest: Newest = self
            .sql
            .exec("SELECT max(number) AS number FROM version", None)?
            .one()?;
        Ok(newest.number.unwrap_or_default())
    }

    fn read(&self, site: &str, version: u32) -> Result<Response, ApiError> {
        let statement = "SELECT document, saved_by, saved_at FROM version WHERE number = ?";
        let values = vec![i64::from(version).into()];
        let rows: Vec<Row> = self.sql.exec(statement, values)?.to_array()?;
        let (document, saved_by, saved_at) = match rows.first() {
            Some(row) => (row.document.as_str(), row.saved_by.as_str(), row.saved_at),
            None if version == 0 && site == DEFAULT_SITE => (BUILT_IN, "built-in", Timestamp(0)),
            None if self.newest()? == 0 && site != DEFAULT_SITE => return Err(ApiError::UnknownSite),
            None => return Err(ApiError::UnknownVersion),
        };
        Ok(Response::from_json(&Version {
            version,
            saved_by,
            saved_at,
            document: serde_json::from_str(document).map_err(worker::Error::from)?,
        })?)
    }

    fn list(&self, site: &str) -> Result<Response, ApiError> {
        let statement = "SELECT number AS version, saved_by, saved_at FROM version ORDER BY number DESC";
        let versions: Vec<Listed> = self.sql.exec(statement, None)?.to_array()?;
        if versions.is_empty() && site != DEFAULT_SITE {
            return Err(ApiError::UnknownSite);
        }
        Ok(Response::from_json(&versions)?)
    }

    async fn save(&self, site: &str, save: Save) -> Result<Response, ApiError> {
        let newest = self.newest()?;
        if save.base.is_some_and(|base| base != newest) {
            return Err(ApiError::VersionConflict);
        }
        let version = newest + 1;
        let statement = "INSERT INTO published VALUES (1, ?, 0) ON CONFLICT DO NOTHING";
        self.sql.exec(statement, vec![site.into()])?;
        let values = vec![
            i64::from(version).into(),
            save.document.get().into(),
            save.saved_by.into(),
            now().0.into(),
        ];
        self.sql.exec("INSERT INTO version VALUES (?, ?, ?, ?)", values)?;
        // Stored together with the version: should the object die now, the alarm publishes.
        self.storage.set_alarm(RETRY).await?;
        if let Err(error) = self.publish().await {
            console_error!("settings of {site}: {error}");
        }
        Ok(Response::from_json(&Saved { version })?)
    }

    /// Brings KV up to date if it is not. Where that fails, the alarm tries again.
    pub(crate) async fn publish(&self) -> Result<()> {
        let _alone = self.publishing.lock().await;
        let statement = "SELECT site, version.number, document FROM version, published
            WHERE version.number > published.number ORDER BY version.number DESC LIMIT 1";
        let due: Vec<Due> = self.sql.exec(statement, None)?.to_array()?;
        let Some(due) = due.into_iter().next() else {
            return Ok(());
        };
        let put = async {
            let kv = self.env.kv("SETTINGS")?;
            kv.put(&settings::copy_key(&due.site), due.document)?
                .execute()
                .await?;
            Ok::<_, worker::Error>(())
        };
        if let Err(error) = put.await {
            console_error!("settings of {} are not published yet: {error}", due.site);
            return self.storage.set_alarm(RETRY).await;
        }
        self.sql.exec(
            "UPDATE published SET number = ?",
            vec![i64::from(due.number).into()],
        )?;
        Ok(())
    }
}
