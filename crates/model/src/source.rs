//! Where an image comes from, and the bytes of those that carry themselves.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use data_url::DataUrl;
use data_url::forgiving_base64::DecodeError;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::property::Property;
use crate::schema::Defs;

/// The `src` of an image or SVG element.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Not given yet; binding refuses it.
    Missing,
    /// An `http:` or `https:` URL, fetched by the worker.
    Url(Arc<str>),
    /// A `data:` URI, the bytes inline.
    Data(DataUri),
    /// A path relative to the template's folder; only the offline commands have one.
    File(Arc<str>),
}

impl Source {
    /// The text as the template or the payload gives it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Missing => "",
            Self::Url(text) | Self::File(text) => text,
            Self::Data(uri) => uri,
        }
    }

    /// A short form for messages: a `data:` URI may be megabytes long.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Data(_) => "a data: URI".to_owned(),
            Self::Missing | Self::Url(_) | Self::File(_) => {
                self.as_str().chars().take(200).collect()
            }
        }
    }
}

/// The text of a `data:` URI, which may be megabytes long. It is read once for its hash, and not by every
/// map that it is a key of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataUri {
    hash: u64,
    text: Arc<str>,
}

impl From<&str> for DataUri {
    fn from(text: &str) -> Self {
        // Nobody can choose texts of equal hashes.
        let mut hash = [0; 8];
        blake3::Hasher::new().update(text.as_bytes()).finalize_xof().fill(&mut hash);
        Self { hash: u64::from_le_bytes(hash), text: text.into() }
    }
}

impl Deref for DataUri {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl Hash for DataUri {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Why a `data:` URI gives no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFault {
    /// Nothing parts its media type from its data.
    NoComma,
    /// It says that it is base64, and is not.
    NotBase64,
    /// It has more bytes than are taken.
    TooLarge,
}

impl std::fmt::Display for DataFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoComma => "it has no comma",
            Self::NotBase64 => "this is not base64",
            Self::TooLarge => "it is too large",
        })
    }
}

/// Decodes a `data:` URI into at most `bytes_max` bytes. Its media type is not believed, and so
/// not read: the bytes say what they are.
///
/// # Errors
/// When it is not one, or has more bytes.
pub fn data_bytes(uri: &str, bytes_max: usize) -> Result<Vec<u8>, DataFault> {
    let url = DataUrl::process(uri).map_err(|_| DataFault::NoComma)?;
    let mut bytes = Vec::new();
    let decoded = url.decode(|part| {
        if bytes.len() + part.len() > bytes_max {
            return Err(DataFault::TooLarge);
        }
        bytes.extend_from_slice(part);
        Ok(())
    });
    match decoded {
        Ok(_) => Ok(bytes),
        Err(DecodeError::WriteError(fault)) => Err(fault),
        Err(DecodeError::InvalidBase64(_)) => Err(DataFault::NotBase64),
    }
}

impl Property for Source {
    fn read(value: &Value) -> Result<Self, Faults> {
        let text = String::read(value)?;
        if text.is_empty() {
            return Ok(Self::Missing);
        }
        let Some((scheme, _)) = text.split_once(':') else {
            return relative(text);
        };
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => {
                let url = url::Url::parse(&text).map_err(|e| format!("not a URL: {e}"))?;
                if !url.username().is_empty() || url.password().is_some() {
                    return Err("a URL with a user name or password is refused".into());
                }
                Ok(Self::Url(url.as_str().into()))
            }
            "data" => Ok(Self::Data(text.as_str().into())),
            _ => Err(format!("`{scheme}:` is refused; use an https: URL or a data: URI").into()),
        }
    }

    fn write(&self) -> Value {
        json!(self.as_str())
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "string", "examples": ["https://example.com/photo.jpg"]})
    }
}

fn relative(text: String) -> Result<Source, Faults> {
    let escapes = text.starts_with(['/', '\\']) || text.split(['/', '\\']).any(|part| part == "..");
    if escapes {
        return Err("a path must stay inside the template's folder, and works in the offline \
                    commands alone; use an https: URL or a data: URI"
            .into());
    }
    Ok(Source::File(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_uris_are_decoded_within_the_limit() {
        let cases: [(&str, Result<&[u8], DataFault>); 7] = [
            ("data:image/png;base64,iVBORw==", Ok(b"\x89PNG")),
            ("data:image/svg+xml,%3Csvg/%3E", Ok(b"<svg/>")),
            ("data:,", Ok(b"")),
            ("data:image/png;base64,aGVsbG8gd29ybGQ=", Err(DataFault::TooLarge)),
            ("data:,hello%20world", Err(DataFault::TooLarge)),
            ("data:image/png", Err(DataFault::NoComma)),
            ("data:;base64,%%", Err(DataFault::NotBase64)),
        ];
        for (uri, expected) in cases {
            let found = data_bytes(uri, 6);
            assert_eq!(found.as_deref(), expected.as_ref().copied(), "{uri}");
        }
    }
}
