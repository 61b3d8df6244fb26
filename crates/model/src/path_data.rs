//! SVG path data that was read once, so that a template with a broken path is refused at once.

use std::ops::Deref;

use kurbo::BezPath;
use serde_json::Value;

use crate::limits::PATH_CHARS_MAX;
use crate::property::Property;

/// Text that is SVG path data; empty for no path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathData(String);

impl PathData {
    /// Data that is known to be right.
    pub(crate) fn known(data: &str) -> Self {
        Self(data.to_owned())
    }
}

impl Deref for PathData {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Property for PathData {
    fn read(value: &Value) -> Result<Self, String> {
        let data = String::read(value)?;
        if data.len() > PATH_CHARS_MAX {
            return Err(format!("longer than {PATH_CHARS_MAX} bytes"));
        }
        let invalid = |reason: &str| format!("no SVG path data: {reason}");
        let path = BezPath::from_svg(&data).map_err(|error| invalid(&error.to_string()))?;
        if !path.is_finite() {
            return Err(invalid("a number is too large"));
        }
        Ok(Self(data))
    }
}
