//! Images and SVG documents become marks: the picture, cut to its box, and the border around it.
//!
//! Deliberately absent: where in the box a picture stands (`placing.rs`), and what is shown when there
//! is none (`missing.rs`).

use std::sync::Arc;

use kurbo::{Affine, Insets, Rect, RoundedRectRadii, Shape as _, Size};
use pixeldrive_model::limits::FILTERED_PX_MAX;
use pixeldrive_model::{
    self as model, Border, Color, Corners, Element, Filters, ObjectFit, ObjectPosition, Source,
};

use super::grid::Grid;
use super::placing::{Fitted, Place, cut, cut_drawing, fitted, is_upright, whole};
use super::{Context, missing, paint, size, text};
use crate::asset::AssetKind;
use crate::drawing::{Brush, Mark, Shape};
use crate::picture::{Findings, Recipe, Refusal, Request};
use crate::{Asset, Error};

/// Device pixels by which a turned picture reaches under its border.
const SEAM_PX: f64 = 1.0;

/// How a picture stands in its box.
struct Placing<'a> {
    fit: ObjectFit,
    position: ObjectPosition,
    frame: Edge,
    color: Color,
    colors: &'a [(Color, Color)],
    filters: &'a Filters,
    /// In px of the element's box.
    area: Rect,
}

/// The edge of a box.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub(super) corners: Corners,
    pub(super) border: Border,
}

impl Edge {
    /// Square corners and no border.
    const PLAIN: Self = Self { corners: Corners([0.0; 4]), border: Border::NONE };
}

pub(super) fn image(
    context: &mut Context<'_>,
    element: &Element,
    image: &model::Image,
) -> Result<(), Error> {
    let edge = Edge { corners: image.border_radius, border: image.border };
    let placing = Placing {
        fit: image.object_fit,
        position: image.object_position,
        frame: edge,
        color: Color::BLACK,
        colors: &[],
        filters: &image.filters,
        area: size(element).to_rect(),
    };
    let drawn = asset(context, element).and_then(|asset| draw(context, element, &asset, &placing));
    missing::or_instead(context, element, edge, drawn)
}

/// The element's picture, wholly inside of a part of its box.
pub(super) fn contained(
    context: &mut Context<'_>,
    element: &Element,
    area: Rect,
) -> Result<(), Error> {
    let asset = asset(context, element)?;
    let placing = Placing {
        fit: ObjectFit::Contain,
        position: ObjectPosition { x: 0.5, y: 0.5 },
        frame: Edge::PLAIN,
        color: Color::BLACK,
        colors: &[],
        filters: &Filters::default(),
        area,
    };
    draw(context, element, &asset, &placing)
}

pub(super) fn svg(
    context: &mut Context<'_>,
    element: &Element,
    svg: &model::Svg,
) -> Result<(), Error> {
    let placing = Placing {
        fit: svg.object_fit,
        position: svg.object_position,
        frame: Edge::PLAIN,
        color: svg.color,
        colors: &svg.colors.0,
        filters: &svg.filters,
        area: size(element).to_rect(),
    };
    let asset = if svg.svg.is_empty() {
        asset(context, element)
    } else {
        context.scaled.inline_svg(&svg.svg).map_err(refused(element))
    };
    let drawn = asset.and_then(|asset| draw(context, element, &asset, &placing));
    missing::or_instead(context, element, Edge::PLAIN, drawn)
}

fn asset(context: &Context<'_>, element: &Element) -> Result<Arc<Asset>, Error> {
    let source = element.source().unwrap_or(&Source::Missing);
    if let Some(asset) = context.assets.get(source) {
        return Ok(Arc::clone(asset));
    }
    let element = element.id.clone();
    Err(match (source, context.assets.failure(source)) {
        (_, Some(reason)) => Error::AssetFailed { element, reason: reason.to_owned() },
        (Source::Missing, _) => {
            Error::AssetFailed { element, reason: "no src is given".to_owned() }
        }
        _ => Error::AssetMissing { element, source_text: source.describe() },
    })
}

pub(super) fn refused(element: &Element) -> impl Fn(Refusal) -> Error + '_ {
    |refusal| Error::Picture { element: element.id.clone(), refusal }
}

