//! Properties: how JSON values become typed fields.
//!
//! [`properties!`] declares a struct whose fields are the properties of an element. A template sets
//! them when it is parsed and a payload sets them again when it is bound, through the same
//! [`Properties::set`], so that both are held to the same rules. The same declaration gives each
//! property its place in the JSON Schema (`schema.rs`): a property without one does not compile.

use std::fmt::{Display, LowerExp};
use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::Color;
use crate::faults::Faults;
use crate::schema::{self, Defs};

/// A value that a property can have.
pub(crate) trait Property: Sized {
    /// Reads it, or says what is wrong with it and where in it.
    fn read(value: &Value) -> Result<Self, Faults>;

    /// Writes it, as JSON that reads as the same value.
    fn write(&self) -> Value;

    /// JSON Schema of what [`Self::read`] takes; it may take more, never less. What many properties
    /// share is a definition of its own in `defs`.
    fn schema(defs: &mut Defs) -> Value;
}

/// A set of named properties.
pub(crate) trait Properties {
    /// What has them, in a sentence.
    fn about(&self) -> &'static str;

    /// The names, in the order of declaration.
    fn keys(&self) -> &'static [&'static str];

    /// Sets the property `key`; `None` when there is no such property.
    fn set(&mut self, key: &str, value: &Value) -> Option<Result<(), Faults>>;

    /// Writes them all.
    fn write(&self) -> Map<String, Value>;

    /// The JSON Schema of each, with the present value as its default.
    fn schema(&self, defs: &mut Defs) -> Map<String, Value>;
}

