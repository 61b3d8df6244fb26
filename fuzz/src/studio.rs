//! A caller's way to a picture, within a budget of pixels.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use pixeldrive_model::{Fault, Payload, Template, bind, parse};
use pixeldrive_render::backend::{Painter as _, cpu};
use pixeldrive_render::encode::{Effort, Encoder};
use pixeldrive_render::{Asset, Assets, Error, Fonts, Layouter, Scaled};
use serde_json::Value;

/// Pixels of one picture, unless its canvas is too large even at the smallest pixel ratio.
const PICTURE_PX_MAX: f64 = 40_000.0;
/// The least pixel ratio that `bind` takes.
const PIXEL_RATIO_MIN: f64 = pixeldrive_model::limits::PIXEL_RATIO_MIN;
/// Bytes of scaled pictures that are kept: no more than the run at hand needs.
const SCALED_BYTES_MAX: u64 = 1 << 20;
/// What every image of a template shows that is not given.
const RING: &[u8] = include_bytes!("../../tests/fixtures/ring.png");

thread_local! {
    static BUNDLED: RefCell<Studio> = RefCell::new(Studio::new(&Fonts::bundled()));
}

/// What a render thread holds.
pub(crate) struct Studio {
    layouter: Layouter,
    painter: cpu::Painter,
    encoder: Encoder,
}

impl Studio {
    pub(crate) fn new(fonts: &Fonts) -> Self {
        let layouter = Layouter::new(fonts, Arc::new(Scaled::new(SCALED_BYTES_MAX)));
        Self { layouter, painter: cpu::Painter::new(), encoder: Encoder::new() }
    }

    /// Does something in the studio with the bundled fonts.
    pub(crate) fn bundled(with: impl FnOnce(&mut Self)) {
        BUNDLED.with_borrow_mut(with);
    }

    /// Paints a template that holds what a stranger sent.
    pub(crate) fn value(&mut self, template: &Value, file: Option<Bytes>) {
        if let Ok(template) = parse(template.to_string().as_bytes()) {
            self.render(&template, &Payload::new(), file);
        }
    }

    /// Paints a row; every image that it names is `file`.
    pub(crate) fn render(&mut self, template: &Template, payload: &Payload, file: Option<Bytes>) {
        let area = f64::from(template.width) * f64::from(template.height);
        let ratio = (PICTURE_PX_MAX / area).sqrt().clamp(PIXEL_RATIO_MIN, 1.0);
        let Ok(bound) = bind(template, payload, ratio) else { return };
        let Ok(asset) = Asset::read(file.unwrap_or(Bytes::from_static(RING))) else { return };
        let (mut assets, asset) = (Assets::default(), Arc::new(asset));
        for source in bound.sources() {
            assets.insert(source.clone(), Arc::clone(&asset));
        }
        let Some((drawing, _)) = caller(self.layouter.lay_out(&bound, &assets)) else { return };
        for painted in self.painter.paint(&[drawing]) {
            let Some(pixels) = caller(painted) else { return };
            assert_eq!((pixels.width, pixels.height), bound.picture_size(), "the picture's size");
            for effort in [Effort::Fast, Effort::Balanced] {
                caller(self.encoder.encode(&pixels, ratio, effort));
            }
        }
    }
}

/// What came of a step; nothing, when the caller can mend it. Nobody else is to blame here.
fn caller<T>(step: Result<T, Error>) -> Option<T> {
    if let Err(error) = &step {
        assert_eq!(error.fault(), Fault::Caller, "{}: {error}", error.code());
    }
    step.ok()
}
