//! Who may ask what. A request is checked here, without touching a conversation: only one that is well formed
//! and rightly signed wakes an object.

use super::{admin, assets, files, limit, page};
use crate::{
    calls::{
        conversation::{CLOSE_BAD_TOKEN, MAX_FRAME, SignalCall, StartCall, ask, stub},
        site::{self, FindAnswer, FindCall},
    },
    config,
    desk::{Kind, SomebodyLeft},
    keys::is_conversation_id,
    platform::{
        error::ApiError,
        now,
        request::{bounded, json},
    },
    settings,
};
use serde::Serialize;
use shared::{
    conversation::VisitorCard,
    form::{FieldKind, Form},
    pattern,
    protocol::{
        MAX_POLL_FRAMES, PollRequest, SUBPROTOCOL, StartAnswer, StartRequest, check_text, shown_address,
    },
    settings::Topic,
};
use std::time::Duration;
use worker::{
    Delay, Env, Headers, Method, Request, RequestInit, Response, ResponseBuilder, Result, WebSocketPair,
    js_sys::{self, Array, Function, Object, Reflect},
    wasm_bindgen::{JsCast, JsValue},
};

const SIGNAL_RETRIES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::ZERO,
];
/// A start has a form and a message in it, each of which has its own limit in characters, and two addresses.
const MAX_START: usize = 64 << 10;
const LONGEST_USER_AGENT: usize = 512;

pub(crate) async fn route(mut request: Request, env: &Env) -> Result<Response> {
    let path = request.path();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let answer = match (request.method(), parts.as_slice()) {
        (Method::Get | Method::Head, ["frame"]) => page::page(&request, env).await,
        (Method::Get | Method::Head, ["panel", _, "panel.js" | "panel.wasm"]) => {
            assets::panel(&request, env, &path).await
        }
        (Method::Get | Method::Head, ["v1", "sites", site]) => public_settings(env, site).await,
        (_, ["v1", "sites", site, "settings", rest @ ..]) => {
            admin::settings(&mut request, env, site, rest).await
        }
        (Method::Post, ["v1", "conversations"]) => start(&mut request, env).await,
        (Method::Delete, ["v1", "conversations", id]) => erase(&request, env, id).await,
        (Method::Post, ["v1", "conversations", id, "poll"]) => poll(&mut request, env, id).await,
        (Method::Get, ["v1", "conversations", id, "socket"]) => socket(request, env, id).await,
        (Method::Post, ["v1", "conversations", id, "files"]) => match is_visitor(&request, env, id) {
            Ok(()) => files::pass_on(&request, env, id).await,
            Err(error) => Err(error),
        },
        (Method::Post, ["v1", "conversations", id, "files", number]) => {
            is_visitor(&request, env, id).and_then(|()| files::link(&config::master_key(env)?, id, number))
        }
        (Method::Get, ["v1", "conversations", id, "files", number]) => {
            files::open(&request, env, id, number).await
        }
        (Method::Post, ["v1", "desk", desk, "sites", site]) => {
            site_signal(&mut request, env, desk, site).await
        }
        (Method::Post, ["v1", "desk", desk, id]) => desk_signal(&mut request, env, desk, id).await,
        (
            _,
            ["frame"]
            | ["v1", "sites", _]
            | ["v1", "conversations"]
            | ["v1", "conversations", _]
            | ["v1", "conversations", _, "poll" | "socket" | "files"]
            | ["v1", "conversations", _, "files", _]
            | ["v1", "desk", _, _]
            | ["v1", "desk", _, "sites", _],
        ) => Err(ApiError::MethodNotAllowed),
        _ => Err(ApiError::NotFound),
    };
    answer.or_else(ApiError::response)
}

async fn public_settings(env: &Env, site: &str) -> Result<Response, ApiError> {
    let settings = settings::of(env, site).await?;
    Ok(ResponseBuilder::new()
        .with_header("access-control-allow-origin", "*")?
        .with_header("cache-control", "max-age=30")?
        .from_json(&settings::public(&settings))?)
}

