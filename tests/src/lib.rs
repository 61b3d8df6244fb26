//! What the tests of this package share: from a template to pixels without a server, and pictures
//! compared.
//!
//! The tests of the binary, through its HTTP API and its commands, are in `cli/tests`. Deliberately
//! absent: any renderer other than the project's own.

pub mod chromium;
pub mod gallery;
pub mod golden;
pub mod marks;
pub mod seeds;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use pixeldrive_model::{Bound, Payload, Problem, Source, Template, Warning, bind, parse};
use pixeldrive_render::backend::{Painter as _, cpu};
use pixeldrive_render::drawing::Drawing;
use pixeldrive_render::pixels::Pixels;
use pixeldrive_render::{Asset, Assets, Fonts, Layouter, Scaled};
use serde_json::Value;

/// Bytes of decoded pictures kept between renders.
const SCALED_BYTES_MAX: u64 = 64 << 20;

/// A folder of this package.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The top folder of the repository.
#[must_use]
pub fn root() -> PathBuf {
    folder("..")
}

/// Lays out and paints, with the bundled fonts and images from one folder.
pub struct Studio {
    layouter: Layouter,
    painter: cpu::Painter,
    images: PathBuf,
}

impl Studio {
    /// A studio with the bundled fonts, whose relative image paths count from `images`.
    #[must_use]
    pub fn new(images: PathBuf) -> Self {
        Self::with(&Fonts::bundled(), images)
    }

    /// A studio with fonts of the fixtures besides.
    ///
    /// # Errors
    /// When a file is not there, or is no font.
    pub fn with_fonts(images: PathBuf, files: &[&str]) -> Result<Self> {
        let mut fonts = Fonts::bundled();
        for file in files {
            let path = folder("fixtures/fonts").join(file);
            fonts.add(std::fs::read(&path).with_context(|| path.display().to_string())?)?;
        }
        Ok(Self::with(&fonts, images))
    }

    fn with(fonts: &Fonts, images: PathBuf) -> Self {
        let layouter = Layouter::new(fonts, Arc::new(Scaled::new(SCALED_BYTES_MAX)));
        Self { layouter, painter: cpu::Painter::new(), images }
    }

    /// The drawing of a template with a payload in it.
    ///
    /// # Errors
    /// Whatever is wrong with either, or with an image.
    pub fn draw(
        &mut self,
        template: &Value,
        payload: &Payload,
        pixel_ratio: f64,
    ) -> Result<(Drawing, Vec<Warning>)> {
        let template = parse(&serde_json::to_vec(template)?).map_err(|found| wrong(&found))?;
        self.lay_out(&template, payload, pixel_ratio)
    }

    /// The drawing of a template that is parsed already.
    ///
    /// # Errors
    /// Whatever is wrong with the payload, or with an image.
    pub fn lay_out(
        &mut self,
        template: &Template,
        payload: &Payload,
        pixel_ratio: f64,
    ) -> Result<(Drawing, Vec<Warning>)> {
        let bound = bind(template, payload, pixel_ratio).map_err(|found| wrong(&found))?;
        let assets = self.assets(&bound)?;
        Ok(self.layouter.lay_out(&bound, &assets)?)
    }

    /// Paints with the reference painter.
    ///
    /// # Errors
    /// Whatever the painter refuses.
    pub fn paint(&mut self, drawing: &Drawing) -> Result<Pixels> {
        let painted = self.painter.paint(std::slice::from_ref(drawing)).into_iter().next();
        Ok(painted.context("the painter painted nothing")??)
    }

    fn assets(&self, bound: &Bound) -> Result<Assets> {
        let mut assets = Assets::default();
        for source in bound.sources() {
            let Source::File(path) = source else {
                return Err(anyhow!("{} is no file of the fixtures", source.describe()));
            };
            let bytes = std::fs::read(self.images.join(path.as_ref()))
                .with_context(|| format!("cannot read {path}"));
            let asset = bytes.and_then(|bytes| Ok(Asset::read(bytes.into())?));
            // The template may say what to do then.
            match asset {
                Ok(asset) => assets.insert(source.clone(), Arc::new(asset)),
                Err(error) => assets.insert_failed(source.clone(), format!("{error:#}")),
            }
        }
        Ok(assets)
    }
}

fn wrong(problems: &[Problem]) -> anyhow::Error {
    let lines = problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message));
    anyhow!(lines.collect::<Vec<_>>().join("; "))
}

/// A decoded PNG as premultiplied RGBA, so that colours without opacity compare as equal.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Four bytes a pixel.
    pub rgba: Vec<u8>,
}

impl Picture {
    /// Decodes a PNG with a decoder that is not the project's own.
    ///
    /// # Errors
    /// When the bytes are no PNG.
    pub fn decode(png: &[u8]) -> Result<Self> {
        let decoded = image::load_from_memory_with_format(png, image::ImageFormat::Png)?.to_rgba8();
        let (width, height) = decoded.dimensions();
        let mut rgba = decoded.into_raw();
        for pixel in rgba.as_chunks_mut::<4>().0 {
            let alpha = u32::from(pixel[3]);
            for channel in &mut pixel[..3] {
                *channel = u8::try_from((u32::from(*channel) * alpha + 127) / 255).unwrap_or(255);
            }
        }
        Ok(Self { width, height, rgba })
    }

    /// Grey levels on white, for code readers.
    #[must_use]
    pub fn luma(&self) -> Vec<u8> {
        let grey = |pixel: &[u8; 4]| {
            let [r, g, b, a] = pixel.map(u32::from);
            let over_white = (r * 299 + g * 587 + b * 114) / 1000 + 255 - a;
            u8::try_from(over_white.min(255)).unwrap_or(255)
        };
        self.rgba.as_chunks::<4>().0.iter().map(grey).collect()
    }

    /// The largest difference of any channel of any pixel; `None` when the sizes differ.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<u8> {
        if (self.width, self.height) != (other.width, other.height) {
            return None;
        }
        Some(self.rgba.iter().zip(&other.rgba).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0))
    }
}