/// What had to be adjusted to show a picture.
pub(super) fn report(context: &mut Context<'_>, element: &Element, findings: &Findings) {
    for family in &findings.families {
        let message = format!(
            "the SVG asks for the font family `{family}`, which is not installed; Inter is used"
        );
        context.warn("font_fallback", element, message);
    }
    text::report_stand_ins(context, element, &findings.stand_ins);
    text::report_weights(context, element, &findings.weights);
    for family in &findings.upright {
        let message =
            format!("`{family}` has no italic face for the SVG; the upright one was used");
        context.warn("font_style_replaced", element, message);
    }
    text::report_missing(context, element, &findings.chars);
    if !findings.colors.is_empty() {
        let colors: Vec<String> = findings.colors.iter().map(ToString::to_string).collect();
        let message = format!(
            "the SVG has no {} that `colors` could replace; write the colours as the SVG has them",
            colors.join(", ")
        );
        context.warn("color_unmatched", element, message);
    }
    if !findings.features.is_empty() {
        let message = format!(
            "the SVG has parts that are not drawn: {}; say the same with shapes and attributes, or \
             take them out",
            findings.features.join(", ")
        );
        context.warn("svg_feature_dropped", element, message);
    }
    if findings.profile_ignored {
        let message = "the picture's colour profile is broken; its colours are taken as sRGB";
        context.warn("profile_ignored", element, message);
    }
}

fn draw(
    context: &mut Context<'_>,
    element: &Element,
    asset: &Asset,
    placing: &Placing<'_>,
) -> Result<(), Error> {
    let area = placing.area;
    if area.is_zero_area() {
        return Ok(());
    }
    let inside = inside(area, placing.frame.border, context.transform);
    if !inside.is_zero_area() {
        let fitted = fitted(inside, asset.size().into(), placing.fit, placing.position);
        picture(context, element, asset, (placing, inside, fitted))?;
    }
    border(context, area, placing.frame)
}

