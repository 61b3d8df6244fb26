//! Properties: how JSON values become typed fields.
//!
//! [`properties!`] declares a struct whose fields are the properties of an element. A template sets
//! them when it is parsed and a payload sets them again when it is bound, through the same
//! [`Properties::set`], so that both are held to the same rules.

use std::fmt::{Display, LowerExp};
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::Color;

/// A value that a property can have.
pub(crate) trait Property: Sized {
    /// Reads it, or says in a sentence what was expected.
    fn read(value: &Value) -> Result<Self, String>;
}

/// A set of named properties.
pub(crate) trait Properties {
    /// The names, in the order of declaration.
    const KEYS: &'static [&'static str];

    /// Sets the property `key`; `None` when there is no such property.
    fn set(&mut self, key: &str, value: &Value) -> Option<Result<(), String>>;
}

macro_rules! properties {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident {
            $($(#[$doc:meta])* $key:literal $field:ident: $Type:ty = $default:expr $(, in $range:expr)?;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Name {
            $($(#[$doc])* pub $field: $Type,)*
        }

        impl Default for $Name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::property::Properties for $Name {
            const KEYS: &'static [&'static str] = &[$($key),*];

            fn set(&mut self, key: &str, value: &serde_json::Value) -> Option<Result<(), String>> {
                Some(match key {
                    $($key => <$Type as $crate::property::Property>::read(value)
                        $(.and_then(|read| $crate::property::within(read, $range)))?
                        .map(|read| self.$field = read),)*
                    _ => return None,
                })
            }
        }
    };
}

/// An enum whose variants are written as words.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $Name:ident { $($(#[$doc:meta])* $Variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $Name { $($(#[$doc])* $Variant,)* }

        impl $crate::property::Property for $Name {
            fn read(value: &serde_json::Value) -> Result<Self, String> {
                match value.as_str() {
                    $(Some($word) => Ok(Self::$Variant),)*
                    _ => Err(format!("expected one of {}", [$($word),*].join(", "))),
                }
            }
        }
    };
}

pub(crate) use {properties, words};

/// Refuses a number outside `range`.
pub(crate) fn within<T: PartialOrd + Display + LowerExp>(
    value: T,
    range: RangeInclusive<T>,
) -> Result<T, String> {
    if range.contains(&value) {
        Ok(value)
    } else {
        let (value, start, end) = (digits(value), range.start(), range.end());
        Err(format!("{value} is outside {start} to {end}"))
    }
}

/// A number for messages: one with hundreds of digits is written with a power of ten.
pub(crate) fn digits<T: Display + LowerExp>(number: T) -> String {
    const CHARS_MAX: usize = 20;
    let plain = number.to_string();
    if plain.len() > CHARS_MAX { format!("{number:e}") } else { plain }
}

/// The value as an object.
pub(crate) fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("expected an object, found {}", kind(value)))
}

/// What a JSON value is, for messages.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl Property for f64 {
    fn read(value: &Value) -> Result<Self, String> {
        value
            .as_f64()
            .filter(|number| number.is_finite())
            .ok_or_else(|| format!("expected a number, found {}", kind(value)))
    }
}

impl Property for u32 {
    fn read(value: &Value) -> Result<Self, String> {
        // 3.0 is a whole number too: some clients write every number with a point.
        let number = f64::read(value)?;
        if number.fract() == 0.0 && (0.0..=f64::from(Self::MAX)).contains(&number) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
            Ok(number as Self)
        } else {
            Err(format!("expected a whole number, found {}", digits(number)))
        }
    }
}

impl Property for bool {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| format!("expected true or false, found {}", kind(value)))
    }
}

impl Property for String {
    fn read(value: &Value) -> Result<Self, String> {
        let text = value.as_str();
        text.map(str::to_owned).ok_or_else(|| format!("expected a string, found {}", kind(value)))
    }
}

/// A value that may be left out; `null` leaves it out.
impl<T: Property> Property for Option<T> {
    fn read(value: &Value) -> Result<Self, String> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }
}

impl Property for Color {
    fn read(value: &Value) -> Result<Self, String> {
        match value.as_str() {
            Some(text) => Self::parse(text),
            None => Err(format!("expected a colour, found {}", kind(value))),
        }
    }
}
