//! SVG documents become pixels, through usvg and our own marks, at exactly the size that is drawn.
//!
//! A document is a program from a stranger. Before usvg sees it, `guard` checks what it refers to and
//! how far it unfolds; before it is painted, `cost` adds up what painting takes. Nothing is read from
//! disk, network or system fonts, and what would be missing from the picture is an error.
//!
//! Deliberately absent: animation, scripts and SVG inside of SVG images.

mod cost;
mod glyphs;
mod guard;
mod marks;
mod recolor;
mod scan;
mod stroke;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use parley::fontique::Blob;
use resvg::tiny_skia;
use resvg::usvg::{self, fontdb, roxmltree};

use super::{Picture, Refusal, Request, decode};
use crate::Error;
use crate::asset::{Asset, AssetKind};
use crate::drawing::Drawing;
use crate::fonts::FALLBACK;
use crate::raster::Raster;

/// Elements, texts and comments of one document.
const NODES_MAX: u32 = 50_000;

/// The fonts that texts in SVG documents can use.
#[derive(Debug)]
pub(crate) struct SvgFonts(Arc<fontdb::Database>);

impl SvgFonts {
    /// These font files and no others.
    pub(crate) fn new(files: &[Blob<u8>]) -> Self {
        let mut fonts = fontdb::Database::new();
        for file in files {
            fonts.load_font_source(fontdb::Source::Binary(Arc::new(file.clone())));
        }
        fonts.set_serif_family(FALLBACK);
        fonts.set_sans_serif_family(FALLBACK);
        fonts.set_monospace_family(FALLBACK);
        fonts.set_cursive_family(FALLBACK);
        fonts.set_fantasy_family(FALLBACK);
        Self(Arc::new(fonts))
    }

    fn has(&self, family: &str) -> bool {
        let named = |(name, _): &(String, fontdb::Language)| name.eq_ignore_ascii_case(family);
        self.0.faces().any(|face| face.families.iter().any(named))
    }
}

/// Checks a document and reads the size that it gives itself.
pub(crate) fn natural_size(text: &str) -> Result<(f64, f64), Refusal> {
    let text = without_doctype(text);
    let document = parse(&text)?;
    guard::check(&document)?;
    let options = options(usvg::ImageHrefResolver {
        resolve_data: Box::new(|_, _, _| None),
        resolve_string: Box::new(|_, _| None),
    });
    let tree = usvg::Tree::from_xmltree(&document, &options).map_err(broken)?;
    Ok((f64::from(tree.size().width()), f64::from(tree.size().height())))
}

/// Paints a document that [`natural_size`] has checked.
pub(super) fn rasterize(
    text: &str,
    request: &Request,
    fonts: &SvgFonts,
) -> Result<Picture, Refusal> {
    let text = with_colors(&without_doctype(text), request)?;
    let document = parse(&text)?;
    let fault = Mutex::new(None);
    let fonts_missing = Mutex::new(BTreeSet::new());
    let tree = {
        let mut options = options(usvg::ImageHrefResolver {
            resolve_data: Box::new(|_, data, _| {
                let png = embedded(&data).map_err(|refusal| *fault.lock() = Some(refusal)).ok()?;
                Some(usvg::ImageKind::PNG(Arc::new(png)))
            }),
            resolve_string: Box::new(|_, _| None),
        });
        options.fontdb = Arc::clone(&fonts.0);
        options.font_resolver.select_font = Box::new(|font, database| {
            if let Some(family) = missing_family(font, fonts) {
                fonts_missing.lock().insert(family);
            }
            usvg::FontResolver::default_font_selector()(font, database)
        });
        usvg::Tree::from_xmltree(&document, &options).map_err(broken)?
    };
    if let Some(refusal) = fault.into_inner() {
        return Err(refusal);
    }
    let transform = to_request(request);
    cost::check(&tree, transform, request.width, request.height)?;
    let too_large = || Refusal::Pixels { width: request.width, height: request.height };
    let [width, height] = [request.width, request.height].map(u16::try_from);
    let (Ok(width), Ok(height)) = (width, height) else {
        return Err(too_large());
    };
    let (mut drawing, mut raster) = (Drawing::new(width, height), Raster::default());
    let complex = |error: Error| Refusal::Complex { reason: error.to_string() };
    marks::draw(&tree, marks::affine(transform), &mut drawing, &mut raster).map_err(complex)?;
    let mut pixels = raster.paint(drawing).map_err(complex)?;
    pixels.opaque |= pixels.rgba.as_chunks::<4>().0.iter().all(|pixel| pixel[3] == 255);
    Ok(Picture {
        pixels: Arc::new(pixels),
        fonts_missing: fonts_missing.into_inner().into_iter().collect(),
        chars_missing: glyphs::missing(&tree).into(),
        profile_ignored: false,
    })
}

