//! What shapes are filled with: colours, gradients and pictures.

use serde_json::{Map, Value, json};

use crate::faults::{Faults, Fields, at, each};
use crate::limits::{COORDINATE_PX_MAX, GRADIENT_STOPS_MAX};
use crate::property::{Property, object, within, words};
use crate::schema::{self, Defs};
use crate::{Color, ObjectPosition, Source};

/// A fill: nothing, a colour or a gradient.
#[derive(Clone, Debug, PartialEq)]
pub enum Paint {
    /// Nothing is painted.
    None,
    /// One colour.
    Solid(Color),
    /// A gradient over the shape's box.
    Gradient(Gradient),
}

impl Paint {
    /// Whether painting it changes nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        match self {
            Self::None => true,
            Self::Solid(color) => color.a == 0,
            Self::Gradient(gradient) => gradient.stops.iter().all(|stop| stop.color.a == 0),
        }
    }
}

/// A gradient, as CSS defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// Which way its colours run.
    pub kind: GradientKind,
    /// At least two stops, offsets never falling.
    pub stops: Vec<Stop>,
    /// What is before the first stop and after the last.
    pub spread: SpreadMethod,
}

/// Which way the colours of a gradient run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GradientKind {
    /// Along a line through the centre of the box.
    Linear {
        /// Direction in degrees: 0 points up, 90 to the right, 180 down.
        angle: f64,
    },
    /// Outwards.
    Radial {
        /// As ellipses or circles.
        shape: RadialShape,
        /// Where the last one lies.
        size: RadialSize,
        /// The centre.
        position: ObjectPosition,
    },
    /// Around a point.
    Conic {
        /// Where it begins, in degrees: 0 is above the point; it runs clockwise.
        angle: f64,
        /// The point.
        position: ObjectPosition,
    },
}

words! {
    /// What the lines of one colour are in a radial gradient.
    pub enum RadialShape {
        /// Ellipses.
        Ellipse = "ellipse",
        /// Circles.
        Circle = "circle",
    }
}

words! {
    /// How far a radial gradient reaches.
    pub enum RadialSize {
        /// To the side of the box next to its centre.
        ClosestSide = "closest-side",
        /// To the side of the box farthest from its centre.
        FarthestSide = "farthest-side",
        /// To the corner of the box next to its centre.
        ClosestCorner = "closest-corner",
        /// To the corner of the box farthest from its centre.
        FarthestCorner = "farthest-corner",
    }
}

words! {
    /// What a gradient paints before its first stop and after its last.
    pub enum SpreadMethod {
        /// The colour of that stop.
        Pad = "pad",
        /// The gradient again.
        Repeat = "repeat",
        /// The gradient again, every other time backwards.
        Reflect = "reflect",
    }
}

/// One colour of a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Place along the gradient line, 0 to 1.
    pub offset: f64,
    /// The colour there.
    pub color: Color,
}

/// The inside of a shape: a fill, or a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Fill {
    /// A colour or a gradient.
    Paint(Paint),
    /// A picture.
    Image(ImageFill),
}

/// A picture that fills a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageFill {
    /// Where it comes from.
    pub src: Source,
    /// How it fills the shape's box.
    pub fit: FillFit,
    /// Which part of it stays in view, or where the first tile lies.
    pub position: ObjectPosition,
    /// Width of a tile in px; the picture's own when none is given.
    pub tile_width: Option<f64>,
}

words! {
    /// How a picture fills the box of a shape.
    pub enum FillFit {
        /// Fills the box; what does not fit is cut.
        Cover = "cover",
        /// Wholly inside the box.
        Contain = "contain",
        /// Stretched to the box.
        Fill = "fill",
        /// Again and again in both directions.
        Tile = "tile",
    }
}

