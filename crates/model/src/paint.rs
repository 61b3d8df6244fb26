//! What a shape is filled with.

use serde_json::{Map, Value};

use crate::Color;
use crate::limits::GRADIENT_STOPS_MAX;
use crate::property::{Property, object, within};

/// A fill: nothing, a colour or a gradient.
#[derive(Clone, Debug, PartialEq)]
pub enum Paint {
    /// Nothing is painted.
    None,
    /// One colour.
    Solid(Color),
    /// A linear gradient over the shape's box.
    Linear(LinearGradient),
}

impl Paint {
    /// Whether painting it changes nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        match self {
            Self::None => true,
            Self::Solid(color) => color.a == 0,
            Self::Linear(gradient) => gradient.stops.iter().all(|stop| stop.color.a == 0),
        }
    }
}

/// A linear gradient, as CSS `linear-gradient` defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearGradient {
    /// Direction in degrees: 0 points up, 90 to the right, 180 down.
    pub angle: f64,
    /// At least two stops, offsets never falling.
    pub stops: Vec<Stop>,
}

/// One colour of a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Place along the gradient line, 0 to 1.
    pub offset: f64,
    /// The colour there.
    pub color: Color,
}

impl Property for Paint {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(Self::None),
            Value::String(text) if text == "none" => Ok(Self::None),
            Value::String(text) => Color::parse(text).map(Self::Solid),
            Value::Object(fields) => gradient(fields),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                Err("expected a colour or a gradient object".to_owned())
            }
        }
    }
}

fn gradient(fields: &Map<String, Value>) -> Result<Paint, String> {
    match fields.get("type").and_then(Value::as_str) {
        Some("linear") => {}
        _ => return Err("a gradient needs \"type\": \"linear\"".to_owned()),
    }
    if let Some(key) = fields.keys().find(|key| !matches!(key.as_str(), "type" | "angle" | "stops"))
    {
        return Err(format!("unknown key `{key}` in a gradient; it has type, angle and stops"));
    }
    let angle =
        fields.get("angle").map_or(Ok(180.0), f64::read).map_err(|e| format!("angle: {e}"))?;
    let stops = match fields.get("stops") {
        Some(Value::Array(stops)) => stops,
        _ => return Err("a gradient needs `stops`, a list of {\"offset\", \"color\"}".to_owned()),
    };
    if !(2..=GRADIENT_STOPS_MAX).contains(&stops.len()) {
        return Err(format!("a gradient has 2 to {GRADIENT_STOPS_MAX} stops, not {}", stops.len()));
    }
    let mut read = Vec::with_capacity(stops.len());
    for (index, value) in stops.iter().enumerate() {
        let stop = stop(value).map_err(|e| format!("stops[{index}]: {e}"))?;
        if read.last().is_some_and(|last: &Stop| last.offset > stop.offset) {
            return Err(format!("stops[{index}]: offsets must not fall"));
        }
        read.push(stop);
    }
    Ok(Paint::Linear(LinearGradient { angle, stops: read }))
}

fn stop(value: &Value) -> Result<Stop, String> {
    let fields = object(value)?;
    if let Some(key) = fields.keys().find(|key| !matches!(key.as_str(), "offset" | "color")) {
        return Err(format!("unknown key `{key}`; a stop has offset and color"));
    }
    let offset = fields.get("offset").ok_or("offset is missing (0 to 1)")?;
    let color = fields.get("color").ok_or("color is missing")?;
    Ok(Stop { offset: within(f64::read(offset)?, 0.0..=1.0)?, color: Color::read(color)? })
}
