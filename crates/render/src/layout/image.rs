//! Images and SVG documents: which part of a picture goes where, as CSS `object-fit` and
//! `object-position` define it.
//!
//! Upright pictures take whole device pixels, edges rounded, as browsers have it: the picture is
//! scaled to exactly those and copied. Turned ones are scaled to the size they have and sampled. What
//! lies outside of the canvas is not scaled at all, so no box can ask for more than the canvas.

use std::sync::Arc;

use kurbo::{Affine, Point, Rect, RoundedRectRadii, Size};
use pixeldrive_model::{self as model, Color, Corners, Element, ObjectFit, ObjectPosition};

use super::{Context, paint, size, text};
use crate::drawing::Mark;
use crate::picture::{Refusal, Request};
use crate::{Asset, Error};

/// Pixels of a turned picture, as a multiple of the canvas's.
const TURNED_CANVASES_MAX: f64 = 2.0;

/// How a picture stands in its box.
struct Placing {
    fit: ObjectFit,
    position: ObjectPosition,
    corners: Corners,
    color: Color,
    /// In px of the element's box.
    area: Rect,
}

pub(super) fn image(
    context: &mut Context<'_>,
    element: &Element,
    image: &model::Image,
) -> Result<(), Error> {
    let asset = asset(context, element)?;
    let placing = Placing {
        fit: image.object_fit,
        position: image.object_position,
        corners: image.border_radius,
        color: Color::BLACK,
        area: size(element).to_rect(),
    };
    draw(context, element, &asset, &placing)
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
        corners: Corners([0.0; 4]),
        color: Color::BLACK,
        area,
    };
    draw(context, element, &asset, &placing)
}

pub(super) fn svg(
    context: &mut Context<'_>,
    element: &Element,
    svg: &model::Svg,
) -> Result<(), Error> {
    let asset = if svg.svg.is_empty() {
        asset(context, element)?
    } else {
        context.scaled.inline_svg(&svg.svg).map_err(refused(element))?
    };
    let placing = Placing {
        fit: svg.object_fit,
        position: svg.object_position,
        corners: Corners([0.0; 4]),
        color: svg.color,
        area: size(element).to_rect(),
    };
    draw(context, element, &asset, &placing)
}

fn asset(context: &Context<'_>, element: &Element) -> Result<Arc<Asset>, Error> {
    let source = element.source();
    source.and_then(|source| context.assets.get(source)).cloned().ok_or_else(|| {
        Error::AssetMissing {
            element: element.id.clone(),
            source_text: source.map(model::Source::describe).unwrap_or_default(),
        }
    })
}

fn refused(element: &Element) -> impl Fn(Refusal) -> Error + '_ {
    |refusal| Error::Picture { element: element.id.clone(), refusal }
}

fn draw(
    context: &mut Context<'_>,
    element: &Element,
    asset: &Asset,
    placing: &Placing,
) -> Result<(), Error> {
    let area = placing.area;
    if area.is_zero_area() {
        return Ok(());
    }
    let mut fitted = fit(area.size(), asset.size().into(), placing);
    fitted.area = fitted.area + area.origin().to_vec2();
    let canvas = Size::new(context.drawing.width().into(), context.drawing.height().into());
    let Some(cut) = cut(&fitted, context.transform, canvas) else {
        return Ok(());
    };
    let [width, height] = [cut.size.width, cut.size.height].map(whole);
    let request = Request { crop: cut.crop, width, height, color: placing.color };
    let picture = context.scaled.get(asset, &request, context.fonts).map_err(refused(element))?;
    for family in picture.fonts_missing.iter() {
        let message = format!(
            "the SVG asks for the font family `{family}`, which is not installed; Inter is used"
        );
        context.warn("font_fallback", element, message);
    }
    text::report_missing(context, element, &picture.chars_missing);
    let mut mark = Mark::Image {
        transform: cut.transform,
        image: picture.pixels,
        corners: RoundedRectRadii::from_single_radius(0.0),
    };
    if placing.corners == Corners([0.0; 4]) {
        return context.drawing.push(mark);
    }
    if cut.whole && fitted.area == area {
        // The picture is the box: its own corners are the box's.
        let scale = cut.size.width / area.width();
        let radii = placing.corners.0.map(|radius| radius * scale);
        let Mark::Image { corners, .. } = &mut mark else {
            return Ok(());
        };
        *corners = paint::radii(cut.size.to_rect(), Corners(radii));
        return context.drawing.push(mark);
    }
    let shape = paint::rounded(area, placing.corners);
    context.drawing.push(Mark::PushClip { transform: context.transform, shape })?;
    context.drawing.push(mark)?;
    context.drawing.push(Mark::Pop)
}

