//! Patterns of forms, matched in time linear in the answer: no answer, however it is made, can make one expensive.

use regex_lite::{Error, Regex, RegexBuilder};

/// How large a pattern may become when `{1000}` and the like are written out, in bytes.
const LARGEST: usize = 64 << 10;

/// Whether the whole answer fits, as in the browser. A pattern that cannot be read, which [`problem`] would have told,
/// keeps nobody out.
pub fn matches(pattern: &str, answer: &str) -> bool {
    whole(pattern).map_or(true, |regex| regex.is_match(answer))
}

/// Why a pattern cannot be matched like this: most often because it needs back-tracking.
pub fn problem(pattern: &str) -> Option<String> {
    // Also by itself, so that it cannot close the group that is put around it.
    let read = build(pattern).and_then(|_| whole(pattern));
    read.err().map(|error| error.to_string())
}

fn whole(pattern: &str) -> Result<Regex, Error> {
    build(&["^(?:", pattern, ")$"].concat())
}

fn build(pattern: &str) -> Result<Regex, Error> {
    RegexBuilder::new(pattern).size_limit(LARGEST).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_answer_fits_or_not() {
        for (pattern, good, bad) in [
            ("[A-Z]{2}-?[0-9]{4,8}", "AB-12345", "xAB-12345"),
            ("a|b", "b", "ab"),
            ("^a$", "a", "a\n"),
            (r"\d{2}\/\d{2}", "12/24", "1224"),
            (".", "👍", "👍🏽"),
            (r"[\u0104-\u017c]+", "ąż", "az"),
            ("(?<word>żółw)", "żółw", "zolw"),
        ] {
            assert_eq!(problem(pattern), None, "{pattern}");
            assert!(matches(pattern, good), "{pattern} {good}");
            assert!(!matches(pattern, bad), "{pattern} {bad}");
        }
    }

    #[test]
    fn what_needs_back_tracking_is_no_pattern() {
        for (pattern, expected) in [
            ("(?=a)a", "look-around is not supported"),
            ("(?<!a)b", "look-around is not supported"),
            (r"(a)\1", "backreferences are not supported"),
            (r"\p{Lu}+", "Unicode character classes are not supported"),
        ] {
            assert_eq!(problem(pattern).as_deref(), Some(expected), "{pattern}");
        }
        for odd in ["a)|(?:b", "(", r"(?<a>.)\k<a>", "[^]", "(?:(?:a{99}){99}){99}"] {
            assert!(problem(odd).is_some(), "{odd}");
        }
    }

    #[test]
    fn a_hostile_answer_costs_nothing() {
        // With back-tracking this would outlast whoever waits for it.
        let answer = format!("{}!", "a".repeat(4_000));
        for pattern in [r"^(\w+\s?)*$", "(a*)*b", "(a|aa)+", "(.*a){20}"] {
            assert_eq!(problem(pattern), None, "{pattern}");
            assert!(!matches(pattern, &answer), "{pattern}");
        }
    }
}
