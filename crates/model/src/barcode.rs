//! What a barcode can say, by its symbology. The bars themselves are made by the renderer.

use crate::Symbology;

impl Symbology {
    /// Checks a text.
    ///
    /// # Errors
    /// The rule that it breaks, as a sentence.
    pub fn check(self, text: &str) -> Result<(), String> {
        match self {
            Self::Code128 => match text.chars().find(|c| !c.is_ascii()) {
                Some(c) => Err(format!("Code 128 has the characters of ASCII, but not {c:?}")),
                None => Ok(()),
            },
            Self::Code39 => match text.chars().find(|c| !in_code39(*c)) {
                Some(c) => {
                    Err(format!("Code 39 has 0-9, A-Z, space and - . $ / + %, but not {c:?}"))
                }
                None => Ok(()),
            },
            Self::Ean13 => ean13_digits(text).map(drop),
        }
    }
}

fn in_code39(c: char) -> bool {
    c.is_ascii_uppercase()
        || c.is_ascii_digit()
        || matches!(c, '-' | '.' | ' ' | '$' | '/' | '+' | '%')
}

/// The thirteen digits of an EAN-13, of a text that may lack the last, the check digit.
///
/// # Errors
/// The rule that the text breaks, as a sentence.
pub fn ean13_digits(text: &str) -> Result<String, String> {
    if let Some(c) = text.chars().find(|c| !c.is_ascii_digit()) {
        return Err(format!("EAN-13 has digits alone, not {c:?}"));
    }
    if !matches!(text.len(), 12 | 13) {
        let len = text.len();
        return Err(format!("EAN-13 has 12 digits, or 13 with the check digit; this has {len}"));
    }
    let (data, given) = text.split_at(12);
    let sum: u32 =
        data.bytes().zip([1, 3].into_iter().cycle()).map(|(b, w)| u32::from(b - b'0') * w).sum();
    let check = ((10 - sum % 10) % 10).to_string();
    if given.is_empty() || given == check {
        Ok(format!("{data}{check}"))
    } else {
        Err(format!("the check digit of {data} is {check}, not {given}"))
    }
}