/// Which part of a picture goes where in its box.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fitted {
    /// In px of the box.
    area: Rect,
    /// In units of the picture.
    crop: Rect,
}

fn fit(area: Size, natural: Size, placing: &Placing) -> Fitted {
    let (across, down) = (area.width / natural.width, area.height / natural.height);
    let at =
        |room: Size| Point::new(room.width * placing.position.x, room.height * placing.position.y);
    match placing.fit {
        ObjectFit::Cover => {
            let crop = area / across.max(down);
            let crop = Rect::from_origin_size(at(natural - crop), crop);
            Fitted { area: area.to_rect(), crop }
        }
        ObjectFit::Contain => {
            let inside = natural * across.min(down);
            let inside = Rect::from_origin_size(at(area - inside), inside);
            Fitted { area: inside, crop: natural.to_rect() }
        }
        ObjectFit::Fill => Fitted { area: area.to_rect(), crop: natural.to_rect() },
    }
}

/// A fitted picture in device pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    /// In units of the picture.
    crop: Rect,
    /// What it is scaled to: whole numbers.
    size: Size,
    /// From there to the canvas.
    transform: Affine,
    /// Whether all of the fitted picture is there.
    whole: bool,
}

/// What has to be scaled and to what size; `None` when nothing of it is on the canvas.
fn cut(fitted: &Fitted, transform: Affine, canvas: Size) -> Option<Cut> {
    let Fitted { area, crop } = *fitted;
    let [a, b, c, d, ..] = transform.as_coeffs();
    if b == 0.0 && c == 0.0 && a > 0.0 && d > 0.0 {
        let target = snapped(transform.transform_rect_bbox(area));
        let seen = target.intersect(canvas.to_rect());
        if seen.is_zero_area() {
            return None;
        }
        let (across, down) = (crop.width() / target.width(), crop.height() / target.height());
        let crop = Rect::from_origin_size(
            (crop.x0 + (seen.x0 - target.x0) * across, crop.y0 + (seen.y0 - target.y0) * down),
            (seen.width() * across, seen.height() * down),
        );
        let transform = Affine::translate(seen.origin().to_vec2());
        return Some(Cut { crop, size: seen.size(), transform, whole: seen == target });
    }
    if transform.transform_rect_bbox(area).intersect(canvas.to_rect()).is_zero_area() {
        return None;
    }
    let size = Size::new(area.width() * a.hypot(b), area.height() * c.hypot(d));
    let shrink = (canvas.area() * TURNED_CANVASES_MAX / size.area()).sqrt().min(1.0);
    // What is a whole number but for the error of a sine stays it.
    let side = |side: f64| (side * shrink - 1e-6).ceil().clamp(1.0, f64::from(u16::MAX));
    let size = Size::new(side(size.width), side(size.height));
    let to_area = Affine::translate(area.origin().to_vec2())
        * Affine::scale_non_uniform(area.width() / size.width, area.height() / size.height);
    Some(Cut { crop, size, transform: transform * to_area, whole: true })
}

/// Edges on whole pixels, and at least one pixel between them.
fn snapped(area: Rect) -> Rect {
    let (x0, y0) = (area.x0.round(), area.y0.round());
    Rect::new(x0, y0, area.x1.round().max(x0 + 1.0), area.y1.round().max(y0 + 1.0))
}

