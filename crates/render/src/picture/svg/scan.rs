//! A first look at a document's text, before a parser whose work grows with the square of its depth and of
//! the attributes of one element.
//!
//! Deliberately absent: whether the text is well-formed. The parser says so.

use super::Refusal;

/// Elements inside of elements. What is drawn may be nested less deep, see `guard`.
const DEPTH_MAX: usize = 128;
/// Attributes of one element, namespaces included.
const ATTRIBUTES_MAX: usize = 500;

/// Refuses text that would take the parser seconds.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")];
        if let Some((open, close)) = skipped.iter().find(|(open, _)| rest.starts_with(open)) {
            let end = rest[open.len()..].find(close);
            rest = end.map_or("", |end| &rest[open.len() + end + close.len()..]);
            continue;
        }
        let (tag, attributes) = tag(rest);
        if tag.starts_with("</") {
            depth = depth.saturating_sub(1);
        } else if !tag.ends_with("/>") {
            depth += 1;
        }
        if depth > DEPTH_MAX {
            let reason = format!("its elements are nested more than {DEPTH_MAX} levels deep");
            return Err(Refusal::Complex { reason });
        }
        if attributes > ATTRIBUTES_MAX {
            let reason = format!("an element has more than {ATTRIBUTES_MAX} attributes");
            return Err(Refusal::Complex { reason });
        }
        rest = &rest[tag.len()..];
    }
    Ok(())
}

/// The tag that `text` starts with, its closing bracket included, and how many attributes it has:
/// signs of equality outside of quotes.
fn tag(text: &str) -> (&str, usize) {
    let mut quote = None;
    let mut attributes = 0;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return (&text[..=at], attributes),
            (None, b'=') => attributes += 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    (text, attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_is(text: &str, expected: &str) {
        let found = check(text).map_or_else(|refusal| refusal.to_string(), |()| String::new());
        assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{found}");
    }

    #[test]
    fn depth_and_attributes_are_bounded() {
        let nested = |count: usize| "<g>".repeat(count) + &"</g>".repeat(count);
        check_is(&nested(DEPTH_MAX), "");
        check_is(&nested(DEPTH_MAX + 1), "nested more than 128");
        check_is(&nested(1_000_000), "nested more than 128");
        check_is(&"<g/>".repeat(10_000), "");
        check_is(&"<g a='/>' />".repeat(10_000), "");
        check_is(&"<!-- <g> --><![CDATA[<g>]]><?g <g>?>".repeat(1000), "");
        let with = |count: usize| format!("<g{}/>", " a='b=c'".repeat(count));
        check_is(&with(ATTRIBUTES_MAX), "");
        check_is(&with(ATTRIBUTES_MAX + 1), "more than 500 attributes");
        check_is("<g a='", "");
        check_is("<", "");
    }
}
