//! The DOCTYPE of a document, taken out before it is parsed: it names the standard, and with older
//! editors it declares short names for addresses, which are filled in.
//!
//! Deliberately absent: entities that hold markup or other entities. A few lines of these unfold to
//! anything, and the parser refuses what is left of a DOCTYPE.

use std::borrow::Cow;

use pixeldrive_model::limits::SVG_BYTES_MAX;

use super::Refusal;

/// Entities of one document: each is looked for at each reference.
const ENTITIES_MAX: usize = 100;

/// The document without its DOCTYPE, its entities filled in; as it is where it declares anything else.
pub(super) fn taken_out(text: &str) -> Result<Cow<'_, str>, Refusal> {
    let Some((before, rest)) = text.split_once("<!DOCTYPE") else {
        return Ok(Cow::Borrowed(text));
    };
    let opening = rest.find(['[', '>']).unwrap_or(rest.len());
    let (entities, after) = match rest[opening..].strip_prefix('[') {
        None => (Vec::new(), rest.get(opening + 1..)),
        Some(inside) => match entities(inside) {
            Some((entities, after)) => (entities, Some(after)),
            None => return Ok(Cow::Borrowed(text)),
        },
    };
    let Some(after) = after else { return Ok(Cow::Borrowed(text)) };
    filled_in(before, after, &entities).map(Cow::Owned)
}

/// A short name and what it stands for.
type Entity<'a> = (&'a str, &'a str);

/// The entities that are declared up to the end of a DOCTYPE, and what follows it; `None` when it
/// declares anything else.
fn entities(mut text: &str) -> Option<(Vec<Entity<'_>>, &str)> {
    let mut found = Vec::new();
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix(']') {
            return Some((found, rest.trim_start().strip_prefix('>')?));
        }
        let (name, rest) = text
            .strip_prefix("<!ENTITY")?
            .trim_start()
            .split_once(|c: char| c.is_ascii_whitespace())?;
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, rest) = rest[1..].split_once(quote)?;
        if value.contains(['<', '&', '%', '"', '\'']) || found.len() == ENTITIES_MAX {
            return None;
        }
        found.push((name, value));
        text = rest.trim_start().strip_prefix('>')?;
    }
}

fn filled_in(before: &str, after: &str, entities: &[Entity<'_>]) -> Result<String, Refusal> {
    let mut to = before.to_owned();
    let mut pieces = after.split('&');
    to.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let named = piece.split_once(';').and_then(|(name, rest)| {
            let (_, value) = entities.iter().find(|(known, _)| *known == name)?;
            Some((value, rest))
        });
        match named {
            Some((value, rest)) => to.extend([value, rest]),
            None => to.extend(["&", piece]),
        }
        if to.len() > SVG_BYTES_MAX {
            let reason = format!("its entities unfold to more than {SVG_BYTES_MAX} bytes");
            return Err(Refusal::Complex { reason });
        }
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(taken_out(text).unwrap(), expected);
    }

    #[test]
    fn a_doctype_that_names_the_standard_goes() {
        check("<svg/>", "<svg/>");
        check("<!DOCTYPE svg><svg/>", "<svg/>");
        check(
            "<?xml?>\n<!DOCTYPE svg PUBLIC \"-//W3C\" \"http://x\">\n<svg/>",
            "<?xml?>\n\n<svg/>",
        );
        check("<!DOCTYPE svg", "<!DOCTYPE svg");
    }

    #[test]
    fn short_names_are_filled_in() {
        check(
            "<!DOCTYPE svg PUBLIC 'x' \"y\" [\n<!ENTITY ns 'http://a'>\t<!ENTITY  b \"c\" >\n] ><svg xmlns='&ns;' d='&b;&b;&amp;&ns'/>",
            "<svg xmlns='http://a' d='cc&amp;&ns'/>",
        );
        check("<!DOCTYPE svg []><svg/>", "<svg/>");
    }

    #[test]
    fn what_declares_more_stays_and_is_refused() {
        for inside in [
            "<!ENTITY a '<g/>'>",
            "<!ENTITY a 'b'><!ENTITY c '&a;&a;'>",
            "<!ENTITY a SYSTEM 'file:///etc/passwd'>",
            "<!ENTITY % a 'b'>",
            "<!ENTITY a 'b\" onload=\"'>",
            "<!ATTLIST svg a CDATA 'b'>",
            "<!ENTITY a",
        ] {
            let text = format!("<!DOCTYPE svg [{inside}]><svg>&a;</svg>");
            check(&text, &text);
        }
        let many = "<!ENTITY a 'b'>".repeat(ENTITIES_MAX + 1);
        let text = format!("<!DOCTYPE svg [{many}]><svg/>");
        check(&text, &text);
        let long = "x".repeat(1_000);
        let text =
            format!("<!DOCTYPE svg [<!ENTITY a '{long}'>]><svg>{}</svg>", "&a;".repeat(2_000));
        let Err(Refusal::Complex { reason }) = taken_out(&text) else {
            panic!("two million characters were filled in");
        };
        assert!(reason.contains("unfold"), "{reason}");
    }
}
