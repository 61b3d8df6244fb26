//! The bench cards: what every figure is measured on.
//!
//! `cards/photo.json` is a photograph with text, stars and a QR code over it; `cards/flat.json` is
//! text on one colour. Both take the rows of `cards/payloads.ndjson`, of which a card uses the
//! values of its own elements. [`mod@rate`] measures without criterion.
//!
//! Deliberately absent: pictures made for a benchmark's sake.

pub mod rate;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use pixeldrive_model::{Bound, Payload, Source, Template, bind, parse, parse_payload};
use pixeldrive_render::drawing::Drawing;
use pixeldrive_render::{Asset, Assets, Fonts, Layouter, Scaled};

/// The cards, by name.
pub const CARDS: [&str; 2] = ["photo", "flat"];
/// Bytes of scaled pictures that are kept between rows.
pub const SCALED_BYTES_MAX: u64 = 64 << 20;

/// A card with its rows, and all that layout needs.
pub struct Card {
    /// The template.
    pub template: Arc<Template>,
    /// The rows that fit it.
    pub payloads: Vec<Payload>,
    /// Its images.
    pub assets: Assets,
}

/// The folder of the cards.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cards")
}

/// Inter, and the family of the cards.
///
/// # Errors
/// When the font files are not there.
pub fn fonts() -> Result<Fonts> {
    let mut fonts = Fonts::bundled();
    for weight in [400, 700] {
        let path = folder().join(format!("assets/InterCard-{weight}.ttf"));
        fonts.add(std::fs::read(&path).with_context(|| path.display().to_string())?)?;
    }
    Ok(fonts)
}

/// A layouter with the fonts of the cards.
///
/// # Errors
/// When the font files are not there.
pub fn layouter() -> Result<Layouter> {
    Ok(Layouter::new(&fonts()?, Arc::new(Scaled::new(SCALED_BYTES_MAX))))
}

impl Card {
    /// Reads a card.
    ///
    /// # Errors
    /// When its files are not there, or are wrong.
    pub fn read(name: &str) -> Result<Self> {
        let template = std::fs::read(folder().join(format!("{name}.json")))?;
        let template = parse(&template).map_err(|problems| anyhow!("{problems:?}"))?;
        let rows = std::fs::read_to_string(folder().join("payloads.ndjson"))?;
        let mut payloads = Vec::new();
        for line in rows.lines() {
            let mut payload =
                parse_payload(line.as_bytes()).map_err(|problems| anyhow!("{problems:?}"))?;
            payload.retain(|id, _| template.walk().any(|element| element.id == *id));
            payloads.push(payload);
        }
        let mut card = Self { template: Arc::new(template), payloads, assets: Assets::default() };
        for source in card.bind(0)?.sources() {
            let Source::File(path) = source else { continue };
            let asset = Asset::read(std::fs::read(folder().join(path.as_ref()))?.into())?;
            card.assets.insert(source.clone(), Arc::new(asset));
        }
        Ok(card)
    }

    /// A card that shows no pictures.
    ///
    /// # Errors
    /// When it is no template.
    pub fn of(template: &[u8], payloads: Vec<Payload>) -> Result<Self> {
        let template = parse(template).map_err(|problems| anyhow!("{problems:?}"))?;
        Ok(Self { template: Arc::new(template), payloads, assets: Assets::default() })
    }

    /// What row `row` changes; rows repeat after the last.
    #[must_use]
    pub fn payload(&self, row: usize) -> &Payload {
        &self.payloads[row % self.payloads.len()]
    }

    /// Row `row`, bound; rows repeat after the last.
    ///
    /// # Errors
    /// When the row does not fit the card.
    pub fn bind(&self, row: usize) -> Result<Bound> {
        bind(&self.template, self.payload(row), 1.0).map_err(|problems| anyhow!("{problems:?}"))
    }

    /// Row `row`, laid out.
    ///
    /// # Errors
    /// When the row does not fit the card.
    pub fn draw(&self, layouter: &mut Layouter, row: usize) -> Result<Drawing> {
        Ok(layouter.lay_out(&self.bind(row)?, &self.assets)?.0)
    }
}
