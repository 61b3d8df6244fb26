//! Pictures: assets decoded and scaled to the size at which they are drawn.
//!
//! [`Scaled`] keeps the result, never the full-size decode: a photo of 50 megapixels that is drawn
//! on a card costs what the card costs. The rows of a batch share one `Arc<Pixels>`, and threads that
//! want the same picture at once wait for one of them to make it.
//!
//! Deliberately absent: where a picture stands. That is decided in `layout/image.rs`.

mod blur;
pub(crate) mod decode;
mod filter;
mod jpeg;
mod profile;
mod scale;
pub(crate) mod svg;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use parking_lot::Mutex;
use pixeldrive_model::limits::{IMAGE_PX_MAX, IMAGE_SIDE_PX_MAX};
use pixeldrive_model::{Color, Fault, FontHash};

pub(crate) use blur::{REACH, View};
pub(crate) use filter::Recipe;

use crate::Fonts;
use crate::asset::{Asset, AssetKind};
use crate::pixels::Pixels;

/// Decoding more pixels than this is done by one thread at a time, so that the memory for it does
/// not grow with the number of threads.
const ALONE_PX_MIN: f64 = 8_000_000.0;
/// Parsed SVG documents that are kept, for other sizes and angles of the same.
const DOCUMENTS_BYTES_MAX: u64 = 32 << 20;
/// Inline SVG documents whose size is remembered.
const INLINE_MAX: u64 = 1_000;

/// Why a file gives no picture. All of it is the caller's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its doc comment would")]
pub enum Refusal {
    #[error("{bytes} bytes; at most {bytes_max} are taken")]
    Bytes { bytes: usize, bytes_max: usize },
    #[error(
        "{width} x {height} px; at most {IMAGE_SIDE_PX_MAX} px a side and {IMAGE_PX_MAX} px in all \
         are taken"
    )]
    Pixels { width: u32, height: u32 },
    #[error("{found} is no picture that can be drawn; use PNG, JPEG, WebP, GIF or SVG")]
    Type { found: &'static str },
    #[error("the picture is broken: {reason}")]
    Broken { reason: String },
    #[error(
        "the SVG refers to `{href}`; only #ids and data: URIs of PNG, JPEG, WebP or GIF are followed"
    )]
    Reference { href: String },
    #[error("the SVG is too complex: {reason}")]
    Complex { reason: String },
}

impl Refusal {
    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bytes { .. } | Self::Pixels { .. } => "image_too_large",
            Self::Type { .. } => "image_type_unsupported",
            Self::Broken { .. } => "image_broken",
            Self::Reference { .. } => "svg_reference_refused",
            Self::Complex { .. } => "svg_too_complex",
        }
    }

    /// Who can act: always the caller.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Caller
    }
}

/// What a decoder's error means. Its own words are for those who know the format.
pub(crate) fn broken(error: image::ImageError) -> Refusal {
    use image::ImageError::{Decoding, Encoding, IoError, Limits, Parameter, Unsupported};
    tracing::debug!(%error, "a picture is broken");
    let reason = match error {
        Unsupported(_) => "it uses a feature of its format that is not supported",
        Limits(_) => "decoding it takes too much memory",
        IoError(_) => "the file ends early",
        Decoding(_) | Encoding(_) | Parameter(_) => "its data are damaged or end early",
    };
    Refusal::Broken { reason: reason.to_owned() }
}

/// What is to be made of an asset.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// The part that is shown, in the asset's own units.
    pub crop: kurbo::Rect,
    /// Width in device pixels.
    pub width: u32,
    /// Height in device pixels.
    pub height: u32,
    /// From an SVG's own units to the pixels, where it is turned; else the crop fills them.
    pub turn: Option<kurbo::Affine>,
    /// What `currentColor` means in an SVG.
    pub color: Color,
    /// Colours of an SVG and what takes their place.
    pub colors: Vec<(Color, Color)>,
    /// What is done to the scaled pixels.
    pub recipe: Recipe,
}

impl Request {
    /// A part of an asset in so many pixels, as it is.
    pub(crate) fn new(crop: kurbo::Rect, width: u32, height: u32) -> Self {
        let (color, colors) = (Color::BLACK, Vec::new());
        Self { crop, width, height, turn: None, color, colors, recipe: Recipe::default() }
    }
}

/// A picture ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub pixels: Arc<Pixels>,
    pub findings: Arc<Findings>,
}

