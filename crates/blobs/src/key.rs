//! Keys: the names of blobs.
//!
//! A key is a relative path that means the same in a folder, in an object store and in a URL, so
//! its characters are few and nothing in it is ever escaped.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Bytes of one key.
pub const KEY_BYTES_MAX: usize = 512;
/// Bytes between two slashes; file systems stop at 255.
pub const SEGMENT_BYTES_MAX: usize = 200;

/// The name of a blob: segments of `A-Z a-z 0-9 . _ -` between slashes. A segment is not empty and
/// does not start with a dot. With a slash at its end it names a folder, for [`list`] alone.
///
/// [`list`]: crate::Blobs::list
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names a folder of blobs and no blob.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.0.ends_with('/')
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(reason) => Err(Error::KeyInvalid { key: text.chars().take(80).collect(), reason }),
        }
    }
}

/// What is wrong with `text` as a key.
fn fault(text: &str) -> Option<&'static str> {
    if text.len() > KEY_BYTES_MAX {
        return Some("it is longer than 512 bytes");
    }
    // One slash at the end marks a folder; a second one leaves an empty segment behind.
    text.strip_suffix('/').unwrap_or(text).split('/').find_map(segment_fault)
}

fn segment_fault(segment: &str) -> Option<&'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if segment.is_empty() {
        Some("a part between slashes is empty")
    } else if segment.starts_with('.') {
        Some("a part starts with a dot")
    } else if segment.len() > SEGMENT_BYTES_MAX {
        Some("a part is longer than 200 bytes")
    } else if !segment.bytes().all(fits) {
        Some("only A-Z a-z 0-9 . _ - and / are allowed")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_plain_relative_paths() {
        let long_segment = "a".repeat(SEGMENT_BYTES_MAX + 1);
        let long = "abcdefgh/".repeat(KEY_BYTES_MAX / 9 + 1);
        let cases = [
            ("a", true),
            ("t/0190b2c0/abc-d_e.png", true),
            ("a..b", true),
            ("p/", true),
            ("p/q/", true),
            ("", false),
            ("/", false),
            ("/a", false),
            ("a//b", false),
            ("a//", false),
            (".", false),
            ("..", false),
            ("a/../b", false),
            ("a/.hidden", false),
            ("a b", false),
            ("a\\b", false),
            ("a%2fb", false),
            ("ä", false),
            ("a\0", false),
            (&long_segment, false),
            (&long, false),
        ];
        for (text, fits) in cases {
            let key = text.parse::<Key>();
            assert_eq!(key.is_ok(), fits, "{text}");
            assert!(key.is_err() || key.is_ok_and(|key| key.to_string() == text), "{text}");
        }
    }
}