/// The text without a DOCTYPE that only names the standard, as many editors write it. One that
/// declares anything stays, and is refused.
fn without_doctype(text: &str) -> Cow<'_, str> {
    let declaration = text.split_once("<!DOCTYPE").and_then(|(before, rest)| {
        let (inside, after) = rest.split_once('>')?;
        (!inside.contains('[')).then_some((before, after))
    });
    declaration.map_or(Cow::Borrowed(text), |(before, after)| Cow::Owned(before.to_owned() + after))
}

fn parse(text: &str) -> Result<roxmltree::Document<'_>, Refusal> {
    scan::check(text)?;
    // Entities are defined in a DTD, and nothing else in one matters here.
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..roxmltree::ParsingOptions::default()
    };
    roxmltree::Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => {
            Refusal::Complex { reason: format!("it has more than {NODES_MAX} nodes") }
        }
        roxmltree::Error::DtdDetected => {
            Refusal::Broken { reason: "it has a DOCTYPE with declarations; remove it".to_owned() }
        }
        error => broken(error),
    })
}

fn options(image_href_resolver: usvg::ImageHrefResolver<'_>) -> usvg::Options<'_> {
    usvg::Options {
        font_family: FALLBACK.to_owned(),
        image_href_resolver,
        ..usvg::Options::default()
    }
}

fn broken(error: impl std::fmt::Display) -> Refusal {
    Refusal::Broken { reason: error.to_string() }
}

/// Maps the request's crop to its pixels.
#[expect(clippy::cast_possible_truncation, reason = "tiny-skia works in f32")]
fn to_request(request: &Request) -> tiny_skia::Transform {
    let crop = request.crop;
    let (scale_x, scale_y) =
        (f64::from(request.width) / crop.width(), f64::from(request.height) / crop.height());
    let (x, y) = (-crop.x0 * scale_x, -crop.y0 * scale_y);
    tiny_skia::Transform::from_row(scale_x as f32, 0.0, 0.0, scale_y as f32, x as f32, y as f32)
}

/// The document in its colours: those that the request replaces, and on its root `color`, where
/// `currentColor` inherits it from, unless the document gives one itself.
fn with_colors(text: &str, request: &Request) -> Result<String, Refusal> {
    let mut text = recolor::recolor(&parse(text)?, &request.colors);
    let document = parse(&text)?;
    let root = document.root_element();
    let mut added = String::new();
    if !root.has_attribute("color") {
        added.push_str(&format!(" color=\"{}\"", recolor::css(request.color)));
    }
    // Shapes are black where nothing says otherwise.
    let black = request.colors.iter().find(|(old, _)| [old.r, old.g, old.b] == [0; 3]);
    if let Some((_, new)) = black.filter(|_| !root.has_attribute("fill")) {
        added.push_str(&format!(" fill=\"{}\"", recolor::css(*new)));
    }
    let start = root.range().start;
    let name = text[start..]
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
        .map_or(text.len(), |len| start + len);
    text.insert_str(name, &added);
    Ok(text)
}

/// An image inside of a document, through our own limits and decoder; resvg gets it as a PNG.
fn embedded(data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let asset = Asset::sniff(data.to_vec().into())?;
    let AssetKind::Raster(format, orientation) = asset.kind() else {
        return Err(Refusal::Reference { href: "data:image/svg+xml".to_owned() });
    };
    decode::to_png(data, format, orientation)
}

/// The family that a font names first when none of those it names is there.
fn missing_family(font: &usvg::Font, fonts: &SvgFonts) -> Option<String> {
    let mut named = font.families().iter().filter_map(|family| match family {
        usvg::FontFamily::Named(name) => Some(name.as_str()),
        usvg::FontFamily::Serif
        | usvg::FontFamily::SansSerif
        | usvg::FontFamily::Cursive
        | usvg::FontFamily::Fantasy
        | usvg::FontFamily::Monospace => None,
    });
    let first = named.next()?;
    (!fonts.has(first) && !named.any(|name| fonts.has(name))).then(|| first.to_owned())
}

#[cfg(test)]
mod tests;