impl Property for Paint {
    fn read(value: &Value) -> Result<Self, Faults> {
        match value {
            Value::Null => Ok(Self::None),
            Value::String(text) if text == "none" => Ok(Self::None),
            Value::String(_) => Color::read(value).map(Self::Solid),
            Value::Object(fields) => gradient(fields).map(Self::Gradient),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                Err("expected a colour or a gradient object".into())
            }
        }
    }

    fn write(&self) -> Value {
        match self {
            Self::None => json!("none"),
            Self::Solid(color) => color.write(),
            Self::Gradient(gradient) => gradient.write(),
        }
    }

    fn schema(defs: &mut Defs) -> Value {
        defs.share("fill", |defs| {
            schema::with(
                fill_schema(gradients(defs)),
                json!({
                    "description": "A colour, \"none\", or a gradient.",
                    "examples": ["#0f172a", "none", {"type": "linear", "angle": 90, "stops": [
                        {"offset": 0, "color": "#1e3a8a"}, {"offset": 1, "color": "#7c3aed"},
                    ]}],
                }),
            )
        })
    }
}

impl Gradient {
    fn write(&self) -> Value {
        let mut written = match self.kind {
            GradientKind::Linear { angle } => json!({"type": "linear", "angle": angle.write()}),
            GradientKind::Radial { shape, size, position } => json!({
                "type": "radial", "shape": shape.write(), "size": size.write(),
                "position": position.write(),
            }),
            GradientKind::Conic { angle, position } => {
                json!({"type": "conic", "angle": angle.write(), "position": position.write()})
            }
        };
        let stop =
            |stop: &Stop| json!({"offset": stop.offset.write(), "color": stop.color.write()});
        written["stops"] = self.stops.iter().map(stop).collect();
        written["spreadMethod"] = self.spread.write();
        written
    }
}

/// The schema of a fill whose objects have one of these forms.
fn fill_schema(forms: Vec<(&str, Value)>) -> Value {
    json!({
        "type": ["string", "null", "object"],
        "if": {"type": "object"},
        "then": schema::by_type(forms),
    })
}

/// The schema of an object with these fields besides its `type`.
fn fields_schema<const N: usize>(required: &[&str], fields: [(&str, Value); N]) -> Value {
    let named = [("type", json!({"type": "string"}))].into_iter().chain(fields);
    let named = named.map(|(key, schema)| (key.to_owned(), schema)).collect();
    schema::object(named, required)
}

/// The schemas of gradients, by their types.
fn gradients(defs: &mut Defs) -> Vec<(&'static str, Value)> {
    let stop = fields_of_stop(defs);
    let stops = json!({
        "type": "array", "items": stop, "minItems": 2, "maxItems": GRADIENT_STOPS_MAX,
        "description": "Colours along the gradient; offsets never fall.",
    });
    let angle = |about: &str| json!({"type": "number", "description": about});
    let (position, spread) = (ObjectPosition::schema(defs), SpreadMethod::schema(defs));
    let linear = fields_schema(
        &["stops"],
        [
            (
                "angle",
                angle("Degrees as in CSS: 0 points up, 90 to the right, 180, the default, down."),
            ),
            ("stops", stops.clone()),
            ("spreadMethod", spread.clone()),
        ],
    );
    let radial = fields_schema(
        &["stops"],
        [
            ("shape", RadialShape::schema(defs)),
            ("size", RadialSize::schema(defs)),
            ("position", position.clone()),
            ("stops", stops.clone()),
            ("spreadMethod", spread.clone()),
        ],
    );
    let conic = fields_schema(
        &["stops"],
        [
            ("angle", angle("Where it begins, in degrees: 0 is above the centre.")),
            ("position", position),
            ("stops", stops),
            ("spreadMethod", spread),
        ],
    );
    vec![("linear", linear), ("radial", radial), ("conic", conic)]
}

fn fields_of_stop(defs: &mut Defs) -> Value {
    let offset = json!({"type": "number", "minimum": 0, "maximum": 1});
    let fields = [("offset", offset), ("color", Color::schema(defs))];
    let fields = fields.map(|(key, schema)| (key.to_owned(), schema)).into_iter().collect();
    schema::object(fields, &["offset", "color"])
}

impl Property for Fill {
    fn read(value: &Value) -> Result<Self, Faults> {
        match value.as_object() {
            Some(fields) if fields.get("type").is_some_and(|word| word == "image") => {
                image(fields).map(Self::Image)
            }
            _ => Paint::read(value).map(Self::Paint),
        }
    }

