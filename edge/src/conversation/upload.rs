//! A file comes in from the visitor: asked for before a byte of it is read, then read piece by piece into rows.
//!
//! A conversation reads one at a time. The others wait with their bytes unread, and only so many may.

use super::shell::{Shell, answers};
use crate::platform::{error::ApiError, request::parameter, within};
use futures_util::TryStreamExt;
use shared::{
    conversation::{ConnectionId, Input, Upload},
    file::Sample,
    message::MessageId,
    protocol::{Rejection, ServerFrame},
};
use std::{rc::Rc, time::Duration};
use worker::{Request, Response, console_warn, url::Url};

/// 20 MB over half a megabit a second take as long. An upload that hardly moves would keep the object awake.
const LONGEST: Duration = Duration::from_secs(6 * 60);

/// Bytes of what is refused.
const DRAINED: u64 = 64 * 1024;
const DRAINED_FOR: Duration = Duration::from_millis(300);

/// One upload: what its address says.
struct Offer {
    id: MessageId,
    name: String,
    size: Option<u64>,
}

impl Offer {
    fn read(url: &Url) -> Option<Self> {
        Some(Self {
            id: MessageId::parse(parameter(url, "id"))?,
            name: parameter(url, "name"),
            size: parameter(url, "size").parse().ok(),
        })
    }
}

impl Shell {
    pub(crate) async fn receive(self: &Rc<Self>, request: &mut Request) -> Result<Response, ApiError> {
        let taken = self.take_in(request).await;
        if taken.is_err() {
            drain(request).await;
        }
        taken?;
        Ok(Response::empty()?.with_status(204))
    }

    async fn take_in(self: &Rc<Self>, request: &mut Request) -> Result<(), ApiError> {
        let offer = Offer::read(&request.url()?).ok_or(ApiError::BadBody)?;
        if !self.load_for_visitor()? {
            return Err(ApiError::NotStarted);
        }
        self.ask_core(Input::VisitorOfferedFile {
            connection: nobody(),
            id: offer.id.clone(),
            size: offer.size,
        })?;
        let received = self.receive_in_turn(request, &offer).await;
        if let Some(stored) = self.stored.borrow_mut().as_mut() {
            stored.conversation.upload_ended();
        }
        received
    }

    async fn receive_in_turn(self: &Rc<Self>, request: &mut Request, offer: &Offer) -> Result<(), ApiError> {
        let _turn = self.uploads.lock().await;
        let received = within(LONGEST, self.read(request, offer)).await;
        let received = received.unwrap_or(Err(ApiError::UploadBroken));
        let kept = received.and_then(|sample| self.keep(offer, &sample));
        // Unless it was kept under a number of its own.
        if let Err(error) = self.outside.store.drop_incoming() {
            console_warn!("upload: {error}");
        }
        kept
    }

    async fn read(self: &Rc<Self>, request: &mut Request, offer: &Offer) -> Result<Sample, ApiError> {
        let mut sample = Sample::default();
        let Ok(mut chunks) = request.stream() else {
            return Ok(sample);
        };
        let mut incoming = self.outside.store.incoming()?;
        while let Some(chunk) = chunks.try_next().await.map_err(broken)? {
            sample.add(&chunk);
            // The chat may be over or erased by now.
            if !self.load_for_visitor()? {
                return Err(ApiError::NotStarted);
            }
            if let Some(stored) = self.stored.borrow().as_ref() {
                let (size, kind) = (sample.size(), sample.kind_so_far());
                stored
                    .conversation
                    .takes_file(&offer.id, size, kind)
                    .map_err(ApiError::from)?;
            }
            incoming.add(&chunk)?;
        }
        // The end of what was cut looks like the end.
        if offer.size.is_some_and(|size| size != sample.size()) {
            return Err(ApiError::UploadBroken);
        }
        incoming.end()?;
        Ok(sample)
    }

    fn keep(self: &Rc<Self>, offer: &Offer, sample: &Sample) -> Result<(), ApiError> {
        if !self.load_for_visitor()? {
            return Err(ApiError::NotStarted);
        }
        self.ask_core(Input::VisitorSentFile {
            connection: nobody(),
            id: offer.id.clone(),
            upload: Upload {
                name: offer.name.clone(),
                size: sample.size(),
                fingerprint: sample.fingerprint().0,
                kind: sample.kind(),
                image: sample.image(),
            },
        })
    }

    fn ask_core(self: &Rc<Self>, input: Input) -> Result<(), ApiError> {
        let effects = self.decide(input)?;
        let refusal = answers(&effects, &nobody()).find_map(refusal);
        self.carry_out(effects)?;
        refusal.map_or(Ok(()), |code| Err(code.into()))
    }
}

/// A small file is on its way already: it is let come, so that a refusal does not cost the sender the connection.
async fn drain(request: &mut Request) {
    let small = |url: Url| {
        parameter(&url, "size")
            .parse()
            .is_ok_and(|size: u64| size <= DRAINED)
    };
    if !request.url().is_ok_and(small) {
        return;
    }
    let Ok(mut chunks) = request.stream() else { return };
    let rest = async { while let Ok(Some(_)) = chunks.try_next().await {} };
    within(DRAINED_FOR, rest).await;
}

/// Answers go back over HTTP.
fn nobody() -> ConnectionId {
    ConnectionId(String::new())
}

fn broken(error: worker::Error) -> ApiError {
    console_warn!("upload: {error}");
    ApiError::UploadBroken
}

fn refusal(frame: &ServerFrame) -> Option<Rejection> {
    match frame {
        ServerFrame::Rejected { code, .. } => Some(*code),
        ServerFrame::Hello { .. }
        | ServerFrame::Entries(_)
        | ServerFrame::State(_)
        | ServerFrame::Delivered { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_address_is_an_offer_or_not(text in ::tests::any::text(60)) {
            for query in [text.clone(), format!("id={text}&name={text}&size={text}"), format!("id=12345678&name={text}")] {
                let mut url = Url::parse("https://chat.example/v1/conversations/x/files").expect("an address");
                url.set_query(Some(&query));
                Offer::read(&url);
            }
            let mut url = Url::parse("https://chat.example/files").expect("an address");
            url.query_pairs_mut().extend_pairs([("id", "12345678"), ("name", &text), ("size", "5")]);
            let offer = Offer::read(&url).expect("an offer");
            proptest::prop_assert!(offer.name == text && offer.size == Some(5));
        }
    }
}
