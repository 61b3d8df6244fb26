//! Formats: how a placeholder's value is written in a language.
//!
//! Numbers, dates and times are written by ICU4X from data compiled into the program, so that the
//! same row gives the same text on every machine. A formatter is made for each value: that takes
//! 0.2 µs for a number and 1 to 2 µs for a date, less than a cache would be worth.
//!
//! Deliberately absent: currencies (a template writes the sign it wants beside the number), time
//! zones (a time is shown as it is written) and the clock.

use fixed_decimal::{Decimal, SignDisplay, SignedRoundingMode, UnsignedRoundingMode};
use icu_calendar::{Date, Iso};
use icu_datetime::fieldsets::{T, YMD, YMDE};
use icu_datetime::input::{DateTime, Time};
use icu_datetime::{DateTimeFormatter, NoCalendarFormatter};
use icu_decimal::DecimalFormatter;
use icu_locale_core::Locale;
use serde_json::{Number, Value};

use crate::Lang;
use crate::limits::{FRACTION_DIGITS_MAX, NUMBER_CHARS_MAX};
use crate::moment::Moment;
use crate::property::kind;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As it is.
    Plain,
    /// In the language's digits, grouped.
    Number(Digits),
    /// The same a hundredfold, with the percent sign.
    Percent(Digits),
    /// The day.
    Date(Length),
    /// Hour and minute.
    Time,
    /// The day, medium, with hour and minute.
    DateTime,
}

/// How many digits follow the decimal sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    /// As many as are given, up to [`FRACTION_DIGITS_MAX`].
    AsGiven,
    /// That many.
    Exactly(u8),
}

/// How a date is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// Digits.
    Short,
    /// The month abbreviated, where the language does that.
    Medium,
    /// The month in full.
    Long,
    /// The same with the day of the week.
    Full,
}

/// Characters of a value that a message repeats.
const FOUND_CHARS_MAX: usize = 40;

/// The words for formats, for messages.
pub(crate) const FORMATS: &str = "number, number.0 to number.6, percent, percent.0 to percent.6, \
     date, date.short, date.medium, date.long, date.full, time, time.short, datetime";

impl Format {
    /// A number in the language's digits, as many as are given.
    pub(crate) const GROUPED: Self = Self::Number(Digits::AsGiven);

    /// A format by its word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        let (name, detail) = match word.split_once('.') {
            Some((name, detail)) => (name, Some(detail)),
            None => (word, None),
        };
        Some(match (name, detail) {
            ("number", digits) => Self::Number(Digits::of(digits)?),
            ("percent", digits) => Self::Percent(Digits::of(digits)?),
            ("date", None | Some("medium")) => Self::Date(Length::Medium),
            ("date", Some("short")) => Self::Date(Length::Short),
            ("date", Some("long")) => Self::Date(Length::Long),
            ("date", Some("full")) => Self::Date(Length::Full),
            ("time", None | Some("short")) => Self::Time,
            ("datetime", None) => Self::DateTime,
            _ => return None,
        })
    }

    /// Its word.
    pub(crate) fn word(self) -> String {
        let with = |name: &str, digits| match digits {
            Digits::AsGiven => name.to_owned(),
            Digits::Exactly(digits) => format!("{name}.{digits}"),
        };
        match self {
            Self::Plain => String::new(),
            Self::Number(digits) => with("number", digits),
            Self::Percent(digits) => with("percent", digits),
            Self::Date(Length::Short) => "date.short".to_owned(),
            Self::Date(Length::Medium) => "date".to_owned(),
            Self::Date(Length::Long) => "date.long".to_owned(),
            Self::Date(Length::Full) => "date.full".to_owned(),
            Self::Time => "time".to_owned(),
            Self::DateTime => "datetime".to_owned(),
        }
    }

    /// The value as text, or what was expected instead of it.
    pub(crate) fn write(self, value: &Value, lang: &Lang) -> Result<String, String> {
        match self {
            Self::Plain => plain(value),
            Self::Number(digits) => number(decimal(value)?, digits, &lang.locale()),
            Self::Percent(digits) => percent(decimal(value)?, digits, &lang.locale()),
            Self::Date(length) => date(day(value)?, length, &lang.locale()),
            Self::Time => time(day_and_time(value)?.time, &lang.locale()),
            Self::DateTime => date_time(&day_and_time(value)?, &lang.locale()),
        }
    }
}

