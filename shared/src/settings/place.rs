//! Where in a JSON document a parser stopped, as a path like `topics[0].form`.

enum Inside {
    /// The last key read, and whether the next string is one.
    Object {
        key: String,
        at_key: bool,
    },
    List {
        index: usize,
    },
}

/// `line` and `column` as parsers count them: lines from 1, and bytes of the line that have been read. `is_missing`:
/// what is wrong is something that is not there, so the object is meant and not its last field.
pub(super) fn place(document: &str, line: usize, column: usize, is_missing: bool) -> String {
    let before: usize = document
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let read = &document.as_bytes()[..(before + column).min(document.len())];
    // A parser takes the end of an object along before it says what was wrong in it.
    let read = read
        .strip_suffix(b"}")
        .or(read.strip_suffix(b"]"))
        .unwrap_or(read);
    let mut path: Vec<Inside> = vec![];
    let mut at = 0;
    while at < read.len() {
        match (read[at], path.last_mut()) {
            (b'{', _) => path.push(Inside::Object {
                key: String::new(),
                at_key: true,
            }),
            (b'[', _) => path.push(Inside::List { index: 0 }),
            (b'}' | b']', _) => drop(path.pop()),
            (b',', Some(Inside::Object { at_key, .. })) => *at_key = true,
            (b',', Some(Inside::List { index })) => *index += 1,
            (b'"', inside) => {
                let end = end_of_string(read, at + 1);
                if let Some(Inside::Object {
                    key,
                    at_key: at_key @ true,
                }) = inside
                {
                    *key = String::from_utf8_lossy(&read[at + 1..end]).into_owned();
                    *at_key = false;
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    if is_missing && let Some(Inside::Object { key, .. }) = path.last_mut() {
        key.clear();
    }
    let mut text = String::new();
    for inside in &path {
        match inside {
            Inside::Object { key, .. } if key.is_empty() => {}
            Inside::Object { key, .. } if text.is_empty() => text.push_str(key),
            Inside::Object { key, .. } => text.extend([".", key]),
            Inside::List { index } => text.extend(["[", &index.to_string(), "]"]),
        }
    }
    text
}

/// The place of its closing quote, or of the end.
fn end_of_string(read: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < read.len() && read[at] != b'"' {
        at += if read[at] == b'\\' { 2 } else { 1 };
    }
    at.min(read.len())
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn the_place_is_found_from_what_was_read() {
        let document = "{\"a\": [1, {\"b\": \"x\\\"]\", \"c\": 2}],\n \"d\": {}}";
        for (line, column, expected) in [
            (1, 1, ""),
            (1, 5, "a"),
            (1, 8, "a[0]"),
            (1, 9, "a[1]"),
            (1, 15, "a[1].b"),
            (1, 22, "a[1].b"),
            (1, 31, "a[1].c"),
            (1, 32, "a[1]"),
            (1, 33, "a"),
            (2, 5, "d"),
            (2, 99, "d"),
        ] {
            assert_eq!(place(document, line, column, false), expected, "{line}:{column}");
        }
        assert_eq!(place(document, 1, 31, true), "a[1]");
    }
}
