//! Files from the visitor: asked for before a byte is read, looked at while they come, kept when they are stored.

use super::{
    ConnectionId, Conversation, Effect, FileOrigin, Line, Turn, Upload, Voice,
    pace::{Allowance, Pace},
    visitor::{in_ms, reject},
};
use crate::{
    file::{File, FileKind, Image, clean_name},
    message::{MessageId, Said},
    protocol::Rejection,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Of one conversation, from the visitor.
const MAX_FILES: u32 = 100;
/// All of them together.
const MAX_BYTES: u64 = 200 << 20;
/// They come one after the other; this many may wait their turn.
const MAX_WAITING: u32 = 10;
const TURN_LATER: Duration = Duration::from_secs(3);
/// Bytes that are written down, whether they are kept in the end or not.
const BYTES: Allowance = Allowance {
    at_once: MAX_BYTES as f64,
    per_minute: (20 << 20) as f64,
};

#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Uploads {
    /// That were kept.
    count: u32,
    bytes: u64,
    pace: Pace,
    /// Being read, or waiting to be. Those of an object that is gone are gone as well.
    #[serde(skip)]
    under_way: u32,
}

impl Uploads {
    pub(super) fn are_none(&self) -> bool {
        self.count == 0 && self.bytes == 0 && self.pace.is_untouched()
    }

    fn are_full(&self, size: u64) -> bool {
        self.count >= MAX_FILES || self.bytes + size > MAX_BYTES
    }
}

impl Conversation {
    /// Not a byte has been read. It is let in unless this refuses it; then, whatever becomes of it,
    /// [`Conversation::upload_ended`] follows.
    pub(super) fn visitor_offered_file(
        &mut self,
        connection: ConnectionId,
        id: MessageId,
        size: Option<u64>,
        turn: &mut Turn,
    ) {
        if let Err(code) = self.check_offer(&id, size, turn) {
            return reject(connection, id, Some(code), turn);
        }
        self.uploads.under_way += 1;
        turn.save = true;
    }

    fn check_offer(&mut self, id: &MessageId, size: Option<u64>, turn: &Turn) -> Result<(), Rejection> {
        let largest = self.largest_file().ok_or(Rejection::FileRefused)?;
        self.check_size(size.unwrap_or(1))?;
        // Whoever repeats what was stored has not heard of it: that is looked at again, and costs the same.
        if !self.from_visitor.knows(id.as_str()) {
            self.check_room(size.unwrap_or(1))?;
        }
        let now = turn.context.now;
        let too_fast = |wait| Rejection::TooFast {
            retry_after_ms: in_ms(wait),
        };
        if self.uploads.under_way > MAX_WAITING {
            return Err(too_fast(TURN_LATER));
        }
        let before = self.uploads.pace;
        let cost = size.unwrap_or(largest) as f64;
        self.uploads.pace.take(cost, BYTES, now).map_err(too_fast)?;
        self.take_message(1, now)
            .inspect_err(|_| self.uploads.pace = before)
    }

    /// Whether a file of which this much has come is still wanted.
    pub fn takes_file(&self, id: &MessageId, size: u64, kind: Option<FileKind>) -> Result<(), Rejection> {
        self.check_size(size)?;
        if kind.is_some_and(|kind| !self.takes_kind(kind)) {
            return Err(Rejection::FileRefused);
        }
        if self.from_visitor.knows(id.as_str()) {
            return Ok(());
        }
        self.check_room(size)
    }

    /// Stored, refused or broken off.
    pub fn upload_ended(&mut self) {
        self.uploads.under_way = self.uploads.under_way.saturating_sub(1);
    }

    /// The bytes are stored, and are dropped again unless this keeps them. Its pace was asked for with the offer.
    pub(super) fn visitor_sent_file(
        &mut self,
        connection: ConnectionId,
        id: MessageId,
        upload: Upload,
        turn: &mut Turn,
    ) {
        let Upload {
            name,
            size,
            fingerprint,
            kind,
            image,
        } = upload;
        let content = format!("{name}/{size}/{fingerprint}");
        let checked = self
            .takes_file(&id, size, Some(kind))
            .map_err(Some)
            .and_then(|()| self.accept(&id, &content, |_| Ok(())));
        if let Err(code) = checked {
            return reject(connection, id, code, turn);
        }
        self.heard(turn);
        self.uploads.count += 1;
        self.uploads.bytes += size;
        let now = turn.context.now;
        let file = self.keep_file(FileOrigin::Upload, name, size, image, turn);
        let (voice, number, name) = (Voice::Visitor, file.number, file.name.clone());
        let (text, files) = (String::new(), vec![file]);
        let seq = self.append(now, Said::Visitor { id, text, files }, None, turn);
        self.post(voice, Line::File { number, name }, Some(seq), now);
    }

    fn largest_file(&self) -> Option<u64> {
        self.plan
            .attachments
            .as_ref()
            .map(|allowed| allowed.largest() as u64)
    }

    fn takes_kind(&self, kind: FileKind) -> bool {
        let allowed = self.plan.attachments.as_ref();
        allowed.is_some_and(|allowed| allowed.kinds.contains(&kind))
    }

    fn check_size(&self, size: u64) -> Result<(), Rejection> {
        match self.largest_file() {
            None => Err(Rejection::FileRefused),
            Some(_) if size == 0 => Err(Rejection::Empty),
            Some(largest) if size > largest => Err(Rejection::FileTooLarge),
            Some(_) => Ok(()),
        }
    }

    fn check_room(&self, size: u64) -> Result<(), Rejection> {
        if self.is_closed() {
            Err(Rejection::Closed)
        } else if self.uploads.are_full(size) {
            Err(Rejection::FilesFull)
        } else {
            Ok(())
        }
    }

    pub(super) fn keep_file(
        &mut self,
        origin: FileOrigin,
        name: String,
        size: u64,
        image: Option<Image>,
        turn: &mut Turn,
    ) -> File {
        self.files += 1;
        turn.save = true;
        let number = self.files;
        let name = clean_name(&name);
        turn.effects.push(Effect::KeepFile {
            number,
            name: name.clone(),
            origin,
        });
        File {
            number,
            name,
            size,
            image,
        }
    }
}