    fn write(&self) -> Value {
        match self {
            Self::Paint(paint) => paint.write(),
            Self::Image(ImageFill { src, fit, position, tile_width }) => {
                let mut written = json!({
                    "type": "image", "src": src.write(), "objectFit": fit.write(),
                    "objectPosition": position.write(),
                });
                if let Some(px) = tile_width {
                    written["tileWidth"] = px.write();
                }
                written
            }
        }
    }

    fn schema(defs: &mut Defs) -> Value {
        defs.share("shapeFill", |defs| {
            let tile = schema::ranged(json!({"type": "number"}), &(1.0..=COORDINATE_PX_MAX));
            let image = fields_schema(&["src"], [
                ("src", Source::schema(defs)),
                ("objectFit", FillFit::schema(defs)),
                ("objectPosition", ObjectPosition::schema(defs)),
                ("tileWidth", schema::or_null(tile)),
            ]);
            let mut forms = gradients(defs);
            forms.push(("image", image));
            schema::with(fill_schema(forms), json!({
                "description": "A colour, \"none\", a gradient or a picture.",
                "examples": ["#0f172a", "none", {
                    "type": "image", "src": "https://example.com/photo.jpg", "objectFit": "cover",
                }],
            }))
        })
    }
}

fn gradient(fields: &Map<String, Value>) -> Result<Gradient, Faults> {
    let centre = ObjectPosition { x: 0.5, y: 0.5 };
    let (what, own): (_, &[&str]) = match fields.get("type").and_then(Value::as_str) {
        Some("linear") => ("a linear gradient", &["angle"]),
        Some("radial") => ("a radial gradient", &["shape", "size", "position"]),
        Some("conic") => ("a conic gradient", &["angle", "position"]),
        Some("image") => {
            return Err("a picture fills shapes alone (rect, ellipse, polygon, star, path)".into());
        }
        _ => return Err("a gradient needs a \"type\": linear, radial or conic".into()),
    };
    let known = [&["type"], own, &["stops", "spreadMethod"]].concat();
    let mut fields = Fields::new(fields, what, &known);
    let kind = match what {
        "a linear gradient" => {
            fields.get("angle", 180.0).map(|angle| GradientKind::Linear { angle })
        }
        "a radial gradient" => {
            let shape = fields.get("shape", RadialShape::Ellipse);
            let size = fields.get("size", RadialSize::FarthestCorner);
            let position = fields.get("position", centre);
            let kind =
                || Some(GradientKind::Radial { shape: shape?, size: size?, position: position? });
            kind()
        }
        _ => {
            let (angle, position) = (fields.get("angle", 0.0), fields.get("position", centre));
            angle.zip(position).map(|(angle, position)| GradientKind::Conic { angle, position })
        }
    };
    let stops = fields.read("stops", None, stops);
    let spread = fields.get("spreadMethod", SpreadMethod::Pad);
    let gradient = || Some(Gradient { kind: kind?, stops: stops?, spread: spread? });
    fields.done(gradient())
}

fn stops(value: &Value) -> Result<Vec<Stop>, Faults> {
    let stops = value.as_array().ok_or("expected a list of {\"offset\", \"color\"}")?;
    if !(2..=GRADIENT_STOPS_MAX).contains(&stops.len()) {
        let count = stops.len();
        return Err(format!("a gradient has 2 to {GRADIENT_STOPS_MAX} stops, not {count}").into());
    }
    let stops = each(stops, stop)?;
    match stops.windows(2).position(|pair| pair[0].offset > pair[1].offset) {
        Some(index) => at(format_args!("[{}].offset", index + 1), Err("offsets must not fall")),
        None => Ok(stops),
    }
}

fn stop(value: &Value) -> Result<Stop, Faults> {
    let mut fields = Fields::new(object(value)?, "a stop", &["offset", "color"]);
    let (offset, color) = (fields.within("offset", None, 0.0..=1.0), fields.get("color", None));
    fields.done(offset.zip(color).map(|(offset, color)| Stop { offset, color }))
}

