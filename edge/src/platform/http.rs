//! The only way out: every call to a vendor goes through [`send`].

use super::within;
use futures_util::TryStreamExt;
use std::{rc::Rc, time::Duration};
use web_sys::ReadableStream;
use worker::{
    AbortController, Date, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response,
    ResponseBody, wasm_bindgen::JsValue, wasm_bindgen_futures::JsFuture,
};

/// A longer answer is not read.
const MAX_REPLY: usize = 1 << 20;

/// Whatever a vendor asks for, it is asked again after this long.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) bearer: Option<String>,
    pub(crate) payload: Payload,
}

/// What a call carries.
#[derive(Clone)]
pub(crate) enum Payload {
    None,
    Json(String),
    Form(String),
    Stream(Streamed),
}

/// A body that is never whole in memory. Each attempt opens it anew.
#[derive(Clone)]
pub(crate) struct Streamed {
    pub(crate) content_type: String,
    pub(crate) open: Rc<dyn Fn() -> ReadableStream>,
}

pub(crate) struct Reply<B = String> {
    pub(crate) status: u16,
    headers: Headers,
    pub(crate) body: B,
}

/// No usable answer. Whether the call was carried out is not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoReply {
    #[error("no answer in time")]
    TimedOut,
    #[error("connection failed")]
    Broken,
    #[error("answer too large")]
    TooLarge,
}

/// Redirects are not followed: a token must not travel to another host.
pub(crate) async fn send(call: Call, timeout: Duration) -> Result<Reply, NoReply> {
    exchange(call, timeout, MAX_REPLY, text).await
}

/// A file of at most `largest` bytes, if it says how many it has. They are not read yet: the time is for its beginning.
pub(crate) async fn open(
    call: Call,
    timeout: Duration,
    largest: usize,
) -> Result<Reply<Option<ReadableStream>>, NoReply> {
    let unread = async |response: &Response, _length| Ok(stream(response));
    exchange(call, timeout, largest, unread).await
}

async fn exchange<B>(
    call: Call,
    timeout: Duration,
    largest: usize,
    read: impl AsyncFnOnce(&Response, Option<usize>) -> Result<B, NoReply>,
) -> Result<Reply<B>, NoReply> {
    let abort = AbortController::default();
    let signal = abort.signal();
    let under_way = UnderWay(Some(abort));
    let answer = async {
        // What a HEAD announces does not come.
        let is_head = call.method == Method::Head;
        let request = build(call).map_err(|_| NoReply::Broken)?;
        let response = Fetch::Request(request)
            .send_with_signal(&signal)
            .await
            .map_err(|_| NoReply::Broken)?;
        let headers = response.headers().clone();
        let status = response.status_code();
        let length = length(&headers);
        if !is_head && length.is_some_and(|length| length > largest) {
            return Err(NoReply::TooLarge);
        }
        let body = read(&response, length).await?;
        Ok(Reply {
            status,
            headers,
            body,
        })
    };
    let reply = within(timeout, answer).await.unwrap_or(Err(NoReply::TimedOut));
    if reply.is_ok() {
        under_way.answered();
    }
    reply
}

/// A call that is broken off when nobody waits for its answer any more.
struct UnderWay(Option<AbortController>);

impl UnderWay {
    /// The answer is there, and its body may still be on the way.
    fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(abort) = self.0.take() {
            abort.abort();
        }
    }
}

fn header(headers: &Headers, name: &str) -> Option<String> {
    headers.get(name).ok().flatten()
}

/// Bytes, if they are announced. The platform unpacks what comes packed: then nobody knows.
fn length(headers: &Headers) -> Option<usize> {
    let is_packed = header(headers, "content-encoding").is_some();
    let length = header(headers, "content-length").filter(|_| !is_packed);
    length.and_then(|length| length.parse().ok())
}

impl<B> Reply<B> {
    /// Of the body, in bytes.
    pub(crate) fn length(&self) -> Option<usize> {
        length(&self.headers)
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        header(&self.headers, name)
    }

    /// How long to wait before the next call.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let now = i64::try_from(Date::now().as_millis()).unwrap_or_default();
        retry_after(&self.header("retry-after")?, now)
    }

    /// The next page of a list (RFC 8288).
    pub(crate) fn next(&self) -> Option<String> {
        next_of(&self.header("link")?)
    }
}