/// The picture without its border.
fn picture(
    context: &mut Context<'_>,
    element: &Element,
    asset: &Asset,
    (placing, area, fitted): (&Placing<'_>, Rect, Fitted),
) -> Result<(), Error> {
    let canvas = Size::new(context.drawing.width().into(), context.drawing.height().into());
    let place = Place { transform: context.transform, area, canvas };
    let blur = placing.filters.blur();
    let cut = if asset.kind() == AssetKind::Svg && blur == 0.0 {
        cut_drawing(&fitted, &place)
    } else {
        cut(&fitted, &place, blur)
    };
    let Some(cut) = cut else {
        return Ok(());
    };
    if !placing.filters.0.is_empty() {
        context.filtered_px += u64::from(cut.view.width) * u64::from(cut.view.height);
        if context.filtered_px > FILTERED_PX_MAX {
            return Err(Error::FiltersExceeded { element: element.id.clone() });
        }
    }
    let [width, height] = [cut.size.width, cut.size.height].map(whole);
    let recipe = Recipe::new(placing.filters, cut.scale, cut.view);
    let (turn, color, colors) = (cut.turn, placing.color, placing.colors.to_vec());
    let request = Request { crop: cut.crop, width, height, turn, color, colors, recipe };
    let picture = context.scaled.get(asset, &request, context.fonts).map_err(refused(element))?;
    report(context, element, &picture.findings);
    let [view_width, view_height] = [cut.view.width, cut.view.height].map(f64::from);
    let mut mark = Mark::Image {
        transform: cut.transform,
        image: picture.pixels,
        corners: RoundedRectRadii::from_single_radius(0.0),
    };
    let Edge { corners, border } = placing.frame;
    let square = corners == Corners([0.0; 4]);
    // Turned and blurred, it ends on whole pixels of its own beyond the box.
    let beyond = !cut.whole && cut.turn.is_none() && !is_upright(context.transform);
    if square && !beyond {
        return context.drawing.push(mark);
    }
    if border.width == 0.0 && cut.whole && fitted.area == area {
        // The picture is the box: its own corners are the box's.
        let scale = view_width / area.width();
        let radii = corners.0.map(|radius| radius * scale);
        let Mark::Image { corners, .. } = &mut mark else {
            return Ok(());
        };
        *corners = paint::radii(Rect::new(0.0, 0.0, view_width, view_height), Corners(radii));
        return context.drawing.push(mark);
    }
    // Below an opaque border the cut cannot be seen, so no seam shows between the two.
    let hidden = if border.color.a == 255 { border.width / 2.0 } else { border.width };
    let shape = inset(placing.area, corners, hidden);
    context.drawing.push(Mark::PushClip { transform: context.transform, shape })?;
    context.drawing.push(mark)?;
    context.drawing.push(Mark::Pop)
}

/// What a border leaves of its box. Under an opaque one the picture may reach a little further: so that both end on
/// whole pixels, or, where they are turned and share pixels, so that these do not let through what is below.
fn inside(area: Rect, border: Border, transform: Affine) -> Rect {
    let mut width = border.width;
    if border.color.a == 255 {
        let scale = transform.determinant().abs().sqrt();
        let px = (width * scale + 1e-6).floor();
        let along = Grid::new(transform).aligned;
        let under = if along { 0.0 } else { SEAM_PX.min(px / 2.0) };
        width = (px - under) / scale;
    }
    let width = width.min(area.width() / 2.0).min(area.height() / 2.0);
    area - Insets::uniform(width)
}

/// A box with rounded corners, `by` px further in.
fn inset(area: Rect, corners: Corners, by: f64) -> Shape {
    let RoundedRectRadii { top_left, top_right, bottom_right, bottom_left } =
        paint::radii(area, corners);
    let radii = [top_left, top_right, bottom_right, bottom_left];
    let by = by.min(area.width() / 2.0).min(area.height() / 2.0);
    let radii = radii.map(|radius| (radius - by).max(0.0));
    paint::rounded(area - Insets::uniform(by), Corners(radii))
}

/// A line along the inside of a box's edge: what lies between two outlines.
pub(super) fn border(context: &mut Context<'_>, area: Rect, edge: Edge) -> Result<(), Error> {
    let Edge { corners, border } = edge;
    if border.width == 0.0 || border.color.a == 0 {
        return Ok(());
    }
    let outline = |by: f64| match inset(area, corners, by) {
        Shape::Rect(area) => area.to_path(paint::TOLERANCE),
        Shape::Path(path) | Shape::EvenOdd(path) => Arc::unwrap_or_clone(path),
    };
    let mut ring = outline(0.0);
    if border.width * 2.0 < area.width().min(area.height()) {
        ring.extend(outline(border.width).reverse_subpaths());
    }
    let brush = Brush::Solid(paint::color(border.color));
    let shape = Shape::Path(Arc::new(ring));
    context.drawing.push(Mark::Fill { transform: context.transform, shape, brush })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::picture::testing::{fault, lay_out};

    /// A picture of 80 by 40 px.
    fn png() -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = ::image::RgbImage::new(80, 40);
        let to = &mut std::io::Cursor::new(&mut bytes);
        picture.write_to(to, ::image::ImageFormat::Png).unwrap();
        bytes
    }

    /// Each mark in a few characters: size, place and first radius of a picture.
    #[track_caller]
    fn check(properties: Value, pixel_ratio: f64, expected: &[&str]) {
        let mut element = json!({ "id": "i", "type": "image", "src": "a.png", "x": 10, "y": 20,
            "width": 100, "height": 100 });
        element.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        let (drawing, _) = lay_out(&element, pixel_ratio, &[("a.png", png())]).unwrap();
        // The first mark is the background.
        let marks = drawing.marks()[1..].iter().map(|mark| match mark {
            Mark::Image { transform, image, corners } => {
                let [a, b, _, _, x, y] = transform.as_coeffs();
                let turn = b.atan2(a).to_degrees();
                let (width, height, radius) = (image.width, image.height, corners.top_left);
                format!("{width}x{height} at {x:.1},{y:.1} turned {turn:.0} radius {radius:.1}")
            }
            Mark::PushClip { .. } => "clip".to_owned(),
            Mark::PushLayer(layer) => format!("layer {}", layer.opacity),
            Mark::Pop => "pop".to_owned(),
            other => format!("{other:?}"),
        });
        assert_eq!(marks.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn pictures_become_marks() {
        check(json!({}), 1.0, &["100x100 at 10.0,20.0 turned 0 radius 0.0"]);
        check(json!({ "x": 9.6 }), 1.0, &["100x100 at 10.0,20.0 turned 0 radius 0.0"]);
        check(json!({}), 1.5, &["150x150 at 15.0,30.0 turned 0 radius 0.0"]);
        check(json!({ "borderRadius": 80 }), 2.0, &["200x200 at 20.0,40.0 turned 0 radius 100.0"]);
        check(json!({ "x": -60 }), 1.0, &["40x100 at 0.0,20.0 turned 0 radius 0.0"]);
        check(json!({ "x": 400 }), 1.0, &[]);
        check(json!({ "width": 0 }), 1.0, &[]);
        let contained = "100x50 at 10.0,45.0 turned 0 radius 0.0";
        check(json!({ "objectFit": "contain" }), 1.0, &[contained]);
        let rounded = json!({ "objectFit": "contain", "borderRadius": 50 });
        check(rounded, 1.0, &["clip", contained, "pop"]);
        let off = json!({ "x": -60, "borderRadius": 50 });
        check(off, 1.0, &["clip", "40x100 at 0.0,20.0 turned 0 radius 0.0", "pop"]);
        check(json!({ "rotation": 90 }), 1.0, &["100x100 at 110.0,20.0 turned 90 radius 0.0"]);
        let faded = json!({ "rotation": 45, "borderRadius": 9, "opacity": 0.5 });
        let turned = "100x100 at 60.0,-0.7 turned 45 radius 9.0";
        check(faded, 1.0, &["layer 0.5", turned, "pop"]);
    }

    /// Painted at its angle, so that only what it covers is copied.
    #[test]
    fn turned_svg_is_not_sampled() {
        let svg =
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M0 0h9v9z'/></svg>";
        let marks = |more: Value| {
            let mut element = json!({ "id": "s", "type": "svg", "svg": svg, "x": 100, "y": 100,
                "width": 80, "height": 40, "objectFit": "fill" });
            element.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let (drawing, _) = lay_out(&element, 1.0, &[]).unwrap();
            let images = drawing.marks().iter().filter_map(|mark| match mark {
                Mark::Image { transform, image, .. } => {
                    Some((transform.as_coeffs(), (image.width, image.height)))
                }
                _ => None,
            });
            images.collect::<Vec<_>>()
        };
        let at = |x: f64, y: f64| [1.0, 0.0, 0.0, 1.0, x, y];
        assert_eq!(marks(json!({})), [(at(100.0, 100.0), (80, 40))]);
        assert_eq!(marks(json!({ "rotation": 90 })), [(at(120.0, 80.0), (40, 80))]);
        assert_eq!(marks(json!({ "rotation": 45 })), [(at(97.0, 77.0), (86, 86))]);
        assert_eq!(marks(json!({ "skewX": 45 })), [(at(80.0, 100.0), (120, 40))]);
        let sepia = json!({ "rotation": 45, "filters": [{ "type": "sepia" }] });
        assert_eq!(marks(sepia), [(at(97.0, 77.0), (86, 86))]);
        let blurred = json!({ "rotation": 45, "filters": [{ "type": "blur", "radius": 2 }] });
        assert_ne!(marks(blurred)[0].0[1], 0.0, "blurred pixels are turned");
    }

    #[test]
    fn filters_work_on_a_limited_number_of_pixels() {
        let image = |number: usize| {
            json!({ "id": format!("i{number}"), "type": "image", "src": "a.png", "width": 400,
                "height": 300, "filters": [{ "type": "sepia" }] })
        };
        // At four device pixels a px each is 1.92 megapixels.
        let all = |count: usize| Value::Array((0..count).map(image).collect());
        let files = [("a.png", png())];
        assert!(lay_out(&all(66), 4.0, &files).is_ok(), "within the limit");
        let error = lay_out(&all(67), 4.0, &files).unwrap_err();
        assert_eq!((error.code(), error.element()), ("filters_exceeded", "i66"), "{error}");
    }

    #[test]
    fn what_is_wrong_with_a_picture_is_said() {
        let image =
            |src: &str| json!({ "id": "i", "type": "image", "src": src, "width": 9, "height": 9 });
        let cut = png()[..60].to_vec();
        let text = "hello".as_bytes().to_vec();
        let found = |src: &str, bytes: &[u8]| fault(&image(src), &[("a.png", bytes.to_vec())]);
        assert!(found("b.png", &png()).starts_with("asset_missing: the image `b.png`"), "missing");
        assert!(found("a.png", &cut).starts_with("image_broken: the picture is broken"), "cut");
        assert!(found("a.png", &text).starts_with("image_type_unsupported: this"), "text");
        let svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>\
                   <text y='9' font-family='Papyrus'>x</text></svg>";
        let found = found("a.png", svg.as_bytes());
        assert!(
            found.starts_with("font_fallback: the SVG asks for the font family `Papyrus`"),
            "{found}"
        );
        let found = fault(
            &json!({ "id": "s", "type": "svg", "width": 9, "height": 9, "svg":
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><text y='9'>漢</text></svg>" }),
            &[],
        );
        assert_eq!(found, "glyph_missing: no font has 漢 (U+6F22); add one that does");
        let found = fault(
            &json!({ "id": "s", "type": "svg", "width": 9, "height": 9, "svg":
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><rect fill='red'><animate/></rect><set/></svg>",
                "colors": { "#f00": "blue", "#123": "red", "tan": "red" } }),
            &[],
        );
        assert_eq!(
            found,
            "color_unmatched: the SVG has no #112233, #d2b48c that `colors` could replace; write the \
             colours as the SVG has them\nsvg_feature_dropped: the SVG has parts that are not drawn: \
             <animate>, <set>; say the same with shapes and attributes, or take them out"
        );
        let inline = |svg: &str| {
            fault(&json!({ "id": "s", "type": "svg", "svg": svg, "width": 9, "height": 9 }), &[])
        };
        assert!(inline("<svg>").starts_with("image_broken"), "unclosed");
        assert_eq!(inline("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'/>"), "");
    }
}
