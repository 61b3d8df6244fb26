//! The Range and conditional headers of RFC 9110, as far as pictures need them.
//!
//! Deliberately absent: several ranges at once. Asked for, they are ignored, as the RFC allows.

use std::ops::Range;

use http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderName};

/// Which part of a picture is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// These bytes.
    Bytes(Range<usize>),
    /// None of the bytes that there are.
    Unsatisfiable,
}

/// Whether the caller has the picture of that entity tag already.
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|list| {
        let mut tags = list.split(',').map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    })
}

/// The part of `length` bytes that the headers ask for.
pub(crate) fn part(headers: &HeaderMap, etag: &str, length: usize) -> Part {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // The caller holds a part of another version, or does not say by tag which it holds.
    if headers.contains_key(IF_RANGE) && text(IF_RANGE) != Some(etag) {
        return Part::Whole;
    }
    text(RANGE).and_then(|range| single(range, length)).unwrap_or(Part::Whole)
}

/// `None` for what is not one range of bytes.
fn single(range: &str, length: usize) -> Option<Part> {
    let (unit, spec) = range.split_once('=')?;
    let (first, last) = spec.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a number holds lie past any end.
        digits.then(|| text.parse::<usize>().unwrap_or(usize::MAX))
    };
    let bytes = if first.is_empty() {
        length.saturating_sub(number(last)?)..length
    } else {
        let first = number(first)?;
        let end = if last.is_empty() { length } else { number(last)?.saturating_add(1) };
        if end <= first && !last.is_empty() {
            return None;
        }
        first..end.min(length)
    };
    Some(if bytes.start < bytes.end { Part::Bytes(bytes) } else { Part::Unsatisfiable })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).expect("a header value");
        pairs.iter().map(|(name, text)| (name.clone(), value(text))).collect()
    }

    #[test]
    fn one_range_of_bytes_is_served() {
        let cases = [
            ("bytes=0-3", Part::Bytes(0..4)),
            ("bytes=0-0", Part::Bytes(0..1)),
            ("Bytes = 2-3", Part::Bytes(2..4)),
            ("bytes=8-99", Part::Bytes(8..10)),
            ("bytes=4-", Part::Bytes(4..10)),
            ("bytes=9-", Part::Bytes(9..10)),
            ("bytes=-3", Part::Bytes(7..10)),
            ("bytes=-99", Part::Bytes(0..10)),
            ("bytes=10-", Part::Unsatisfiable),
            ("bytes=10-12", Part::Unsatisfiable),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=99999999999999999999999-", Part::Unsatisfiable),
            ("bytes=0-99999999999999999999999", Part::Bytes(0..10)),
            ("bytes=3-2", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("pixels=0-3", Part::Whole),
        ];
        for (range, expected) in cases {
            assert_eq!(part(&headers(&[(RANGE, range)]), "\"a\"", 10), expected, "{range}");
        }
        assert_eq!(part(&HeaderMap::new(), "\"a\"", 10), Part::Whole, "no header");
        assert_eq!(
            part(&headers(&[(RANGE, "bytes=0-")]), "\"a\"", 0),
            Part::Unsatisfiable,
            "empty"
        );
    }

    #[test]
    fn a_part_is_sent_of_the_version_that_is_held() {
        for (held, expected) in [("\"a\"", Part::Bytes(0..4)), ("\"b\"", Part::Whole)] {
            let headers = headers(&[(RANGE, "bytes=0-3"), (IF_RANGE, held)]);
            assert_eq!(part(&headers, "\"a\"", 10), expected, "{held}");
        }
    }

    #[test]
    fn an_entity_tag_is_found_in_a_list() {
        let cases = [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("", false),
        ];
        for (list, expected) in cases {
            assert_eq!(is_known(&headers(&[(IF_NONE_MATCH, list)]), "\"a\""), expected, "{list}");
        }
    }
}