impl Digits {
    fn of(detail: Option<&str>) -> Option<Self> {
        let Some(detail) = detail else { return Some(Self::AsGiven) };
        match detail.as_bytes() {
            [digit @ b'0'..=b'9'] => {
                Some(digit - b'0').filter(|n| *n <= FRACTION_DIGITS_MAX).map(Self::Exactly)
            }
            _ => None,
        }
    }
}

fn plain(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => digits(number),
        Value::Bool(true) => Ok("true".to_owned()),
        Value::Bool(false) => Ok("false".to_owned()),
        other @ (Value::Null | Value::Array(_) | Value::Object(_)) => {
            Err(format!("expected a text or a number, found {}", kind(other)))
        }
    }
}

/// A JSON number in digits, without exponent.
///
/// A picture is named after its payload's numbers as doubles, so two whole numbers that no double
/// tells apart would share one picture: they are refused.
fn digits(number: &Number) -> Result<String, String> {
    const EXACT_MAX: u64 = (1 << 53) - 1;
    let whole = number.as_i64().map(i64::unsigned_abs).or_else(|| number.as_u64());
    match (whole, number.as_f64()) {
        (Some(..=EXACT_MAX), _) => Ok(number.to_string()),
        (Some(_), _) => Err(format!(
            "{number} is larger than {EXACT_MAX}, so a JSON number may lose digits of it; send it \
             as a string"
        )),
        (None, Some(float)) => Ok((float + 0.0).to_string()), // -0 becomes 0.
        (None, None) => Err("expected a number".to_owned()),
    }
}

/// A number, or a string that is one. A string keeps the zeros that a JSON number cannot: "3.50".
fn decimal(value: &Value) -> Result<Decimal, String> {
    let parsed = match value {
        Value::Number(number) => Decimal::try_from_str(&digits(number)?).ok(),
        Value::String(text) => {
            // An exponent could ask for thousands of digits.
            let fits = text.len() <= NUMBER_CHARS_MAX && !text.contains(['e', 'E']);
            Some(text).filter(|_| fits).and_then(|text| Decimal::try_from_str(text).ok())
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    parsed.ok_or_else(|| format!("expected a number such as 3.5, found {}", found(value)))
}

fn day(value: &Value) -> Result<Date<Iso>, String> {
    let moment = value.as_str().and_then(Moment::parse);
    let expected = "expected an ISO 8601 date such as 2026-11-24";
    moment.map(|moment| moment.date).ok_or_else(|| format!("{expected}, found {}", found(value)))
}

fn day_and_time(value: &Value) -> Result<DateTime<Iso>, String> {
    let moment = value.as_str().and_then(Moment::parse);
    let both = moment.and_then(|Moment { date, time }| Some(DateTime { date, time: time? }));
    let expected = "expected an ISO 8601 date and time such as 2026-11-24T14:30:00";
    both.ok_or_else(|| format!("{expected}, found {}", found(value)))
}

/// What stands in the place of what was expected.
fn found(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().nth(FOUND_CHARS_MAX).is_some() => {
            format!("\"{}…\"", text.chars().take(FOUND_CHARS_MAX).collect::<String>())
        }
        Value::String(text) => format!("\"{text}\""),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
    }
}

/// Halves are rounded away from zero (half-expand), as people do with prices: 2.5 becomes 3.
fn round(number: &mut Decimal, digits: Digits) {
    let mode = SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfExpand);
    match digits {
        Digits::Exactly(count) => {
            number.round_with_mode(-i16::from(count), mode);
            number.absolute.pad_end(-i16::from(count));
        }
        Digits::AsGiven => {
            let digits_max = i16::from(FRACTION_DIGITS_MAX);
            if *number.absolute.magnitude_range().start() < -digits_max {
                number.round_with_mode(-digits_max, mode);
                number.absolute.trim_end();
            }
        }
    }
    number.absolute.trim_start();
    number.apply_sign_display(SignDisplay::Negative); // -0 becomes 0.
}

