//! Languages, as BCP 47 tags: in which one a text writes its numbers and dates.
//!
//! Deliberately absent: any default taken from the machine. A template looks the same everywhere.

use std::borrow::Cow;

use icu_locale_core::{Locale, locale};
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::limits::NAME_CHARS_MAX;
use crate::property::Property;
use crate::schema::Defs;

/// A language tag: `en`, `de-CH`, `ar-EG-u-nu-latn`.
///
/// It is kept as text, so that copying the default costs nothing; reading it again where a value
/// is formatted costs some 30 ns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lang(Cow<'static, str>);

impl Lang {
    /// English, the default.
    pub const EN: Self = Self(Cow::Borrowed("en"));

    /// The tag in its usual spelling: `de-CH`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the formatters take.
    pub(crate) fn locale(&self) -> Locale {
        // No tag but a well-formed one gets here.
        Locale::try_from_str(&self.0).unwrap_or(locale!("en"))
    }
}

impl Property for Lang {
    fn read(value: &Value) -> Result<Self, Faults> {
        let text = String::read(value)?;
        let locale = Some(&text).filter(|text| text.len() <= NAME_CHARS_MAX);
        match locale.and_then(|text| Locale::try_from_str(text).ok()) {
            Some(locale) => Ok(Self(Cow::Owned(locale.to_string()))),
            None => {
                let start: String = text.chars().take(40).collect();
                let message =
                    format!("`{start}` is no language tag; write one such as en, de-CH or ar-EG");
                Err(message.into())
            }
        }
    }

    fn write(&self) -> Value {
        json!(self.0)
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "string", "maxLength": NAME_CHARS_MAX, "examples": ["en", "de-CH", "ar-EG"]})
    }
}
