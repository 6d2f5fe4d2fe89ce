//! Calls to the Webex REST API with the token of one of our accounts.

use super::wire::{List, Person};
use crate::{
    calls::accounts::{self, Account, Tokens},
    config,
    platform::http::{self, Call, NoReply, Payload, Reply},
};
use serde::{Serialize, de::DeserializeOwned};
use shared::conversation::Failure;
use std::time::Duration;
use web_sys::ReadableStream;
use worker::{Env, Method, Result, console_error, console_warn};

const TIMEOUT: Duration = Duration::from_secs(10);
/// With a file's bytes in it.
const FILE_TIMEOUT: Duration = Duration::from_secs(60);
/// When Webex asks to slow down without saying for how long.
const SLOW_DOWN: Duration = Duration::from_secs(30);
/// A list that is longer is not read to its end, which is an error: what was not found may be in the rest.
const MAX_PAGES: usize = 50;

pub(crate) struct Api<'a> {
    pub(super) env: &'a Env,
    tokens: &'a Tokens,
    url: String,
    /// Which of the integration's accounts reads, and writes for the visitor.
    pub(super) number: usize,
}

/// An answer that is not 2xx, or none.
pub(super) struct Trouble {
    pub(super) failure: Failure,
    pub(super) status: u16,
}

impl Trouble {
    pub(super) const NO_ANSWER: u16 = 0;

    /// Nobody knows whether the call was carried out.
    pub(super) fn no_answer() -> Self {
        Self {
            failure: Failure::Passing { retry_after: None },
            status: Self::NO_ANSWER,
        }
    }

    /// The call was not made.
    fn not_sent() -> Self {
        Self {
            failure: Failure::NotDone { retry_after: None },
            status: Self::NO_ANSWER,
        }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        trouble.failure
    }
}

impl<'a> Api<'a> {
    pub(crate) fn new(env: &'a Env, tokens: &'a Tokens, number: usize) -> Result<Self> {
        let url = config::variable(env, "WEBEX_URL")?;
        Ok(Self {
            env,
            tokens,
            url,
            number,
        })
    }

    /// By another one of the integration's accounts.
    pub(super) fn by(&self, number: usize) -> Self {
        Self {
            url: self.url.clone(),
            number,
            ..*self
        }
    }

    pub(super) fn us(&self) -> Account {
        Account::Desk(self.number)
    }

    /// Of a path below the API's address, or of a next page.
    fn address(&self, path: &str) -> String {
        let path = path.strip_prefix(&self.url).unwrap_or(path);
        format!("{}{path}", self.url)
    }

    fn is_ours(&self, address: &str) -> bool {
        address
            .strip_prefix(&self.url)
            .is_some_and(|path| path.starts_with('/'))
    }

