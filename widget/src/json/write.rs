//! From a type to JSON text.

use serde::ser::{
    Error, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    Serializer,
};
use std::fmt::{self, Debug, Display, Formatter};

/// What the protocol does not use is left out.
pub(crate) fn to_text<T: Serialize>(value: &T) -> String {
    let mut text = String::new();
    value.serialize(Writer(&mut text)).ok();
    text
}

/// The protocol does not use this.
struct Wrong;

impl Debug for Wrong {
    fn fmt(&self, _: &mut Formatter) -> fmt::Result {
        Ok(())
    }
}

impl Display for Wrong {
    fn fmt(&self, _: &mut Formatter) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Wrong {}

impl Error for Wrong {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

struct Writer<'a>(&'a mut String);

/// A list or a map under way, and what closes it.
struct Open<'a> {
    text: &'a mut String,
    is_empty: bool,
    end: &'static str,
}

impl<'a> Writer<'a> {
    fn put(self, text: &str) -> Result<(), Wrong> {
        self.0.push_str(text);
        Ok(())
    }

    fn open(self, start: &str, end: &'static str) -> Open<'a> {
        self.0.push_str(start);
        Open {
            text: self.0,
            is_empty: true,
            end,
        }
    }

    fn quote(self, text: &str) {
        let digit = |value: u32| char::from_digit(value & 15, 16).unwrap_or('0');
        self.0.push('"');
        for char in text.chars() {
            match char {
                '"' | '\\' => self.0.extend(['\\', char]),
                '\n' => self.0.push_str("\\n"),
                '\0'..='\x1f' => {
                    self.0
                        .extend(['\\', 'u', '0', '0', digit(char as u32 >> 4), digit(char as u32)])
                }
                _ => self.0.push(char),
            }
        }
        self.0.push('"');
    }

    /// `{"name":`
    fn name(&mut self, name: &str) {
        self.0.push('{');
        Writer(self.0).quote(name);
        self.0.push(':');
    }
}

impl Open<'_> {
    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_empty) {
            self.text.push(',');
        }
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Wrong> {
        self.separate();
        Writer(self.text).quote(name);
        self.text.push(':');
        value.serialize(Writer(self.text))
    }

    fn close(self) {
        self.text.push_str(self.end);
    }
}

macro_rules! never {
    ($($name:ident $type:ty),*) => {
        $(fn $name(self, _: $type) -> Result<(), Wrong> {
            Err(Wrong)
        })*
    };
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Wrong;
    type SerializeSeq = Open<'a>;
    type SerializeMap = Open<'a>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = Open<'a>;
    type SerializeTuple = Impossible<(), Wrong>;
    type SerializeTupleStruct = Impossible<(), Wrong>;
    type SerializeTupleVariant = Impossible<(), Wrong>;

    never!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_u16 u16, serialize_u64 u64);
    never!(serialize_f32 f32, serialize_f64 f64, serialize_char char, serialize_bytes &[u8], serialize_unit_struct &'static str);

    fn serialize_bool(self, value: bool) -> Result<(), Wrong> {
        self.put(if value { "true" } else { "false" })
    }

    fn serialize_i64(self, value: i64) -> Result<(), Wrong> {
        self.put(&value.to_string())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Wrong> {
        self.serialize_u32(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Wrong> {
        self.put(&value.to_string())
    }

    fn serialize_str(self, text: &str) -> Result<(), Wrong> {
        self.quote(text);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Wrong> {
        self.put("null")
    }

    fn serialize_unit(self) -> Result<(), Wrong> {
        self.put("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Wrong> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), Wrong> {
        self.quote(name);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Wrong> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), Wrong> {
        self.name(name);
        value.serialize(Writer(self.0))?;
        self.put("}")
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Open<'a>, Wrong> {
        self.name(name);
        Ok(self.open("{", "}}"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'a>, Wrong> {
        Ok(self.open("[", "]"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'a>, Wrong> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'a>, Wrong> {
        Ok(self.open("{", "}"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Wrong> {
        Err(Wrong)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Wrong> {
        Err(Wrong)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Wrong> {
        Err(Wrong)
    }
}

impl SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = Wrong;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Wrong> {
        self.separate();
        value.serialize(Writer(self.text))
    }

    fn end(self) -> Result<(), Wrong> {
        self.close();
        Ok(())
    }
}

impl SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Wrong;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Wrong> {
        self.separate();
        key.serialize(Writer(self.text))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Wrong> {
        self.text.push(':');
        value.serialize(Writer(self.text))
    }

    fn end(self) -> Result<(), Wrong> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = Wrong;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Wrong> {
        self.member(name, value)
    }

    fn end(self) -> Result<(), Wrong> {
        self.close();
        Ok(())
    }
}

impl SerializeStructVariant for Open<'_> {
    type Ok = ();
    type Error = Wrong;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Wrong> {
        self.member(name, value)
    }

    fn end(self) -> Result<(), Wrong> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::to_text;
    use shared::{
        client::Kept,
        message::{MessageId, Seq},
        protocol::{ClientFrame, PollRequest, StartRequest},
    };

    #[test]
    fn the_same_as_serde_json() {
        let id = MessageId::parse("12345678".into()).expect("an id");
        let frames = vec![
            ClientFrame::Send {
                id,
                text: "a \"b\"\\\n\u{1}\u{1f}ü\u{1f600}".into(),
            },
            ClientFrame::AskForPerson,
            ClientFrame::Stay,
            ClientFrame::End,
            ClientFrame::Rate {
                stars: 5,
                comment: "Fine".into(),
            },
        ];
        let request = PollRequest {
            after: Seq(2),
            frames,
        };
        assert_eq!(to_text(&request), serde_json::to_string(&request).expect("JSON"));
        let answers = [("a".into(), "1".into()), ("b".into(), "2".into())].into();
        let start = StartRequest {
            site: "default".into(),
            message: None,
            key: "k".into(),
            topic: "t".into(),
            answers,
            page: String::new(),
            referrer: String::new(),
        };
        let kept = Kept::Starting(start);
        assert_eq!(to_text(&kept), serde_json::to_string(&kept).expect("JSON"));
    }
}
