//! What a barcode can say, by its symbology. The bars themselves are made by the renderer.

use crate::Symbology;

impl Symbology {
    /// The text with what its symbology adds: check digits that are left out, the letters around a
    /// Codabar. Digits of a supplement follow a `+`.
    ///
    /// # Errors
    /// The rule that the text breaks, as a sentence.
    pub fn complete(self, text: &str) -> Result<String, String> {
        let with = |broken: Option<String>| broken.map_or(Ok(text.to_owned()), Err);
        match self {
            Self::Code128 => with(
                find(text, |c| c.is_ascii())
                    .map(|c| format!("Code 128 has the characters of ASCII, but not {c:?}")),
            ),
            Self::Code39 => with(
                find(text, in_code39)
                    .map(|c| format!("Code 39 has 0-9, A-Z, space and - . $ / + %, but not {c:?}")),
            ),
            Self::Code93 => with(
                find(text, in_code39)
                    .map(|c| format!("Code 93 has 0-9, A-Z, space and - . $ / + %, but not {c:?}")),
            ),
            Self::Code11 => with(
                find(text, |c| c.is_ascii_digit() || c == '-')
                    .map(|c| format!("Code 11 has 0-9 and -, but not {c:?}")),
            ),
            Self::Codabar => codabar(text),
            Self::Itf => itf(text),
            Self::Ean13 => {
                let (main, supplement) = supplemented("EAN-13", text)?;
                gtin("EAN-13", main, 13).map(|digits| digits + supplement)
            }
            Self::Upca => {
                let (main, supplement) = supplemented("UPC-A", text)?;
                gtin("UPC-A", main, 12).map(|digits| digits + supplement)
            }
            Self::Ean8 => gtin("EAN-8", text, 8),
        }
    }
}

/// The first character that is none of the symbology's.
fn find(text: &str, has: impl Fn(char) -> bool) -> Option<char> {
    text.chars().find(|c| !has(*c))
}

fn in_code39(c: char) -> bool {
    c.is_ascii_uppercase()
        || c.is_ascii_digit()
        || matches!(c, '-' | '.' | ' ' | '$' | '/' | '+' | '%')
}

fn codabar(text: &str) -> Result<String, String> {
    let is_end = |c: char| matches!(c, 'A'..='D');
    let (first, last) = (text.starts_with(is_end), text.ends_with(is_end));
    let data = match (first, last) {
        (true, true) if text.len() > 1 => &text[1..text.len() - 1],
        (false, false) => text,
        _ => {
            return Err("Codabar begins and ends with one of A, B, C and D, or leaves both out: \
                        this has one of them"
                .to_owned());
        }
    };
    let in_codabar = |c: char| c.is_ascii_digit() || "-$:/.+".contains(c);
    if let Some(c) = find(data, in_codabar) {
        return Err(format!("Codabar has 0-9 and - $ : / . + between its ends, but not {c:?}"));
    }
    Ok(if first { text.to_owned() } else { format!("A{text}A") })
}

fn itf(text: &str) -> Result<String, String> {
    digits_alone("Interleaved 2 of 5", text)?;
    match text.len() {
        // Fourteen digits are the number of a carton, whose last is a check digit.
        14 => gtin("ITF-14", text, 14),
        len if len % 2 == 1 => Ok(format!("{text}{}", check_digit(text))),
        _ => Ok(text.to_owned()),
    }
}

/// The digits, and those of the supplement with the `+` in front.
fn supplemented<'a>(name: &str, text: &'a str) -> Result<(&'a str, &'a str), String> {
    let Some(at) = text.find('+') else { return Ok((text, "")) };
    let (main, supplement) = text.split_at(at);
    let digits = &supplement[1..];
    digits_alone(&format!("the supplement of {name}"), digits)?;
    match digits.len() {
        2 | 5 => Ok((main, supplement)),
        len => Err(format!("the supplement of {name} has 2 or 5 digits; this has {len}")),
    }
}

/// A trade number of `len` digits, of a text that may lack the last, the check digit.
fn gtin(name: &str, text: &str, len: usize) -> Result<String, String> {
    digits_alone(name, text)?;
    let data_len = len - 1;
    if text.len() != len && text.len() != data_len {
        let found = text.len();
        return Err(format!(
            "{name} has {data_len} digits, or {len} with the check digit; this has {found}"
        ));
    }
    let (data, given) = text.split_at(data_len);
    let check = check_digit(data);
    if given.is_empty() || given == check {
        Ok(format!("{data}{check}"))
    } else {
        Err(format!("the check digit of {data} is {check}, not {given}"))
    }
}

fn digits_alone(name: &str, text: &str) -> Result<(), String> {
    match find(text, |c| c.is_ascii_digit()) {
        Some(c) => Err(format!("{name} has digits alone, not {c:?}")),
        None => Ok(()),
    }
}

/// The digit that makes the sum a multiple of ten, every other digit threefold from the last on.
fn check_digit(data: &str) -> String {
    let weights = [3, 1].into_iter().cycle();
    let sum: u32 = data.bytes().rev().zip(weights).map(|(b, w)| u32::from(b - b'0') * w).sum();
    ((10 - sum % 10) % 10).to_string()
}