fn build(call: Call) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set("accept", "application/json")?;
    if let Some(token) = &call.bearer {
        headers.set("authorization", &format!("Bearer {token}"))?;
    }
    let body = match call.payload {
        Payload::None => None,
        Payload::Json(text) => {
            headers.set("content-type", "application/json")?;
            Some(JsValue::from(text))
        }
        Payload::Form(text) => {
            headers.set("content-type", "application/x-www-form-urlencoded")?;
            Some(JsValue::from(text))
        }
        Payload::Stream(Streamed { content_type, open }) => {
            headers.set("content-type", &content_type)?;
            Some(open().into())
        }
    };
    let mut init = RequestInit::new();
    init.with_method(call.method)
        .with_headers(headers)
        .with_body(body)
        .with_redirect(RequestRedirect::Manual);
    Request::new_with_init(&call.url, &init)
}

/// What says how long it is, is read in one go: workers-rs reads chunk by chunk, and each crosses over from JavaScript
/// several times.
async fn text(response: &Response, length: Option<usize>) -> Result<String, NoReply> {
    let Some(stream) = stream(response) else {
        return Ok(String::new());
    };
    if length.is_none() {
        return bounded_text(stream).await;
    }
    let whole = async || {
        let whole = web_sys::Response::new_with_opt_readable_stream(Some(&stream))?;
        JsFuture::from(whole.text()?).await
    };
    let text = whole().await.map_err(|_| NoReply::Broken)?;
    Ok(text.as_string().unwrap_or_default())
}

async fn bounded_text(stream: ReadableStream) -> Result<String, NoReply> {
    let response = Response::from_body(ResponseBody::Stream(stream));
    let mut chunks = response
        .and_then(|mut response| response.stream())
        .map_err(|_| NoReply::Broken)?;
    let mut bytes = vec![];
    while let Some(chunk) = chunks.try_next().await.map_err(|_| NoReply::Broken)? {
        bytes.extend(chunk);
        if bytes.len() > MAX_REPLY {
            return Err(NoReply::TooLarge);
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn stream(response: &Response) -> Option<ReadableStream> {
    match response.body() {
        ResponseBody::Stream(stream) => Some(stream.clone()),
        ResponseBody::Empty | ResponseBody::Body(_) => None,
    }
}

/// Seconds or an HTTP date, but no longer than we would wait; what is neither is as good as absent.
fn retry_after(text: &str, now_ms: i64) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let at = chrono::DateTime::parse_from_rfc2822(text)
        .ok()?
        .timestamp_millis();
    let wait = Duration::from_millis(u64::try_from(at.saturating_sub(now_ms)).unwrap_or(0));
    Some(wait.min(LONGEST_WAIT))
}

fn next_of(link: &str) -> Option<String> {
    let is_next = |part: &&str| part.contains("rel=\"next\"");
    let (_, rest) = link.split(',').find(is_next)?.split_once('<')?;
    Some(rest.split_once('>')?.0.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_next_page_is_found() {
        let link = "<https://a.example/1>; rel=\"prev\", <https://a.example/3?max=2>; rel=\"next\"";
        assert_eq!(next_of(link).as_deref(), Some("https://a.example/3?max=2"));
        assert_eq!(next_of("<https://a.example/1>; rel=\"prev\""), None);
    }

    #[test]
    fn retry_after_takes_seconds_and_dates() {
        let now = 1_700_000_000_000;
        assert_eq!(retry_after("25", now), Some(Duration::from_secs(25)));
        assert_eq!(
            retry_after("Tue, 14 Nov 2023 22:13:50 GMT", now),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            retry_after("Thu, 14 Nov 2013 22:13:50 GMT", now),
            Some(Duration::ZERO)
        );
        for long in ["3600", "18446744073709551615", "Tue, 14 Nov 2090 22:13:50 GMT"] {
            assert_eq!(retry_after(long, now), Some(LONGEST_WAIT), "{long}");
        }
        for odd in ["", "-1", "soon", "1.5", "99999999999999999999", "NaN"] {
            assert_eq!(retry_after(odd, now), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_passed_over(text in ::tests::any::text(40), seconds in any::<u64>(), now in any::<i64>()) {
            for header in [text.clone(), seconds.to_string(), format!("{seconds}{text}"), format!("Tue, 14 Nov 2023 22:13:50 {text}")] {
                prop_assert!(retry_after(&header, now).is_none_or(|wait| wait <= LONGEST_WAIT));
            }
            for link in [text.clone(), format!("<{text}>; rel=\"next\""), format!("{text}rel=\"next\"<{text}")] {
                prop_assert!(next_of(&link).is_none_or(|next| link.contains(&next)));
            }
        }
    }
}
