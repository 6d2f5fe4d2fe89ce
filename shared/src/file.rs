//! Files: what they are by their content, and under what name they travel.

use serde::{Deserialize, Serialize};

/// No file is larger, whatever a site allows, in bytes: it is held in memory while it passes.
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

/// By content: what a name or a sender claims counts for nothing.
pub fn kind_of(bytes: &[u8]) -> FileKind {
    if image_of(bytes).is_some() {
        FileKind::Image
    } else if bytes.starts_with(b"%PDF-") {
        FileKind::Pdf
    } else if bytes.starts_with(b"PK\x03\x04") {
        FileKind::Archive
    } else if is_text(bytes) {
        FileKind::Text
    } else {
        FileKind::Other
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

fn is_text(bytes: &[u8]) -> bool {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    !bytes.is_empty() && std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(is_odd))
}

/// A name that can be shown and saved: no path, no control or direction characters, not too long.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_odd = |c: &char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '"' | '<' | '>' | '|' | ':' | '*' | '?')
    };
    let clean: String = last.chars().filter(|c| !is_odd(c)).collect();
    let clean = clean.trim().trim_start_matches('.');
    let too_long = clean.chars().count().saturating_sub(LONGEST_NAME);
    // The ending says what it is, so the beginning goes.
    let clean: String = clean.chars().skip(too_long).collect();
    if clean.is_empty() { "file".into() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

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