macro_rules! properties {
    (
        $(#[doc = $about:literal])+
        pub struct $Name:ident {
            $(
                $(#[doc = $doc:literal])+
                $key:literal $field:ident: $Type:ty = $default:expr $(, in $range:expr)?;
            )*
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Name {
            $($(#[doc = $doc])+ pub $field: $Type,)*
        }

        impl Default for $Name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::property::Properties for $Name {
            fn about(&self) -> &'static str {
                concat!($($about),+)
            }

            fn keys(&self) -> &'static [&'static str] {
                &[$($key),*]
            }

            fn set(
                &mut self,
                key: &str,
                value: &serde_json::Value,
            ) -> Option<Result<(), $crate::faults::Faults>> {
                Some(match key {
                    $($key => <$Type as $crate::property::Property>::read(value)
                        $(.and_then(|read| $crate::property::within(read, $range)))?
                        .map(|read| self.$field = read),)*
                    _ => return None,
                })
            }

            fn write(&self) -> serde_json::Map<String, serde_json::Value> {
                let mut written = serde_json::Map::new();
                $(written.insert(
                    $key.to_owned(),
                    $crate::property::Property::write(&self.$field),
                );)*
                written
            }

            fn schema(
                &self,
                defs: &mut $crate::schema::Defs,
            ) -> serde_json::Map<String, serde_json::Value> {
                let mut schemas = serde_json::Map::new();
                $(
                    let schema = <$Type as $crate::property::Property>::schema(defs);
                    $(let schema = $crate::schema::ranged(schema, &$range);)?
                    let default = $crate::property::Property::write(&self.$field);
                    let schema = $crate::schema::described(schema, concat!($($doc),+), default);
                    schemas.insert($key.to_owned(), schema);
                )*
                schemas
            }
        }
    };
}

/// An enum whose variants are written as words.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $Name:ident {
            $($(#[doc = $doc:literal])+ $Variant:ident = $word:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $Name { $($(#[doc = $doc])+ $Variant,)* }

        impl $crate::property::Property for $Name {
            fn read(value: &serde_json::Value) -> Result<Self, $crate::faults::Faults> {
                match value.as_str() {
                    $(Some($word) => Ok(Self::$Variant),)*
                    _ => Err(format!("expected one of {}", [$($word),*].join(", ")).into()),
                }
            }

            fn write(&self) -> serde_json::Value {
                match self {
                    $(Self::$Variant => $word.into(),)*
                }
            }

            fn schema(_: &mut $crate::schema::Defs) -> serde_json::Value {
                $crate::schema::words(&[$(($word, concat!($($doc),+))),*])
            }
        }
    };
}

pub(crate) use {properties, words};

/// Refuses a number outside `range`.
pub(crate) fn within<T: PartialOrd + Display + LowerExp>(
    value: T,
    range: RangeInclusive<T>,
) -> Result<T, Faults> {
    if range.contains(&value) {
        Ok(value)
    } else {
        let (value, start, end) = (digits(value), range.start(), range.end());
        Err(format!("{value} is outside {start} to {end}").into())
    }
}

/// A number for messages: one with hundreds of digits is written with a power of ten.
pub(crate) fn digits<T: Display + LowerExp>(number: T) -> String {
    const CHARS_MAX: usize = 20;
    let plain = number.to_string();
    if plain.len() > CHARS_MAX { format!("{number:e}") } else { plain }
}

/// The value as an object.
pub(crate) fn object(value: &Value) -> Result<&Map<String, Value>, Faults> {
    value.as_object().ok_or_else(|| format!("expected an object, found {}", kind(value)).into())
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
    fn read(value: &Value) -> Result<Self, Faults> {
        value
            .as_f64()
            .filter(|number| number.is_finite())
            .ok_or_else(|| format!("expected a number, found {}", kind(value)).into())
    }

    fn write(&self) -> Value {
        /// Up to here every whole number is one that a double holds.
        const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
        #[expect(clippy::cast_possible_truncation, reason = "checked")]
        if self.fract() == 0.0 && self.abs() < WHOLE_MAX {
            json!(*self as i64)
        } else {
            json!(self)
        }
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "number"})
    }
}

impl Property for u32 {
    fn read(value: &Value) -> Result<Self, Faults> {
        // 3.0 is a whole number too: some clients write every number with a point.
        let number = f64::read(value)?;
        if number.fract() == 0.0 && (0.0..=f64::from(Self::MAX)).contains(&number) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
            Ok(number as Self)
        } else {
            Err(format!("expected a whole number, found {}", digits(number)).into())
        }
    }

    fn write(&self) -> Value {
        json!(self)
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "integer", "minimum": 0, "maximum": Self::MAX})
    }
}

impl Property for bool {
    fn read(value: &Value) -> Result<Self, Faults> {
        value
            .as_bool()
            .ok_or_else(|| format!("expected true or false, found {}", kind(value)).into())
    }

    fn write(&self) -> Value {
        json!(self)
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "boolean"})
    }
}

impl Property for String {
    fn read(value: &Value) -> Result<Self, Faults> {
        let text = value.as_str();
        text.map(str::to_owned)
            .ok_or_else(|| format!("expected a string, found {}", kind(value)).into())
    }

    fn write(&self) -> Value {
        json!(self)
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "string"})
    }
}

/// A value that may be left out; `null` leaves it out.
impl<T: Property> Property for Option<T> {
    fn read(value: &Value) -> Result<Self, Faults> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }

    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }

    fn schema(defs: &mut Defs) -> Value {
        schema::or_null(T::schema(defs))
    }
}

impl Property for Color {
    fn read(value: &Value) -> Result<Self, Faults> {
        match value.as_str() {
            Some(text) => Ok(Self::parse(text)?),
            None => Err(format!("expected a colour, found {}", kind(value)).into()),
        }
    }

    fn write(&self) -> Value {
        json!(self.to_string())
    }

    fn schema(defs: &mut Defs) -> Value {
        defs.share("color", |_| {
            json!({
                "type": "string",
                "description": "Any CSS colour.",
                "examples": ["#0f172a", "#0f172a80", "rgb(15 23 42 / 50%)", "hsl(222 47% 11%)", "tomato"],
            })
        })
    }
}
