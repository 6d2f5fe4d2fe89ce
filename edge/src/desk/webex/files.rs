//! Files: the visitor's go into the room, an agent's are looked at before the visitor hears of them.

use super::{
    Webex,
    api::{Trouble, content_path, parse},
    wire::Message,
};
use crate::{
    platform::{
        http::{Payload, Streamed},
        random_id,
    },
    store::{Content, Parts, Store, readable},
};
use futures_util::{StreamExt, stream};
use shared::{
    conversation::{Attempt, DeskFile, DeskFileState, Failure, Post},
    file::Image,
};
use std::rc::Rc;
use worker::{Method, console_warn, url::form_urlencoded};

impl Webex<'_> {
    /// The file's name is the post's text, by which an earlier attempt is recognised.
    pub(super) async fn post_file(
        &self,
        room: &str,
        number: u32,
        name: &str,
        attempt: &Attempt,
    ) -> Result<Post, Failure> {
        if let Some(done) = self.posted_before(room, self.api.us(), name, attempt).await? {
            return Ok(done);
        }
        let store = self.place.store.clone();
        let stored = store.file(number).map(|file| file.map(|file| file.content));
        let Ok(Some(Content::Here(parts))) = stored else {
            console_warn!("file {number} is not there");
            return Err(Failure::Refused);
        };
        let boundary = random_id().map_err(|_| Failure::NotDone { retry_after: None })?;
        let payload = Payload::Stream(form(&boundary, (room, name), store, parts));
        let reply = self
            .api
            .call(self.api.us(), Method::Post, "/messages", payload)
            .await;
        let post: Message = match reply {
            Ok(reply) => parse(&reply)?,
            Err(trouble) => return Err(self.not_posted(room, self.api.us(), trouble).await),
        };
        Ok(post.into())
    }

    /// What Webex says of an agent's files.
    pub(super) async fn files(&self, sources: &[String]) -> Result<Vec<DeskFile>, Failure> {
        let mut files = vec![];
        for source in sources {
            let path = content_path(source);
            let found = match self
                .api
                .call(self.api.us(), Method::Head, &path, Payload::None)
                .await
            {
                Ok(reply) => {
                    let name = reply
                        .header("content-disposition")
                        .and_then(|header| file_name(&header));
                    let size = reply
                        .header("content-length")
                        .and_then(|length| length.parse().ok());
                    let image = reply.header("content-type").and_then(|mime| image(&mime));
                    let state = match (&name, size) {
                        (Some(_), Some(_)) => DeskFileState::Good { image },
                        // A file whose size nobody knows might not fit into memory.
                        (Some(_), None) => DeskFileState::Refused,
                        // Webex names every file; this is somebody else's answer, like a proxy's page.
                        (None, _) => DeskFileState::Pending,
                    };
                    (name, size, state)
                }
                // It may be there a moment later; if it is not, both sides are told in the end.
                Err(Trouble { status: 404, .. }) => (None, None, DeskFileState::Pending),
                // Infected, not to be scanned, or not for us: the words beside it still go out.
                Err(Trouble {
                    failure: Failure::Refused,
                    ..
                }) => (None, None, DeskFileState::Refused),
                // Still scanned, or out of reach for now.
                Err(Trouble {
                    failure: Failure::Passing { .. },
                    ..
                }) => (None, None, DeskFileState::Pending),
                Err(trouble) => return Err(trouble.into()),
            };
            let (name, size, state) = found;
            files.push(DeskFile {
                source: source.clone(),
                name: name.unwrap_or_else(|| "file".into()),
                size: size.unwrap_or_default(),
                state,
            });
        }
        Ok(files)
    }
}

/// As `multipart/form-data`, written by hand: the platform's own form has the whole file in memory, three times over.
/// `boundary`: nobody could have put it into the file.
fn form(boundary: &str, (room, name): (&str, &str), store: Rc<Store>, parts: Parts) -> Streamed {
    let field = |name: &str, value: &str| {
        format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let quoted = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    let head = [
        field("roomId", room),
        field("text", name),
        format!("--{boundary}\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{quoted}\"\r\n"),
        "content-type: application/octet-stream\r\n\r\n".into(),
    ]
    .concat();
    let tail = format!("\r\n--{boundary}--\r\n");
    let length = (head.len() + tail.len()) as u64 + parts.size;
    Streamed {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        open: Rc::new(move || {
            let (head, tail) = (head.clone().into_bytes(), tail.clone().into_bytes());
            let whole = stream::iter([Ok(head)])
                .chain(store.read(parts))
                .chain(stream::iter([Ok(tail)]));
            readable(whole, length)
        }),
    }
}

/// Of `attachment; filename="a.png"`, or as RFC 6266 has a name that is not ASCII.
fn file_name(header: &str) -> Option<String> {
    if let Some((_, rest)) = header.split_once("filename*=") {
        let (_, encoded) = rest.split(';').next()?.trim().split_once("''")?;
        // In a form a plus is a space, and these two end a value.
        let encoded = encoded
            .replace('+', "%2B")
            .replace('&', "%26")
            .replace('=', "%3D");
        let (name, _) = form_urlencoded::parse(encoded.as_bytes()).next()?;
        return Some(name.into_owned());
    }
    let (_, rest) = header.split_once("filename=")?;
    let name = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.0,
        None => rest.split(';').next()?,
    };
    Some(name.trim().into()).filter(|name: &String| !name.is_empty())
}

fn image(mime: &str) -> Option<Image> {
    let mime = mime.split(';').next()?.trim();
    [Image::Png, Image::Jpeg, Image::Gif, Image::Webp]
        .into_iter()
        .find(|image| image.mime() == mime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read_from_the_header() {
        assert_eq!(
            file_name("attachment; filename=\"a b.png\"").as_deref(),
            Some("a b.png")
        );
        assert_eq!(
            file_name("attachment; filename=a.png; size=3").as_deref(),
            Some("a.png")
        );
        assert_eq!(
            file_name("attachment; filename=\"_.png\"; filename*=UTF-8''%C5%BC%20+&.png; size=3").as_deref(),
            Some("ż +&.png")
        );
        assert_eq!(file_name("attachment"), None);
        assert_eq!(image("image/png; charset=x"), Some(Image::Png));
        assert_eq!(image("image/svg+xml"), None);
    }

    proptest! {
        #[test]
        fn any_header_has_a_name_or_none(text in ::tests::any::text(30)) {
            for header in [
                text.clone(),
                format!("attachment; filename={text}"),
                format!("attachment; filename=\"{text}"),
                format!("attachment; filename*={text}"),
                format!("attachment; filename*=UTF-8''{text}"),
            ] {
                file_name(&header);
                image(&header);
            }
            let quoted = text.replace('"', "");
            let expected = Some(quoted.trim().to_owned()).filter(|name| !name.is_empty());
            prop_assert_eq!(file_name(&format!("inline; filename=\"{quoted}\"")), expected.filter(|_| !quoted.contains("filename*=")));
        }
    }
}
