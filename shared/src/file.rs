//! Files: what they are by their content, and under what name they travel.

use serde::{Deserialize, Serialize};

/// No file is larger, whatever a site allows, in bytes.
pub const MAX_FILE: usize = 20 << 20;
const LONGEST_NAME: usize = 100;

/// A file of the transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// 1, 2, 3 … within the conversation.
    pub number: u32,
    pub name: String,
    /// In bytes.
    pub size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
}

/// An image that browsers show and that holds no script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Image {
    Png,
    Jpeg,
    Gif,
    Webp,
}

impl Image {
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }
}

/// What a site can allow visitors to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// PNG, JPEG, GIF, WebP.
    Image,
    Pdf,
    /// UTF-8 without control characters. SVG and HTML are text too: no file but an image is ever shown, only saved.
    Text,
    /// ZIP, and the office documents that are ZIP inside.
    Archive,
    Other,
}

/// Of bytes in order, however they are cut. Stored, so it must not change with the toolchain: FNV-1a, 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    pub fn add(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    }
}

/// What is known of a file while it comes in, piece by piece. By content: what a name or a sender claims counts for
/// nothing.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    head: Vec<u8>,
    size: u64,
    fingerprint: Fingerprint,
    /// Something that no text has.
    is_odd: bool,
    /// The beginning of a character whose end has not come.
    cut: Vec<u8>,
}

/// Bytes that tell all kinds but text.
pub const HEAD: usize = 12;

impl Sample {
    pub fn add(&mut self, bytes: &[u8]) {
        let lacking = HEAD.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(lacking));
        self.size += bytes.len() as u64;
        self.fingerprint.add(bytes);
        if self.is_odd {
        } else if self.cut.is_empty() {
            self.read(bytes);
        } else {
            let joined = [std::mem::take(&mut self.cut).as_slice(), bytes].concat();
            self.read(&joined);
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let (text, rest) = bytes.split_at_checked(error.valid_up_to()).unwrap_or_default();
                match error.error_len() {
                    Some(_) => self.is_odd = true,
                    None => self.cut = rest.to_vec(),
                }
                std::str::from_utf8(text).unwrap_or_default()
            }
        };
        let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        self.is_odd |= text.contains(is_odd);
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub fn image(&self) -> Option<Image> {
        image_of(&self.head)
    }

    /// If this is all of it.
    pub fn kind(&self) -> FileKind {
        if self.image().is_some() {
            FileKind::Image
        } else if self.head.starts_with(b"%PDF-") {
            FileKind::Pdf
        } else if self.head.starts_with(b"PK\x03\x04") {
            FileKind::Archive
        } else if self.size > 0 && !self.is_odd && self.cut.is_empty() {
            FileKind::Text
        } else {
            FileKind::Other
        }
    }

    /// What it is whatever comes next; `None` while that is open.
    pub fn kind_so_far(&self) -> Option<FileKind> {
        match self.kind() {
            FileKind::Text => None,
            FileKind::Other if self.head.len() < HEAD || !self.is_odd => None,
            kind @ (FileKind::Image | FileKind::Pdf | FileKind::Archive | FileKind::Other) => Some(kind),
        }
    }
}

pub fn image_of(bytes: &[u8]) -> Option<Image> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Image::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Image::Jpeg),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Image::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Image::Webp),
        _ => None,
    }
}

/// A name that can be shown and saved: no path, no control or direction characters, not too long.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_odd = |c: &char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '"' | '<' | '>' | '|' | ':' | '*' | '?')
    };
    let clean: String = last.chars().filter(|c| !is_odd(c)).collect();
    let clean = clean.trim_end();
    let too_long = clean.chars().count().saturating_sub(LONGEST_NAME);
    // The ending says what it is, so the beginning goes.
    let clean: String = clean.chars().skip(too_long).collect();
    let clean = clean.trim_start_matches(|c: char| c.is_whitespace() || c == '.');
    if clean.is_empty() { "file" } else { clean }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(bytes: &[u8]) -> FileKind {
        sample(&[bytes]).kind()
    }

    fn sample(pieces: &[&[u8]]) -> Sample {
        let mut sample = Sample::default();
        for piece in pieces {
            sample.add(piece);
        }
        sample
    }

    #[test]
    fn content_is_the_same_however_it_is_cut() {
        let odd = [
            b"za\xc5".as_slice(),
            b"a\0bcdefghijkl",
            b"\xe4\xbe\x8b\xe3\x81\x88 \xf0\x9f\x8e\x89.",
        ];
        let files = [
            "zażółć 例え 🎉\r\n".as_bytes(),
            b"\x89PNG\r\n\x1a\n....",
            b"%PDF-1.7 and more",
        ];
        for bytes in files.into_iter().chain(odd) {
            let whole = sample(&[bytes]);
            for at in 0..=bytes.len() {
                let (one, two) = bytes.split_at(at);
                let two: Vec<&[u8]> = two.chunks(1).collect();
                let cut = sample(&[&[one], two.as_slice()].concat());
                let of = |one: &Sample| (one.size(), one.fingerprint(), one.kind(), one.image());
                assert_eq!(of(&cut), of(&whole), "{bytes:?} cut at {at}");
            }
        }
    }

    #[test]
    fn a_kind_is_known_as_soon_as_nothing_can_change_it() {
        assert_eq!(sample(&[b"%PDF"]).kind_so_far(), None);
        assert_eq!(sample(&[b"%PDF", b"-1"]).kind_so_far(), Some(FileKind::Pdf));
        assert_eq!(sample(&[b"a long text that goes on"]).kind_so_far(), None);
        assert_eq!(sample(&[b"\x89PNG"]).kind_so_far(), None);
        assert_eq!(
            sample(&[b"a long text", b" that has \0"]).kind_so_far(),
            Some(FileKind::Other)
        );
    }

    #[test]
    fn content_decides() {
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\n...."), FileKind::Image);
        assert_eq!(image_of(b"GIF89a<script>"), Some(Image::Gif));
        assert_eq!(image_of(b"RIFF\x10\0\0\0WEBPVP8 "), Some(Image::Webp));
        assert_eq!(image_of(b"\xff\xd8\xff\xe0"), Some(Image::Jpeg));
        assert_eq!(kind_of(b"%PDF-1.7"), FileKind::Pdf);
        assert_eq!(kind_of(b"PK\x03\x04"), FileKind::Archive);
        assert_eq!(kind_of(b"<svg onload=alert(1)>"), FileKind::Text);
        assert_eq!(kind_of("zażółć\r\n".as_bytes()), FileKind::Text);
        for other in [&b"MZ\x90\0"[..], b"\x7fELF", b"a\0b", b"\xff\xfe", b""] {
            assert_eq!(kind_of(other), FileKind::Other);
        }
    }

    #[test]
    fn names_are_made_harmless() {
        for (name, clean) in [
            ("photo.png", "photo.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\a.txt", "a.txt"),
            ("cod\u{202e}gnp.exe", "codgnp.exe"),
            ("a\"b\r\n<c>.txt", "abc.txt"),
            ("a\u{61c}b\u{2028}c\u{2029}.txt", "abc.txt"),
            (".htaccess", "htaccess"),
            ("", "file"),
            ("zażółć gęślą.pdf", "zażółć gęślą.pdf"),
        ] {
            assert_eq!(clean_name(name), clean);
        }
        let long = clean_name(&format!("{}.tar.gz", "x".repeat(300)));
        assert!(long.len() == 100 && long.ends_with(".tar.gz"));
    }
}
