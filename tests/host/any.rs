//! Any text and any JSON, for the properties of what reads them.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;

/// Any characters, those that layers stumble on more often.
pub fn text(longest: usize) -> impl Strategy<Value = String> {
    let odd: Vec<char> = "\0\r\n\t \"'\\/.<>&;=%#:@$^*+?()[]{}|-09\u{301}\u{200d}\u{202e}\u{feff}ąΩ字👍"
        .chars()
        .collect();
    vec(
        prop_oneof![any::<char>(), select(odd), proptest::char::range('a', 'z')],
        0..longest,
    )
    .prop_map(String::from_iter)
}

/// Any JSON, mostly with these names, and now and then with one of these words.
pub fn json(
    names: &'static [&'static str],
    words: &'static [&'static str],
) -> impl Strategy<Value = Value> + Clone {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text(20).prop_map(Value::from),
        select(words).prop_map(Value::from),
    ];
    let name = prop_oneof![9 => select(names).prop_map(String::from), 1 => text(5)].boxed();
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name.clone(), inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