/// What a picture does not show as its file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Findings {
    /// Font families that an SVG asks for and that are not there.
    pub families: Vec<String>,
    /// Font families that lack some of an SVG's characters, and those that have them.
    pub stand_ins: Vec<(String, String)>,
    /// Font families that lack a weight that an SVG asks for, that weight, and the one that was used.
    pub weights: Vec<(String, f64, f64)>,
    /// Font families that lack an italic face that an SVG asks for.
    pub upright: Vec<String>,
    /// Characters of an SVG that no font has.
    pub chars: Vec<char>,
    /// Colours that were to be replaced in an SVG and are not in it.
    pub colors: Vec<Color>,
    /// What of an SVG is not drawn.
    pub features: Vec<String>,
    /// Whether there is a colour profile that could not be used.
    pub profile_ignored: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    hash: [u8; 32],
    crop: [u64; 4],
    size: (u32, u32),
    turn: Option<[u64; 6]>,
    recipe: Vec<u64>,
    svg: Option<SvgKey>,
}

/// What a parsed SVG depends on: its text, its colours, and the uploaded fonts that it may use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SvgKey {
    hash: [u8; 32],
    color: Color,
    colors: Vec<(Color, Color)>,
    fonts: Arc<[FontHash]>,
}

impl SvgKey {
    fn new(asset: &Asset, request: &Request, fonts: &Fonts) -> Self {
        Self {
            hash: *asset.hash(),
            color: request.color,
            colors: request.colors.clone(),
            fonts: Arc::clone(fonts.uploaded()),
        }
    }
}

/// Decoded and scaled pictures, shared by all render threads and bounded in bytes.
#[derive(Debug)]
pub struct Scaled {
    pictures: Cache<Key, Picture>,
    documents: Cache<SvgKey, Arc<svg::Document>>,
    inline: Cache<[u8; 32], Arc<Asset>>,
    alone: Mutex<()>,
}

impl Scaled {
    /// An empty cache that keeps up to `bytes_max` of pixels.
    #[must_use]
    pub fn new(bytes_max: u64) -> Self {
        let weigh =
            |_: &Key, picture: &Picture| u32::try_from(picture.pixels.bytes()).unwrap_or(u32::MAX);
        let weigh_document = |_: &SvgKey, document: &Arc<svg::Document>| {
            u32::try_from(document.bytes()).unwrap_or(u32::MAX)
        };
        let documents = Cache::builder().max_capacity(DOCUMENTS_BYTES_MAX);
        Self {
            // What shows new pictures needs them more than what has ended.
            pictures: Cache::builder()
                .max_capacity(bytes_max)
                .weigher(weigh)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            documents: documents.weigher(weigh_document).build(),
            inline: Cache::new(INLINE_MAX),
            alone: Mutex::new(()),
        }
    }

    /// The picture that `request` makes of `asset`.
    pub(crate) fn get(
        &self,
        asset: &Asset,
        request: &Request,
        fonts: &Fonts,
    ) -> Result<Picture, Refusal> {
        let crop = request.crop;
        let key = Key {
            hash: *asset.hash(),
            crop: [crop.x0, crop.y0, crop.x1, crop.y1].map(f64::to_bits),
            size: (request.width, request.height),
            turn: request.turn.map(|turn| turn.as_coeffs().map(f64::to_bits)),
            recipe: request.recipe.bits(),
            svg: (asset.kind() == AssetKind::Svg).then(|| SvgKey::new(asset, request, fonts)),
        };
        self.pictures
            .try_get_with(key, || self.make(asset, request, fonts))
            .map_err(|refusal| Refusal::clone(&refusal))
    }

    /// The document of an element that carries its SVG itself, checked once.
    pub(crate) fn inline_svg(&self, text: &str) -> Result<Arc<Asset>, Refusal> {
        self.inline
            .try_get_with(*blake3::hash(text.as_bytes()).as_bytes(), || {
                Asset::sniff(text.to_owned().into()).map(Arc::new)
            })
            .map_err(|refusal| Refusal::clone(&refusal))
    }

    /// An SVG as it is parsed for a request.
    fn document(
        &self,
        asset: &Asset,
        request: &Request,
        fonts: &Fonts,
    ) -> Result<Arc<svg::Document>, Refusal> {
        let read = || {
            let text = crate::asset::svg_text(asset.bytes())?;
            svg::Document::read(text, request.color, &request.colors, fonts.svg()).map(Arc::new)
        };
        self.documents
            .try_get_with(SvgKey::new(asset, request, fonts), read)
            .map_err(|refusal| Refusal::clone(&refusal))
    }

