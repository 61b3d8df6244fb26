//! Moments: ISO 8601 dates, with or without a time, as payloads write them.
//!
//! `2026-11-24`, `2026-11-24T14:30`, `2026-11-24T14:30:00.250+02:00`. What is shown is what is
//! written: an offset must be right, and is then dropped. Deliberately absent: time zones, week
//! and ordinal dates, durations, and the clock.

use icu_calendar::{Date, Iso};
use icu_datetime::input::Time;

/// A day, and perhaps a time of it.
pub(crate) struct Moment {
    /// The day.
    pub date: Date<Iso>,
    /// The time on the wall, if one is given.
    pub time: Option<Time>,
}

impl Moment {
    /// Reads one; `None` when it is none, or no day of the calendar.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (day, time) = match text.split_once('T') {
            Some((day, time)) => (day, Some(self::time(time)?)),
            None => (text, None),
        };
        Some(Self { date: date(day)?, time })
    }
}

fn date(text: &str) -> Option<Date<Iso>> {
    let mut fields = text.split('-');
    let year = digits(fields.next()?, 4)?;
    let (month, day) = (two(fields.next()?)?, two(fields.next()?)?);
    if fields.next().is_some() {
        return None;
    }
    Date::try_new_iso(i32::from(year), month, day).ok()
}

fn time(text: &str) -> Option<Time> {
    let (clock, offset) = text.split_at(text.find(['Z', '+', '-']).unwrap_or(text.len()));
    if !(offset.is_empty() || offset == "Z" || is_offset(offset)) {
        return None;
    }
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock, None),
    };
    let mut fields = clock.split(':');
    let (hour, minute) = (two(fields.next()?)?, two(fields.next()?)?);
    let second = match (fields.next(), fraction) {
        (Some(second), _) => two(second)?,
        (None, None) => 0,
        (None, Some(_)) => return None,
    };
    // No format shows fractions of a second, so they are only checked.
    let fraction = fraction.unwrap_or("0");
    let whole = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if fields.next().is_some() || !whole {
        return None;
    }
    Time::try_new(hour, minute, second, 0).ok()
}

/// `+02:00`.
fn is_offset(text: &str) -> bool {
    let fields = text.strip_prefix(['+', '-']).and_then(|text| text.split_once(':'));
    let fields = fields.and_then(|(hour, minute)| Some((two(hour)?, two(minute)?)));
    fields.is_some_and(|(hour, minute)| hour < 24 && minute < 60)
}

fn two(text: &str) -> Option<u8> {
    digits(text, 2).and_then(|number| number.try_into().ok())
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<u16> {
    let exactly = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    Some(text).filter(|_| exactly)?.parse().ok()
}