    /// Page after page, as long as `more` wants it.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        mut more: impl FnMut(T) -> bool,
    ) -> Result<(), Trouble> {
        let mut path = path.to_owned();
        for _ in 0..MAX_PAGES {
            let reply = self.call(self.us(), Method::Get, &path, Payload::None).await?;
            let page: List<T> = parse(&reply)?;
            if !page.items.into_iter().all(&mut more) {
                return Ok(());
            }
            match reply.next() {
                Some(next) if self.is_ours(&next) => path = next,
                None => return Ok(()),
                // The token must not travel to another host.
                Some(_) => break,
            }
        }
        console_warn!("webex: a list was cut off");
        Err(Trouble::no_answer())
    }

    /// The account's own id, asked for once.
    pub(super) async fn own_id(&self, account: Account) -> Result<String, Trouble> {
        if let Some(id) = accounts::own_id(account) {
            return Ok(id);
        }
        let me: Person = self.get(account, "/people/me").await?;
        accounts::learn_own_id(account, &me.id);
        Ok(me.id)
    }

    pub(crate) async fn display_name(&self, person: &str) -> Option<String> {
        let found: Result<Person, _> = self.get(self.us(), &format!("/people/{person}")).await;
        found.ok().map(|person| person.display_name)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, account: Account, path: &str) -> Result<T, Trouble> {
        parse(&self.call(account, Method::Get, path, Payload::None).await?)
    }

    pub(super) async fn post_json<T: DeserializeOwned>(
        &self,
        account: Account,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Trouble> {
        self.send_json(account, Method::Post, path, body).await
    }

    pub(super) async fn send_json<T: DeserializeOwned>(
        &self,
        account: Account,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Trouble> {
        let body = serde_json::to_string(body).map_err(|_| Trouble::not_sent())?;
        parse(&self.call(account, method, path, Payload::Json(body)).await?)
    }

    pub(super) async fn call(
        &self,
        account: Account,
        method: Method,
        path: &str,
        payload: Payload,
    ) -> Result<Reply, Trouble> {
        let timeout = match &payload {
            Payload::Stream(_) => FILE_TIMEOUT,
            Payload::None | Payload::Json(_) | Payload::Form(_) => TIMEOUT,
        };
        let send = async |call| http::send(call, timeout).await;
        self.exchange(account, method, path, payload, send).await
    }

    /// A file by its address, its bytes unread.
    pub(crate) async fn content(
        &self,
        source: &str,
        largest: usize,
    ) -> Result<Reply<Option<ReadableStream>>, Failure> {
        let path = content_path(source);
        let send = async |call| http::open(call, FILE_TIMEOUT, largest).await;
        let exchange = self.exchange(self.us(), Method::Get, &path, Payload::None, send);
        exchange.await.map_err(gone_if_404)
    }

    /// One call; a token that is refused is replaced once.
    async fn exchange<B>(
        &self,
        account: Account,
        method: Method,
        path: &str,
        payload: Payload,
        send: impl AsyncFn(Call) -> Result<Reply<B>, NoReply>,
    ) -> Result<Reply<B>, Trouble> {
        let send = async |token| {
            let call = Call {
                method: method.clone(),
                url: self.address(path),
                bearer: Some(token),
                payload: payload.clone(),
            };
            send(call).await
        };
        let reply = match account {
            Account::DeskBot => match config::variable(self.env, "WEBEX_BOT_TOKEN") {
                Ok(token) => Ok(send(token).await),
                Err(error) => Err(error),
            },
            Account::Desk(_) | Account::Bot => self.tokens.authorize(self.env, account, send).await,
        };
        let reply = reply.map_err(|error| {
            match account {
                Account::DeskBot => console_error!("no token by WEBEX_BOT_TOKEN: {error}"),
                Account::Desk(number) => {
                    console_error!("no token by WEBEX_REFRESH_TOKEN, account {}: {error}", number + 1)
                }
                Account::Bot => {}
            }
            no_token(account)
        })?;
        let reply = reply.map_err(|error| {
            console_warn!("webex: {error}");
            Trouble::no_answer()
        })?;
        match reply.status {
            200..=299 => Ok(reply),
            // This token is what the operator has set; there is no other.
            401 if account == Account::DeskBot => {
                console_error!("webex refuses WEBEX_BOT_TOKEN");
                Err(no_token(account))
            }
            status => {
                console_warn!("webex: status {status}");
                let trouble = trouble(&reply);
                if let Failure::NotDone {
                    retry_after: Some(wait),
                } = trouble.failure
                {
                    accounts::learn_busy(account, wait);
                }
                Err(trouble)
            }
        }
    }
}

/// Files come under several names of the same host; the id is what counts.
pub(super) fn content_path(source: &str) -> String {
    let id = source.rsplit('/').next().unwrap_or_default();
    format!("/contents/{id}")
}

/// Without its bot's account a conversation goes on by the integration's; without that one it waits.
fn no_token(account: Account) -> Trouble {
    match account {
        Account::DeskBot => Trouble {
            failure: Failure::Refused,
            status: 401,
        },
        Account::Desk(_) | Account::Bot => Trouble::not_sent(),
    }
}

fn trouble<B>(reply: &Reply<B>) -> Trouble {
    let failure = match reply.status {
        429 => Failure::NotDone {
            retry_after: Some(reply.retry_after().unwrap_or(SLOW_DOWN)),
        },
        400 | 403 | 405 | 409 | 410 | 413 | 415 | 428 => Failure::Refused,
        _ => Failure::Passing {
            retry_after: reply.retry_after(),
        },
    };
    Trouble {
        failure,
        status: reply.status,
    }
}

/// Not to be found, or we are not a member any more: either way there is nothing to talk to.
pub(super) fn gone_if_404(trouble: Trouble) -> Failure {
    if trouble.status == 404 {
        Failure::ThreadGone
    } else {
        trouble.failure
    }
}

/// A 2xx answer that cannot be read may have been carried out: like no answer.
pub(super) fn parse<T: DeserializeOwned>(reply: &Reply) -> Result<T, Trouble> {
    serde_json::from_str(&reply.body).map_err(|_| Trouble::no_answer())
}
