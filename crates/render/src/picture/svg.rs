//! SVG documents become pixels, through usvg and our own marks, at exactly the size and angle that is
//! drawn.
//!
//! A document is a program from a stranger. Before usvg sees it, `guard` checks what it refers to and
//! how far it unfolds; before it is painted, `cost` adds up what painting takes. Nothing is read from
//! disk, network or system fonts, and what is missing from the picture is told.
//!
//! Deliberately absent: animation, scripts and SVG inside of SVG images.

mod cost;
mod doctype;
mod dropped;
mod glyphs;
mod guard;
mod marks;
mod recolor;
mod scan;
mod stroke;

use std::collections::BTreeSet;
use std::sync::Arc;

use kurbo::{Affine, Rect};
use parking_lot::Mutex;
use parley::fontique::Blob;
use pixeldrive_model::Color;
use resvg::usvg::{self, fontdb, roxmltree};
use skrifa::{FontRef, MetadataProvider as _};

use super::{Findings, Refusal, Request, decode};
use crate::Error;
use crate::asset::{Asset, AssetKind};
use crate::drawing::{Drawing, Mark, Shape};
use crate::fonts::FALLBACK;
use crate::layout::is_invisible;
use crate::pixels::Pixels;
use crate::raster::Raster;

/// Elements, texts and comments of one document.
const NODES_MAX: u32 = 50_000;
/// What a node, a vertex and a character of a parsed document take in memory, about.
const NODE_BYTES: usize = 1_000;
const POINT_BYTES: usize = 10;
const CHAR_BYTES: usize = 300;
/// Share of a document's part by which its shapes may reach beyond it without being cut.
const BEYOND: f64 = 1e-4;

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
    let text = doctype::taken_out(text)?;
    scan::check(&text)?;
    let document = parse(&text)?;
    guard::check(&document)?;
    let options = options(usvg::ImageHrefResolver {
        resolve_data: Box::new(|_, _, _| None),
        resolve_string: Box::new(|_, _| None),
    });
    let tree = usvg::Tree::from_xmltree(&document, &options).map_err(broken)?;
    Ok((f64::from(tree.size().width()), f64::from(tree.size().height())))
}

/// Checks what [`natural_size`] leaves: the pictures inside of a document.
pub(crate) fn check_pictures(text: &str) -> Result<(), Refusal> {
    Document::read(text, Color::BLACK, &[], &SvgFonts::new(&[])).map(|_| ())
}

/// A parsed document, in the colours and with the fonts of a request: it is painted at any size.
#[derive(Debug)]
pub(crate) struct Document {
    tree: usvg::Tree,
    findings: Arc<Findings>,
}

impl Document {
    /// Parses a document that [`natural_size`] has checked. `color` is its `currentColor`, and each first
    /// colour of `colors` is replaced by its second.
    pub(crate) fn read(
        text: &str,
        color: Color,
        colors: &[(Color, Color)],
        fonts: &SvgFonts,
    ) -> Result<Self, Refusal> {
        let text = doctype::taken_out(text)?;
        let document = parse(&text)?;
        let recolored = recolor::recolor(&document, color, colors);
        let (tree, mut findings) = match &recolored.text {
            None => resolve(&document, fonts)?,
            Some(text) => resolve(&parse(text)?, fonts)?,
        };
        findings.features = dropped::names(&document);
        findings.colors = recolored.unmatched;
        findings.chars = glyphs::missing(&tree);
        Ok(Self { tree, findings: Arc::new(findings) })
    }

    /// What of it is not shown as it says.
    pub(super) fn findings(&self) -> &Arc<Findings> {
        &self.findings
    }

    /// About what it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        bytes(self.tree.root())
    }

    /// Paints what the request shows of it.
    pub(super) fn paint(&self, request: &Request) -> Result<Pixels, Refusal> {
        let (width, height) = (request.width, request.height);
        let transform = marks::back(request.turn.unwrap_or_else(|| to_request(request)));
        cost::check(&self.tree, transform, width, height)?;
        let (Ok(across), Ok(down)) = (u16::try_from(width), u16::try_from(height)) else {
            return Err(Refusal::Pixels { width, height });
        };
        let (mut drawing, mut raster) = (Drawing::new(across, down), Raster::default());
        let complex = |error: Error| Refusal::Complex { reason: error.to_string() };
        let transform = marks::affine(transform);
        marks::draw(&self.tree, transform, &mut drawing, &mut raster).map_err(complex)?;
        // Upright ones end where the pixels end.
        if request.turn.is_some() && !self.is_within(request.crop) && !drawing.marks().is_empty() {
            let clip = Mark::PushClip { transform, shape: Shape::Rect(request.crop) };
            drawing.enclose(0, clip).map_err(complex)?;
        }
        let mut pixels = raster.paint(drawing).map_err(complex)?;
        pixels.opaque |= pixels.rgba.as_chunks::<4>().0.iter().all(|pixel| pixel[3] == 255);
        Ok(pixels)
    }

    /// Whether all that it draws lies in this part of it: an edge that is cut where it ends already would
    /// be smoothed twice.
    fn is_within(&self, part: Rect) -> bool {
        let drawn = self.tree.root().abs_layer_bounding_box();
        let [left, top, right, bottom] =
            [drawn.left(), drawn.top(), drawn.right(), drawn.bottom()].map(f64::from);
        let beyond = BEYOND * part.width().max(part.height());
        part.inflate(beyond, beyond).contains_rect(Rect::new(left, top, right, bottom))
    }
}

