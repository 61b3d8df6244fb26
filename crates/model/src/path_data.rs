//! SVG path data that is read once: a template with a broken path is refused at once, and no row reads
//! it again.

use std::sync::Arc;

use kurbo::BezPath;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::limits::PATH_CHARS_MAX;
use crate::property::Property;
use crate::schema::Defs;

/// A path that was written as SVG path data; empty for no path. Clones share it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathData(Arc<BezPath>);

impl PathData {
    /// Data that is known to be right.
    pub(crate) fn known(data: &str) -> Self {
        Self(Arc::new(BezPath::from_svg(data).unwrap_or_default()))
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Arc<BezPath> {
        &self.0
    }
}

impl Property for PathData {
    fn read(value: &Value) -> Result<Self, Faults> {
        let data = String::read(value)?;
        if data.len() > PATH_CHARS_MAX {
            return Err(format!("longer than {PATH_CHARS_MAX} bytes").into());
        }
        let invalid = |reason: &str| format!("no SVG path data: {reason}");
        let path = BezPath::from_svg(&data).map_err(|error| invalid(&error.to_string()))?;
        if !path.is_finite() {
            return Err(invalid("a number is too large").into());
        }
        Ok(Self(Arc::new(path)))
    }

    fn write(&self) -> Value {
        json!(self.0.to_svg())
    }

    fn schema(defs: &mut Defs) -> Value {
        defs.share("pathData", |_| {
            json!({
                "type": "string", "maxLength": PATH_CHARS_MAX,
                "description": "SVG path data.",
                "examples": ["M0 0H24V24Z"],
            })
        })
    }
}