fn image(fields: &Map<String, Value>) -> Result<ImageFill, Faults> {
    let known = ["type", "src", "objectFit", "objectPosition", "tileWidth"];
    let mut fields = Fields::new(fields, "a picture as a fill", &known);
    let src = fields.read("src", None, |value| match Source::read(value)? {
        Source::Missing => Err("empty: where does the picture come from?".into()),
        source => Ok(source),
    });
    let fit = fields.get("objectFit", FillFit::Cover);
    let position = fields.get("objectPosition", ObjectPosition { x: 0.5, y: 0.5 });
    let tile_width = fields.read("tileWidth", Some(None), |value| match Option::read(value)? {
        Some(px) => within(px, 1.0..=COORDINATE_PX_MAX).map(Some),
        None => Ok(None),
    });
    if matches!(
        (fit, tile_width),
        (Some(FillFit::Cover | FillFit::Contain | FillFit::Fill), Some(Some(_)))
    ) {
        fields.refuse("tileWidth", "goes with \"objectFit\": \"tile\" alone");
    }
    let image =
        || Some(ImageFill { src: src?, fit: fit?, position: position?, tile_width: tile_width? });
    fields.done(image())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: Value, expected: Result<GradientKind, &str>) {
        match (Paint::read(&value), expected) {
            (Ok(Paint::Gradient(found)), Ok(expected)) => {
                assert_eq!(found.kind, expected, "{value}")
            }
            (Err(found), Err(part)) => {
                assert!(found.to_string().contains(part), "{value}: {found}")
            }
            (found, expected) => panic!("{value}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn gradients_are_those_of_css() {
        let stops = json!([{"offset": 0, "color": "#000"}, {"offset": 1, "color": "#fff"}]);
        let with = |mut fields: Value| {
            fields["stops"] = stops.clone();
            fields
        };
        let (centre, corner) =
            (ObjectPosition { x: 0.5, y: 0.5 }, ObjectPosition { x: 1.0, y: 0.0 });
        check(with(json!({"type": "linear"})), Ok(GradientKind::Linear { angle: 180.0 }));
        let conic = GradientKind::Conic { angle: 30.0, position: corner };
        check(with(json!({"type": "conic", "angle": 30, "position": "top right"})), Ok(conic));
        let radial = |shape, size, position| GradientKind::Radial { shape, size, position };
        let default = radial(RadialShape::Ellipse, RadialSize::FarthestCorner, centre);
        check(with(json!({"type": "radial"})), Ok(default));
        check(
            with(json!({"type": "radial", "shape": "circle", "size": "closest-side"})),
            Ok(radial(RadialShape::Circle, RadialSize::ClosestSide, centre)),
        );
        check(with(json!({"type": "mesh"})), Err("linear, radial or conic"));
        check(
            with(json!({"type": "linear", "position": "center"})),
            Err(".position: unknown property; a linear"),
        );
        check(with(json!({"type": "radial", "size": "huge"})), Err("size: expected one of"));
        check(with(json!({"type": "linear", "spreadMethod": "x"})), Err("spreadMethod: expected"));
        check(with(json!({"type": "linear", "angle": "up"})), Err("angle: expected a number"));
        check(json!({"type": "conic"}), Err(".stops: missing; a conic gradient needs it"));
        check(json!({"type": "image", "src": "a.png"}), Err("fills shapes alone"));
        check(json!(7), Err("expected a colour or a gradient"));
    }

    #[test]
    fn pictures_fill_shapes() {
        let check = |value: Value, part: &str| {
            let found = Fill::read(&value).map(|fill| format!("{fill:?}"));
            let found = found.map_err(|faults| faults.to_string());
            let (Ok(found) | Err(found)) = found;
            assert!(found.contains(part), "{value}: {found}");
        };
        check(json!({"type": "image", "src": "a.png"}), "fit: Cover");
        check(json!({"type": "image", "src": "a.png", "objectFit": "tile"}), "tile_width: None");
        check(json!({"type": "image"}), ".src: missing; a picture as a fill needs it");
        check(json!({"type": "image", "src": ""}), ".src: empty");
        check(json!({"type": "image", "src": "/etc/passwd"}), "src: a path must stay inside");
        check(json!({"type": "image", "src": "a.png", "tileWidth": 9}), "goes with");
        check(
            json!({"type": "image", "src": "a.png", "objectFit": "tile", "tileWidth": 0}),
            "tileWidth: 0 is outside 1",
        );
        check(
            json!({"type": "image", "src": "a.png", "stops": []}),
            ".stops: unknown property; a picture",
        );
        check(json!("#fff"), "Solid");
    }
}