/// Resolves a document, and says which fonts stand in for others.
fn resolve(
    document: &roxmltree::Document<'_>,
    fonts: &SvgFonts,
) -> Result<(usvg::Tree, Findings), Refusal> {
    let fault = Mutex::new(None);
    let families = Mutex::new(BTreeSet::new());
    let faces = Mutex::new(BTreeSet::new());
    let stand_ins = Mutex::new(BTreeSet::new());
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
            families.lock().extend(missing_family(font, fonts));
            let found = usvg::FontResolver::default_font_selector()(font, database)?;
            let italic = font.style() != usvg::FontStyle::Normal;
            faces.lock().insert((found, font.weight(), italic));
            Some(found)
        });
        options.font_resolver.select_fallback = Box::new(|char, tried, database| {
            let found = usvg::FontResolver::default_fallback_selector()(char, tried, database)?;
            let own = tried.first().and_then(|own| family(database, *own));
            let pair = own.zip(family(database, found)).filter(|(own, other)| own != other);
            stand_ins.lock().extend(pair.filter(|_| !is_invisible(char)));
            Some(found)
        });
        usvg::Tree::from_xmltree(document, &options).map_err(broken)?
    };
    if let Some(refusal) = fault.into_inner() {
        return Err(refusal);
    }
    let families = families.into_inner().into_iter().collect();
    let stand_ins = stand_ins.into_inner().into_iter().collect();
    let mut findings = Findings { families, stand_ins, ..Findings::default() };
    for (face, weight, italic) in faces.into_inner() {
        compare(&fonts.0, face, (weight, italic), &mut findings);
    }
    Ok((tree, findings))
}

/// Notes where a face is not of the weight and style that were asked for.
fn compare(
    fonts: &fontdb::Database,
    id: fontdb::ID,
    (weight, italic): (u16, bool),
    findings: &mut Findings,
) {
    // Variable fonts are set to what is asked.
    let is_variable = |bytes: &[u8], index| {
        FontRef::from_index(bytes, index).is_ok_and(|font| !font.axes().is_empty())
    };
    let (Some(face), Some(family)) = (fonts.face(id), family(fonts, id)) else { return };
    if fonts.with_face_data(id, is_variable).unwrap_or(false) {
        return;
    }
    let replaced = (family.clone(), weight.into(), face.weight.0.into());
    if face.weight.0 != weight && !findings.weights.contains(&replaced) {
        findings.weights.push(replaced);
    }
    if italic && face.style == fontdb::Style::Normal && !findings.upright.contains(&family) {
        findings.upright.push(family);
    }
}

/// About what a parsed group takes in memory.
fn bytes(group: &usvg::Group) -> usize {
    let of_node = |node: &usvg::Node| {
        let own = match node {
            usvg::Node::Group(group) => bytes(group),
            usvg::Node::Path(path) => POINT_BYTES * path.data().len(),
            usvg::Node::Image(image) => match image.kind() {
                usvg::ImageKind::PNG(data)
                | usvg::ImageKind::JPEG(data)
                | usvg::ImageKind::GIF(data)
                | usvg::ImageKind::WEBP(data) => data.len(),
                usvg::ImageKind::SVG(tree) => bytes(tree.root()),
            },
            usvg::Node::Text(text) => {
                let chars = text.chunks().iter().map(|chunk| chunk.text().len()).sum::<usize>();
                CHAR_BYTES * chars + bytes(text.flattened())
            }
        };
        let mut all = NODE_BYTES + own;
        node.subroots(|group| all += bytes(group));
        all
    };
    group.children().iter().map(of_node).sum()
}

fn parse(text: &str) -> Result<roxmltree::Document<'_>, Refusal> {
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
            let reason = "its DOCTYPE declares more than short names for texts; remove it";
            Refusal::Broken { reason: reason.to_owned() }
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
fn to_request(request: &Request) -> Affine {
    let crop = request.crop;
    let (across, down) =
        (f64::from(request.width) / crop.width(), f64::from(request.height) / crop.height());
    Affine::new([across, 0.0, 0.0, down, -crop.x0 * across, -crop.y0 * down])
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

/// The name of a font's family.
fn family(database: &fontdb::Database, font: fontdb::ID) -> Option<String> {
    let families = &database.face(font)?.families;
    let english = |(_, language): &&(String, fontdb::Language)| {
        *language == fontdb::Language::English_UnitedStates
    };
    let found = families.iter().find(english).or(families.first());
    found.map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests;