fn number(mut number: Decimal, digits: Digits, locale: &Locale) -> Result<String, String> {
    round(&mut number, digits);
    let formatter =
        DecimalFormatter::try_new(locale.into(), Default::default()).map_err(no_data)?;
    Ok(formatter.format(&number).to_string())
}

/// ICU4X has no stable percent formatter, so the sign is placed by a rule of our own: behind the
/// number, after a no-break space in the languages of [`spaced`]; before it in Turkish, Kurdish
/// and Basque. Arabic and Persian digits take their own sign.
///
/// Compared with ICU4C (CLDR 48) in 819 locales, the result differs where ICU4X has other digits or
/// another minus sign, and in Central Kurdish, Occitan, Anii, `ku-IQ` and `ur-IN`.
fn percent(mut value: Decimal, digits: Digits, locale: &Locale) -> Result<String, String> {
    value.absolute.multiply_pow10(2);
    let negative = number(value.clone(), digits, locale)?;
    let language = locale.id.language;
    let before = match language.as_str() {
        "tr" | "ku" => "%",
        "eu" => "%\u{a0}",
        _ => {
            let after = match negative.chars().rfind(|char| char.is_numeric()) {
                Some('\u{660}'..='\u{669}') => "\u{66a}\u{61c}",
                Some('\u{6f0}'..='\u{6f9}') => "\u{66a}",
                _ if language.as_str() == "ar" => "\u{200e}%\u{200e}",
                _ if spaced(locale) => "\u{a0}%",
                _ => "%",
            };
            return Ok(negative + after);
        }
    };
    // The minus sign stays in front: -%25.
    value.apply_sign_display(SignDisplay::Never);
    let positive = number(value, digits, locale)?;
    let sign = negative.strip_suffix(&positive).unwrap_or_default();
    Ok(format!("{sign}{before}{positive}"))
}

/// Whether the language sets a no-break space before its percent sign.
fn spaced(locale: &Locale) -> bool {
    let region = locale.id.region.as_ref().map(|region| region.as_str());
    match locale.id.language.as_str() {
        "bas" | "be" | "br" | "bua" | "ca" | "ce" | "cs" | "cv" | "da" | "dsb" | "dua" => true,
        "dz" | "fi" | "fo" | "gl" | "gsw" | "hr" | "hsb" | "kl" | "ksh" | "lb" | "lt" => true,
        "mk" | "nb" | "nds" | "nn" | "no" | "qu" | "rn" | "ro" | "ru" | "se" | "sk" => true,
        "sl" | "smn" | "sv" | "tk" | "tt" | "zgh" => true,
        "de" => !matches!(region, Some("CH" | "LI")),
        "fr" => region != Some("CH"),
        "es" => matches!(region, None | Some("ES" | "EA" | "IC" | "GQ" | "PH")),
        "en" => matches!(region, Some("AT" | "DE" | "DK" | "FI" | "NO" | "SE")),
        _ => false,
    }
}

/// Whatever the locale asks for: Thai counts Buddhist years, Persian has its own calendar.
fn date(date: Date<Iso>, length: Length, locale: &Locale) -> Result<String, String> {
    let days = match length {
        Length::Short => YMD::short(),
        Length::Medium => YMD::medium(),
        Length::Long => YMD::long(),
        Length::Full => {
            let formatter = DateTimeFormatter::try_new(locale.into(), YMDE::long());
            return Ok(formatter.map_err(no_data)?.format(&date).to_string());
        }
    };
    let formatter = DateTimeFormatter::try_new(locale.into(), days).map_err(no_data)?;
    Ok(formatter.format(&date).to_string())
}

fn time(time: Time, locale: &Locale) -> Result<String, String> {
    let formatter = NoCalendarFormatter::try_new(locale.into(), T::hm()).map_err(no_data)?;
    Ok(formatter.format(&time).to_string())
}

fn date_time(at: &DateTime<Iso>, locale: &Locale) -> Result<String, String> {
    let fields = YMD::medium().with_time_hm();
    let formatter = DateTimeFormatter::try_new(locale.into(), fields).map_err(no_data)?;
    Ok(formatter.format(at).to_string())
}

/// Compiled data falls back to a neutral form for languages that it lacks, so nobody reads this.
fn no_data(error: impl std::fmt::Display) -> String {
    format!("cannot be written in this language: {error}")
}
