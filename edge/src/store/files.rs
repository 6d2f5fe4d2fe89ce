//! Files in rows: a visitor's in parts, an agent's by the desk's name for it.
//!
//! What comes in stands under number 0 until the turn that keeps it gives it its number. No file is ever whole in memory.

use super::Store;
use futures_util::{Stream, StreamExt, stream};
use worker::{
    Error, FixedLengthStream, Result, SqlStorageValue, js_sys::Uint8Array, wasm_bindgen::JsValue,
    worker_sys::FixedLengthStream as RawFixedLengthStream,
};

/// Bytes of a file in one row; a row has a largest size.
const PART: u32 = 1 << 20;

/// What is read of it at a time, on its way out.
const PIECE: u32 = PART / 4;

/// A file of the transcript.
pub(crate) struct StoredFile {
    pub(crate) name: String,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Here(Parts),
    /// The desk has it, under this name.
    Desk(String),
}

/// Where a visitor's file lies.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    number: u32,
    pub(crate) size: u64,
}

/// A file that comes in.
pub(crate) struct Incoming<'a> {
    store: &'a Store,
    /// The part that is being filled. It stays on the other side of the border, where the row is written from.
    part: Uint8Array,
    filled: u32,
    written: u32,
}

impl Store {
    /// Begins a file: only one can be under way.
    pub(crate) fn incoming(&self) -> Result<Incoming<'_>> {
        self.drop_incoming()?;
        Ok(Incoming {
            store: self,
            part: Uint8Array::new_with_length(PART),
            filled: 0,
            written: 0,
        })
    }

    /// What was not kept, or what an upload left that never ended.
    pub(crate) fn drop_incoming(&self) -> Result<()> {
        self.sql.exec("DELETE FROM file WHERE number = 0", None)?;
        Ok(())
    }

    pub(crate) fn file(&self, number: u32) -> Result<Option<StoredFile>> {
        let statement = "SELECT name, source, length(bytes) FROM file WHERE number = ? ORDER BY part";
        let rows = self.sql.exec(statement, vec![i64::from(number).into()])?;
        let mut found = None;
        let mut parts = Parts { number, size: 0 };
        for row in rows.raw() {
            match <[SqlStorageValue; 3]>::try_from(row?) {
                Ok([SqlStorageValue::String(name), SqlStorageValue::String(source), _]) => {
                    let content = Content::Desk(source);
                    return Ok(Some(StoredFile { name, content }));
                }
                Ok([SqlStorageValue::String(name), _, SqlStorageValue::Integer(size)]) => {
                    parts.size += u64::try_from(size).unwrap_or_default();
                    found = Some(name);
                }
                Ok(_) | Err(_) => return Err(Error::RustError(format!("file {number} has an odd row"))),
            }
        }
        let content = Content::Here(parts);
        Ok(found.map(|name| StoredFile { name, content }))
    }

    /// Piece after piece, each read when it is wanted.
    pub(crate) fn read(&self, parts: Parts) -> impl Stream<Item = Result<Vec<u8>>> + use<> {
        let sql = self.sql.clone();
        let pieces = u32::try_from(parts.size.div_ceil(PIECE.into())).unwrap_or(u32::MAX);
        stream::iter(0..pieces).map(move |piece| {
            let (part, from) = (piece / (PART / PIECE), piece % (PART / PIECE) * PIECE);
            let statement = "SELECT substr(bytes, ?, ?) FROM file WHERE number = ? AND part = ?";
            let values = [from + 1, PIECE, parts.number, part];
            let values = values.map(|value| i64::from(value).into()).to_vec();
            let row = sql.exec(statement, values)?.raw().next().transpose()?;
            match row.and_then(|row| row.into_iter().next()) {
                Some(SqlStorageValue::Blob(bytes)) => Ok(bytes),
                // Erased meanwhile.
                _ => Err(Error::RustError(format!("file {} is gone", parts.number))),
            }
        })
    }
}

impl Incoming<'_> {
    pub(crate) fn add(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let room = (PART - self.filled) as usize;
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            #[expect(clippy::cast_possible_truncation, reason = "at most a part")]
            let end = self.filled + now.len() as u32;
            self.part.subarray(self.filled, end).copy_from(now);
            self.filled = end;
            bytes = later;
            if self.filled == PART {
                self.write()?;
            }
        }
        Ok(())
    }

    pub(crate) fn end(mut self) -> Result<()> {
        if self.filled > 0 {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let bytes = self.part.subarray(0, self.filled);
        let values = vec![JsValue::from(self.written), bytes.into()];
        let statement = "INSERT INTO file VALUES (0, ?, NULL, NULL, ?)";
        self.store.sql.exec_raw(statement, values)?;
        self.written += 1;
        self.filled = 0;
        Ok(())
    }
}

/// A stream of a known length, as the platform wants it.
pub(crate) fn readable(
    chunks: impl Stream<Item = Result<Vec<u8>>> + 'static,
    length: u64,
) -> web_sys::ReadableStream {
    RawFixedLengthStream::from(FixedLengthStream::wrap(chunks, length)).readable()
}
