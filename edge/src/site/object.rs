//! One object a site: the shell round what [`super`] stores.

use super::{list::List, tick::Tick, versions::Versions};
use crate::{
    calls::site::{FindCall, SiteCall},
    desk::Kind,
    platform::{error::ApiError, now},
};
use futures_util::future::join_all;
use shared::{
    conversation::SiteJob,
    time::{Timestamp, back_off},
};
use std::time::Duration;
use worker::{
    Delay, DurableObject, Env, Request, Response, Result, ScheduledTime, State, Storage, console_error,
    durable_object, js_sys, wasm_bindgen::JsValue,
};

const AFTER_ERROR: Duration = Duration::from_secs(30);
/// Before another one is set, at first.
const AFTER_ALARM: Duration = Duration::from_secs(1);
/// The platform allows an alarm fifteen minutes.
const LONGEST_ALARM: Duration = Duration::from_secs(12 * 60);

#[durable_object]
pub struct SiteDo {
    versions: Versions,
    list: List,
    /// One an account at each desk.
    ticks: Vec<Tick>,
    storage: Storage,
}

impl DurableObject for SiteDo {
    fn new(state: State, env: Env) -> Self {
        let of_desk = |desk: Kind| (0..desk.accounts(&env)).map(move |account| Tick::new(desk, account));
        Self {
            ticks: Kind::ALL.into_iter().flat_map(of_desk).collect(),
            versions: Versions::new(&state, env.clone()),
            list: List::new(&state, env),
            storage: state.storage(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let answer = match parts.as_slice() {
            [site, "settings", rest @ ..] => self.versions.route(site, rest, &mut request).await,
            [site, "list"] => self.answer(site, &mut request).await,
            [_, "thread"] => self.find(&mut request).await,
            _ => Err(ApiError::NotFound),
        };
        answer.or_else(ApiError::response)
    }

    async fn alarm(&self) -> Result<Response> {
        // An account whose calls hang does not hold up the others.
        let looks = self.ticks.iter().map(async |tick| {
            tick.run(&self.list).await.unwrap_or_else(|error| {
                console_error!("regular look: {error}");
                Some(now() + AFTER_ERROR)
            })
        });
        let mut next = join_all(looks).await.into_iter().flatten().min();
        if let Err(error) = self.versions.publish().await {
            console_error!("settings not published: {error}");
            next = next.into_iter().chain([now() + AFTER_ERROR]).min();
        }
        if let Some(next) = next {
            self.surely_look_no_later_than(next).await?;
        }
        Response::empty()
    }
}

impl SiteDo {
    async fn answer(&self, site: &str, request: &mut Request) -> Result<Response, ApiError> {
        let call: SiteCall = serde_json::from_str(&request.text().await?).map_err(worker::Error::from)?;
        let next = match &call.job {
            SiteJob::Enlist { watch, .. } => {
                let desk = Kind::of(call.desk.as_deref())?;
                let account = desk.account_of(call.thread.as_ref());
                let tick = self
                    .ticks
                    .iter()
                    .find(|tick| tick.desk == desk && tick.account == account);
                tick.map(|tick| tick.enlisted(&self.list, watch.as_ref(), call.thread.is_some()))
            }
            SiteJob::Delist
            | SiteJob::Unlist
            | SiteJob::Choose { .. }
            | SiteJob::FindTopic { .. }
            | SiteJob::Block { .. }
            | SiteJob::StandingThread { .. } => None,
        };
        self.list.learn_name(site)?;
        let answer = self.list.answer(site, call).await?;
        if let Some(next) = next {
            self.look_no_later_than(next).await?;
        }
        Ok(Response::from_json(&answer)?)
    }

    async fn find(&self, request: &mut Request) -> Result<Response, ApiError> {
        let call: FindCall = serde_json::from_str(&request.text().await?).map_err(worker::Error::from)?;
        Ok(Response::from_json(&self.list.find(&call)?)?)
    }

    async fn look_no_later_than(&self, at: Timestamp) -> Result<()> {
        if self.storage.get_alarm().await?.is_none_or(|set| set > at.0) {
            self.look_at(at).await?;
        }
        Ok(())
    }

    /// While nothing can be stored, no alarm can be set either, and the platform gives up on one that has failed a few times:
    /// this one stays and tries, as long as an alarm may take. Then the platform rings it anew.
    async fn surely_look_no_later_than(&self, at: Timestamp) -> Result<()> {
        let began = now();
        for failures in 0.. {
            let Err(error) = self.look_no_later_than(at).await else {
                break;
            };
            console_error!("alarm of the site: {error}");
            let wait = back_off(AFTER_ALARM, AFTER_ERROR, failures, js_sys::Math::random());
            if now().since(began) + wait > LONGEST_ALARM {
                return Err(error);
            }
            Delay::from(wait).await;
        }
        Ok(())
    }

    async fn look_at(&self, at: Timestamp) -> Result<()> {
        let at = js_sys::Date::new(&JsValue::from_f64(at.0 as f64));
        self.storage.set_alarm(ScheduledTime::new(at)).await
    }
}