async fn start(request: &mut Request, env: &Env) -> Result<Response, ApiError> {
    same_origin(request)?;
    limit::start(request, env).await?;
    let start: StartRequest = json(request, MAX_START).await?;
    let is_key = |text: &str| {
        (22..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if !is_key(&start.key) {
        return Err(ApiError::BadStartKey);
    }
    let settings = settings::of(env, &start.site).await?;
    let topic = settings.topic(&start.topic).ok_or(ApiError::UnknownTopic)?;
    let form = match &start.message {
        Some(text) if check_text(text).is_err() => {
            return Err(ApiError::BadMessage);
        }
        Some(_) => settings.message_form(topic),
        None => settings.form(topic),
    };
    let form = form.cloned().unwrap_or(Form { fields: vec![] });
    let errors = form.check(&start.answers, pattern::matches);
    if !errors.is_empty() {
        return Err(ApiError::BadAnswers(errors));
    }
    let key = config::master_key(env)?;
    let id = key.conversation_id(&start.site, &start.key);
    let plan = settings.plan(&start.site, topic, settings::open(&settings, topic));
    let is_open = plan.is_open(now()) || settings.when_closed.lets_begin(topic.bot);
    let request_text = match &start.message {
        None => serde_json::to_string(&(&start.topic, &start.answers)),
        message => serde_json::to_string(&(&start.topic, &start.answers, message)),
    };
    let card = card(request, &start, topic, &form)?;
    let call = StartCall {
        id: id.clone(),
        request: request_text.map_err(worker::Error::from)?,
        visitor_hash: key.visitor_hash(&card.ip, &card.user_agent),
        card,
        closed: start.message.is_none() && !is_open,
        plan,
        message: start.message,
    };
    let answer = ask(env, &id, "/start", &call).await?;
    if answer.status_code() != 200 {
        return Ok(answer);
    }
    let token = key.visitor_token(&id);
    Ok(Response::from_json(&StartAnswer {
        conversation: id,
        token,
    })?)
}

async fn poll(request: &mut Request, env: &Env, id: &str) -> Result<Response, ApiError> {
    is_visitor(request, env, id)?;
    let poll: PollRequest = json(request, MAX_FRAME).await?;
    if poll.frames.len() > MAX_POLL_FRAMES {
        return Err(ApiError::TooManyFrames);
    }
    Ok(ask(env, id, "/poll", &poll).await?)
}

async fn erase(request: &Request, env: &Env, id: &str) -> Result<Response, ApiError> {
    is_visitor(request, env, id)?;
    Ok(ask(env, id, "/erase", &()).await?)
}

fn is_visitor(request: &Request, env: &Env, id: &str) -> Result<(), ApiError> {
    same_origin(request)?;
    let header = request.headers().get("authorization")?.unwrap_or_default();
    let token = header.strip_prefix("Bearer ").unwrap_or_default();
    if is_conversation_id(id) && config::master_key(env)?.is_visitor_token(id, token) {
        Ok(())
    } else {
        Err(ApiError::BadToken)
    }
}

/// A browser cannot read the status of a refused upgrade, so a refusal is an upgrade that is closed at once.
async fn socket(request: Request, env: &Env, id: &str) -> Result<Response, ApiError> {
    same_origin(&request)?;
    let protocols = request
        .headers()
        .get("sec-websocket-protocol")?
        .unwrap_or_default();
    let offered: Vec<&str> = protocols.split(',').map(str::trim).collect();
    let [SUBPROTOCOL, token] = offered.as_slice() else {
        return Err(ApiError::BadToken);
    };
    if !is_conversation_id(id) || !config::master_key(env)?.is_visitor_token(id, token) {
        let pair = WebSocketPair::new()?;
        pair.server.accept()?;
        pair.server.close(Some(CLOSE_BAD_TOKEN), Some("bad token"))?;
        return Ok(ResponseBuilder::new()
            .with_status(101)
            .with_header("sec-websocket-protocol", SUBPROTOCOL)?
            .with_websocket(pair.client)
            .empty());
    }
    let query = request
        .url()?
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let headers = Headers::new();
    headers.set("upgrade", "websocket")?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    let inner = Request::new_with_init(&format!("https://conversation/socket{query}"), &init)?;
    Ok(stub(env, id)?.fetch_with_request(inner).await?)
}

/// Everything rightly signed is answered 200, or a desk might count a failure and stop delivering.
async fn desk_signal(request: &mut Request, env: &Env, desk: &str, id: &str) -> Result<Response, ApiError> {
    let desk = Kind::named(desk).ok_or(ApiError::NotFound)?;
    let bytes = bounded(request, MAX_FRAME).await?;
    if !is_conversation_id(id) {
        return Err(ApiError::BadSignature);
    }
    if let Some(message) = desk.heard(&config::master_key(env)?, id, request.headers(), &bytes)? {
        signal(env, id, "/signal", &SignalCall { message }).await?;
    }
    Ok(Response::empty()?)
}

/// One address for all threads of a site: which conversation it is about, the thread tells.
async fn site_signal(request: &mut Request, env: &Env, desk: &str, site: &str) -> Result<Response, ApiError> {
    let kind = Kind::named(desk).ok_or(ApiError::NotFound)?;
    let bytes = bounded(request, MAX_FRAME).await?;
    let url = request.url()?;
    let (query, key) = (url.query().unwrap_or_default(), config::master_key(env)?);
    let Some(SomebodyLeft(thread)) = kind.heard_at_site(&key, site, query, request.headers(), &bytes)? else {
        return Ok(Response::empty()?);
    };
    let desk = kind.name().to_owned();
    let call = serde_json::to_string(&FindCall { desk, thread }).map_err(worker::Error::from)?;
    let asked = tried(async || site::ask(env, site, Method::Post, "thread", Some(call.clone())).await);
    let found: FindAnswer = serde_json::from_str(&asked.await?.text().await?).map_err(worker::Error::from)?;
    if let Some(conversation) = found.conversation {
        signal(env, &conversation, "/people", &()).await?;
    }
    Ok(Response::empty()?)
}

/// Being told twice does no harm: one signal names its message, the other only asks to look again.
async fn signal(env: &Env, id: &str, path: &str, call: &impl Serialize) -> Result<(), ApiError> {
    tried(async || ask(env, id, path, call).await).await.map(drop)
}

/// A desk may not repeat a delivery, and an object may be moved or restarted at any moment.
async fn tried(call: impl AsyncFn() -> Result<Response>) -> Result<Response, ApiError> {
    for wait in SIGNAL_RETRIES {
        match call().await {
            Ok(answer) if answer.status_code() < 500 => return Ok(answer),
            Ok(_) | Err(_) => Delay::from(wait).await,
        }
    }
    Err(ApiError::Internal)
}

/// The panel lives on this worker's own origin; nobody else's script has business here. Programs send no
/// `Origin` and get only what their token opens.
fn same_origin(request: &Request) -> Result<(), ApiError> {
    let Some(origin) = request.headers().get("origin")? else {
        return Ok(());
    };
    let own = request.url()?.origin().ascii_serialization();
    if origin == own {
        Ok(())
    } else {
        Err(ApiError::BadOrigin)
    }
}

fn card(
    request: &Request,
    start: &StartRequest,
    topic: &Topic,
    form: &Form,
) -> Result<VisitorCard, ApiError> {
    let header = |name: &str| Ok::<_, worker::Error>(request.headers().get(name)?.unwrap_or_default());
    let user_agent = header("user-agent")?;
    let mobile = header("sec-ch-ua-mobile")? == "?1" || user_agent.contains("Mobi");
    let answer = |id: &str| {
        start
            .answers
            .get(id)
            .map(|answer| answer.trim().to_owned())
            .filter(|answer| !answer.is_empty())
    };
    let name = form
        .fields
        .iter()
        .find(|field| field.kind == FieldKind::Name)
        .and_then(|field| answer(&field.id));
    let answers = form
        .fields
        .iter()
        .filter_map(|field| Some((field.label.clone(), answer(&field.id)?)))
        .collect();
    Ok(VisitorCard {
        place: place(request),
        ip: header("cf-connecting-ip")?,
        mobile,
        user_agent: cut(&user_agent, LONGEST_USER_AGENT),
        page: shown_address(&start.page).into(),
        referrer: shown_address(&start.referrer).into(),
        topic: topic.label.clone(),
        name,
        answers,
    })
}

fn place(request: &Request) -> Vec<String> {
    let Some(cf) = request.cf() else { return vec![] };
    let continent = cf.continent().map(|code| match code.as_str() {
        "AF" => "Africa".into(),
        "AN" => "Antarctica".into(),
        "AS" => "Asia".into(),
        "EU" => "Europe".into(),
        "NA" => "North America".into(),
        "OC" => "Oceania".into(),
        "SA" => "South America".into(),
        _ => code,
    });
    [continent, cf.country().map(country_name), cf.region(), cf.city()]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect()
}

/// `PL` as `Poland`; the code itself where the runtime knows no name.
fn country_name(code: String) -> String {
    let name = || -> Result<Option<String>, JsValue> {
        let intl = Reflect::get(&js_sys::global(), &"Intl".into())?;
        let names: Function = Reflect::get(&intl, &"DisplayNames".into())?.dyn_into()?;
        let options = Object::new();
        Reflect::set(&options, &"type".into(), &"region".into())?;
        let names = Reflect::construct(&names, &Array::of2(&"en".into(), &options))?;
        let of: Function = Reflect::get(&names, &"of".into())?.dyn_into()?;
        Ok(of.call1(&names, &code.as_str().into())?.as_string())
    };
    name().ok().flatten().unwrap_or(code)
}

fn cut(text: &str, longest: usize) -> String {
    let end = text.floor_char_boundary(longest);
    text.get(..end).unwrap_or_default().to_owned()
}
