//! Where an image comes from.

use std::sync::Arc;

use serde_json::{Value, json};

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
    Data(Arc<str>),
    /// A path relative to the template's folder; only the offline commands have one.
    File(Arc<str>),
}

impl Source {
    /// The text as the template or the payload gives it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Missing => "",
            Self::Url(text) | Self::Data(text) | Self::File(text) => text,
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

impl Property for Source {
    fn read(value: &Value) -> Result<Self, String> {
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
                    return Err("a URL with a user name or password is refused".to_owned());
                }
                Ok(Self::Url(url.as_str().into()))
            }
            "data" => Ok(Self::Data(text.into())),
            _ => Err(format!("`{scheme}:` is refused; use an https: URL or a data: URI")),
        }
    }

    fn write(&self) -> Value {
        json!(self.as_str())
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "string", "examples": ["https://example.com/photo.jpg"]})
    }
}

fn relative(text: String) -> Result<Source, String> {
    let escapes = text.starts_with(['/', '\\']) || text.split(['/', '\\']).any(|part| part == "..");
    if escapes {
        return Err("a path must stay inside the template's folder, and works in the offline \
                    commands alone; use an https: URL or a data: URI"
            .to_owned());
    }
    Ok(Source::File(text.into()))
}
