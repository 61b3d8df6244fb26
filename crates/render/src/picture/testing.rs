//! Help for tests that look at what a template becomes.

use std::sync::Arc;

use pixeldrive_model::{Payload, Source, Warning, bind, parse};
use serde_json::{Value, json};

use super::Scaled;
use crate::backend::{Painter as _, cpu};
use crate::drawing::Drawing;
use crate::pixels::Pixels;
use crate::{Asset, Assets, Error, Fonts, Layouter};

/// Elements on a canvas of 400 x 300, laid out.
pub(crate) fn lay_out(
    elements: &Value,
    pixel_ratio: f64,
    files: &[(&str, Vec<u8>)],
) -> Result<(Drawing, Vec<Warning>), Error> {
    let elements = if elements.is_array() { elements.clone() } else { json!([elements]) };
    let template =
        json!({ "width": 400, "height": 300, "background": "#fff", "elements": elements });
    let template = parse(template.to_string().as_bytes()).unwrap();
    let bound = bind(&template, &Payload::new(), pixel_ratio).unwrap();
    let mut assets = Assets::default();
    for (name, bytes) in files {
        let asset = Asset::read(bytes.clone().into())?;
        assets.insert(Source::File((*name).into()), Arc::new(asset));
    }
    let scaled = Arc::new(Scaled::new(64 << 20));
    Layouter::new(&Fonts::bundled(), scaled).lay_out(&bound, &assets)
}

/// The same, painted.
pub(crate) fn paint(elements: &Value, pixel_ratio: f64) -> Pixels {
    let (drawing, warnings) = lay_out(elements, pixel_ratio, &[]).unwrap();
    assert_eq!(warnings, [], "warnings");
    cpu::Painter::new().paint(&[drawing]).remove(0).unwrap()
}

/// `code: message` of what a render fails with, or else of its warnings.
pub(crate) fn fault(elements: &Value, files: &[(&str, Vec<u8>)]) -> String {
    match lay_out(elements, 1.0, files) {
        Ok((_, warnings)) => {
            let lines = warnings.iter().map(|each| format!("{}: {}", each.code, each.message));
            lines.collect::<Vec<_>>().join("\n")
        }
        Err(error) => format!("{}: {error}", error.code()),
    }
}