/// A whole number of pixels, on a canvas of at most `u16::MAX` a side.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "limited by the canvas"
)]
fn whole(side: f64) -> u32 {
    side.clamp(1.0, f64::from(u16::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::picture::testing::{fault, lay_out};

    const CANVAS: Size = Size::new(1200.0, 630.0);

    fn placing(fit: ObjectFit, x: f64, y: f64) -> Placing {
        let position = ObjectPosition { x, y };
        Placing { fit, position, corners: Corners([0.0; 4]), color: Color::BLACK, area: Rect::ZERO }
    }

    #[track_caller]
    fn check_fit(area: (f64, f64), natural: (f64, f64), placing: Placing, expected: [Rect; 2]) {
        let fitted = fit(area.into(), natural.into(), &placing);
        assert_eq!([fitted.area, fitted.crop], expected);
    }

    #[test]
    fn pictures_fit_as_in_css() {
        let (card, photo) = ((1200.0, 630.0), (1600.0, 900.0));
        let all = Rect::new(0.0, 0.0, 1200.0, 630.0);
        let whole = Rect::new(0.0, 0.0, 1600.0, 900.0);
        let cover = |x, y| placing(ObjectFit::Cover, x, y);
        check_fit(card, photo, cover(0.5, 0.5), [all, Rect::new(0.0, 30.0, 1600.0, 870.0)]);
        check_fit(card, photo, cover(0.5, 0.0), [all, Rect::new(0.0, 0.0, 1600.0, 840.0)]);
        check_fit(card, photo, cover(1.0, 1.0), [all, Rect::new(0.0, 60.0, 1600.0, 900.0)]);
        check_fit(card, photo, placing(ObjectFit::Fill, 0.0, 0.0), [all, whole]);
        let contain = placing(ObjectFit::Contain, 0.5, 1.0);
        check_fit(card, photo, contain, [Rect::new(40.0, 0.0, 1160.0, 630.0), whole]);
        let contain = placing(ObjectFit::Contain, 0.5, 1.0);
        check_fit((100.0, 100.0), photo, contain, [Rect::new(0.0, 43.75, 100.0, 100.0), whole]);
    }

    #[track_caller]
    fn check_cut(area: Rect, transform: Affine, expected: Option<(Rect, Size, Affine)>) {
        let fitted = Fitted { area, crop: Rect::new(0.0, 0.0, 800.0, 400.0) };
        let found = cut(&fitted, transform, CANVAS);
        assert_eq!(found.map(|cut| (cut.crop, cut.size, cut.transform)), expected);
    }

    #[test]
    fn upright_pictures_take_whole_pixels() {
        let area = Rect::new(0.0, 0.0, 200.0, 100.0);
        let all = Rect::new(0.0, 0.0, 800.0, 400.0);
        let at = |x: f64, y: f64| Affine::translate((x, y));
        let twice = at(10.0, 20.0) * Affine::scale(2.0);
        check_cut(area, twice, Some((all, Size::new(400.0, 200.0), at(10.0, 20.0))));
        check_cut(area, at(10.4, 20.6), Some((all, Size::new(200.0, 100.0), at(10.0, 21.0))));
        let hair = Rect::new(0.0, 0.0, 0.2, 0.2);
        check_cut(hair, at(7.0, 7.0), Some((all, Size::new(1.0, 1.0), at(7.0, 7.0))));
    }

    #[test]
    fn what_is_off_the_canvas_is_not_scaled() {
        let area = Rect::new(0.0, 0.0, 200.0, 100.0);
        let at = |x: f64, y: f64| Affine::translate((x, y));
        let seen = Rect::new(400.0, 0.0, 800.0, 400.0);
        check_cut(area, at(-100.0, 0.0), Some((seen, Size::new(100.0, 100.0), at(0.0, 0.0))));
        check_cut(area, at(1200.0, 0.0), None);
        check_cut(area, at(-5000.0, 0.0) * Affine::rotate(0.5), None);
        let vast = at(-16_000.0, -8_000.0) * Affine::scale(160.0);
        let seen = Rect::new(400.0, 200.0, 430.0, 215.75);
        check_cut(area, vast, Some((seen, CANVAS, at(0.0, 0.0))));
    }

    #[test]
    fn turned_pictures_keep_their_size_within_the_limit() {
        let fitted = Fitted {
            area: Rect::new(0.0, 0.0, 200.0, 100.0),
            crop: Rect::new(0.0, 0.0, 800.0, 400.0),
        };
        let turned = cut(&fitted, Affine::rotate(0.5) * Affine::scale(1.5), CANVAS).unwrap();
        assert_eq!(turned.size, Size::new(300.0, 150.0));
        let vast = cut(&fitted, Affine::rotate(0.5) * Affine::scale(1000.0), CANVAS).unwrap();
        assert!(vast.size.area() < CANVAS.area() * 2.1, "{}", vast.size);
    }

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
            Mark::PushLayer { opacity, .. } => format!("layer {opacity}"),
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
        let inline = |svg: &str| {
            fault(&json!({ "id": "s", "type": "svg", "svg": svg, "width": 9, "height": 9 }), &[])
        };
        assert!(inline("<svg>").starts_with("image_broken"), "unclosed");
        assert_eq!(inline("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'/>"), "");
    }
}