    fn make(&self, asset: &Asset, request: &Request, fonts: &Fonts) -> Result<Picture, Refusal> {
        let (pixels, findings) = match asset.kind() {
            AssetKind::Svg => {
                let document = self.document(asset, request, fonts)?;
                (document.paint(request)?, Arc::clone(document.findings()))
            }
            AssetKind::Raster(format, orientation) => {
                let (width, height) = asset.size();
                let _alone = (width * height > ALONE_PX_MIN).then(|| self.alone.lock());
                let raw = decode::decode(asset.bytes(), format)?;
                let profile_ignored = raw.profile_ignored;
                let findings = Findings { profile_ignored, ..Findings::default() };
                (scale::scale(raw, orientation, request)?, Arc::new(findings))
            }
        };
        Ok(Picture { pixels: Arc::new(request.recipe.apply(pixels)?), findings })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use pixeldrive_model::{Filter, Filters};

    use super::*;
    use crate::Font;

    fn request(color: Color, width: u32) -> Request {
        Request { color, ..Request::new(kurbo::Rect::new(0.0, 0.0, 8.0, 4.0), width, 2) }
    }

    #[test]
    fn equal_requests_share_their_pixels() {
        let (scaled, fonts) = (Scaled::new(1 << 20), Fonts::bundled());
        let svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 4'/>";
        let svg = scaled.inline_svg(svg).unwrap();
        let mut png = Vec::new();
        let picture = image::RgbImage::new(8, 4);
        picture.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        let png = Asset::sniff(png.into()).unwrap();
        let shared = |asset: &Asset, first: Request, second: Request| {
            let first = scaled.get(asset, &first, &fonts).unwrap().pixels;
            let second = scaled.get(asset, &second, &fonts).unwrap().pixels;
            Arc::ptr_eq(&first, &second)
        };
        let (black, white) = (Color::BLACK, Color::WHITE);
        let bars: &[u8] = include_bytes!("../../../fonts/tests/fixtures/PixelBars.otf");
        let bars = Font::new(FontHash::of(bars), Bytes::from_static(bars)).unwrap();
        let branded = fonts.with(&[bars]);
        assert!(shared(&png, request(black, 4), request(white, 4)), "a photo has no currentColor");
        assert!(!shared(&png, request(black, 4), request(black, 5)), "another size");
        let filtered = |amount| {
            let filters = Filters(vec![Filter::Sepia(amount)]);
            let recipe = Recipe::new(&filters, kurbo::Vec2::new(1.0, 1.0), View::default());
            Request { recipe, ..request(black, 4) }
        };
        assert!(shared(&png, filtered(0.5), filtered(0.5)), "the same filters");
        assert!(!shared(&png, filtered(0.5), filtered(0.6)), "other filters");
        assert!(!shared(&png, filtered(0.5), request(black, 4)), "no filters");
        assert!(shared(&svg, request(black, 4), request(black, 4)), "the same document");
        assert!(!shared(&svg, request(black, 4), request(white, 4)), "another colour");
        let with = |fonts| scaled.get(&svg, &request(black, 4), fonts).unwrap().pixels;
        assert!(!Arc::ptr_eq(&with(&fonts), &with(&branded)), "other fonts");
        assert!(Arc::ptr_eq(&with(&branded), &with(&branded)), "the same fonts");
    }

    #[test]
    fn a_document_is_parsed_once_for_all_sizes_and_angles() {
        let (scaled, fonts) = (Scaled::new(0), Fonts::bundled());
        let svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 4'/>";
        let svg = scaled.inline_svg(svg).unwrap();
        let parsed = |request: Request| scaled.document(&svg, &request, &fonts).unwrap();
        let first = parsed(request(Color::BLACK, 4));
        let turned = Request { turn: Some(kurbo::Affine::rotate(1.0)), ..request(Color::BLACK, 9) };
        assert!(Arc::ptr_eq(&first, &parsed(turned)), "another size and angle");
        assert!(!Arc::ptr_eq(&first, &parsed(request(Color::WHITE, 4))), "another colour");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (scaled, fonts) = (Scaled::new(1_000), Fonts::bundled());
        let svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 4'/>";
        let svg = scaled.inline_svg(svg).unwrap();
        for width in 1..100 {
            scaled.get(&svg, &request(Color::BLACK, width), &fonts).unwrap();
        }
        scaled.pictures.run_pending_tasks();
        assert!(scaled.pictures.weighted_size() <= 1_000, "{}", scaled.pictures.weighted_size());
    }
}
