//! Which part of a picture goes where: CSS `object-fit` and `object-position`, then whole pixels.
//!
//! Upright pictures take whole device pixels, edges rounded, as browsers have it: the picture is
//! scaled to exactly those and copied. Turned ones are scaled to the size they have and sampled, but for
//! drawings, which are painted at their angle. What lies outside of the canvas is not scaled at all, so no box can ask for more than the canvas, and a
//! blur for little more. Deliberately absent: marks (`image.rs`).

use kurbo::{Affine, Point, Rect, Size, Vec2};
use pixeldrive_model::{ObjectFit, ObjectPosition};

use crate::picture::{REACH, View};

/// Pixels of a turned picture, as a multiple of the canvas's.
const TURNED_CANVASES_MAX: f64 = 2.0;

/// Which part of a picture goes where in its box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fitted {
    /// In px of the box.
    pub(super) area: Rect,
    /// In units of the picture.
    pub(super) crop: Rect,
}

/// Fits a picture of `natural` size into `area`.
pub(super) fn fitted(
    area: Rect,
    natural: Size,
    fit: ObjectFit,
    position: ObjectPosition,
) -> Fitted {
    let (across, down) = (area.width() / natural.width, area.height() / natural.height);
    let at = |room: Size| Point::new(room.width * position.x, room.height * position.y);
    let inside = |scale: f64| {
        let inside = natural * scale;
        let inside = Rect::from_origin_size(at(area.size() - inside), inside);
        Fitted { area: inside + area.origin().to_vec2(), crop: natural.to_rect() }
    };
    let own_size = || {
        let Fitted { area: whole, .. } = inside(1.0);
        let seen = whole.intersect(area);
        Fitted { area: seen, crop: seen - whole.origin().to_vec2() }
    };
    match fit {
        ObjectFit::Cover => {
            let crop = area.size() / across.max(down);
            Fitted { area, crop: Rect::from_origin_size(at(natural - crop), crop) }
        }
        ObjectFit::Contain => inside(across.min(down)),
        ObjectFit::ScaleDown if across.min(down) < 1.0 => inside(across.min(down)),
        ObjectFit::ScaleDown | ObjectFit::None => own_size(),
        ObjectFit::Fill => Fitted { area, crop: natural.to_rect() },
    }
}

/// A fitted picture in device pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// In units of the picture.
    pub(super) crop: Rect,
    /// What it is scaled to: whole numbers.
    pub(super) size: Size,
    /// From the picture's units to those pixels, where it is painted turned.
    pub(super) turn: Option<Affine>,
    /// What is wanted of that. More or less than all of it only where it is blurred.
    pub(super) view: View,
    /// From the view to the canvas.
    pub(super) transform: Affine,
    /// Pixels of the scaled picture for a px of the box.
    pub(super) scale: Vec2,
    /// Whether the view is all of the fitted picture.
    pub(super) whole: bool,
}

/// Where a picture may be painted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// From the box to device pixels.
    pub(super) transform: Affine,
    /// The box: blurred pictures spread up to its edges.
    pub(super) area: Rect,
    /// In device pixels.
    pub(super) canvas: Size,
}

/// What has to be scaled and to what size, when it is then blurred by `blur` px; `None` when nothing
/// of it is on the canvas.
pub(super) fn cut(fitted: &Fitted, place: &Place, blur: f64) -> Option<Cut> {
    if is_upright(place.transform) {
        upright(fitted, place, blur)
    } else {
        turned(fitted, place, blur)
    }
}

/// The same for a drawing that is not blurred, which is sharp at any angle.
pub(super) fn cut_drawing(fitted: &Fitted, place: &Place) -> Option<Cut> {
    if is_upright(place.transform) {
        return upright(fitted, place, 0.0);
    }
    let Fitted { area, crop } = *fitted;
    let around = place.transform.transform_rect_bbox(area);
    // What ends on a pixel's edge but for the error of a sine ends there.
    let seen = around.inflate(-1e-6, -1e-6).expand().intersect(place.canvas.to_rect());
    if seen.is_zero_area() {
        return None;
    }
    let (across, down) = (area.width() / crop.width(), area.height() / crop.height());
    let to_area = Affine::translate(area.origin().to_vec2())
        * Affine::scale_non_uniform(across, down)
        * Affine::translate(-crop.origin().to_vec2());
    let to_seen = Affine::translate(-seen.origin().to_vec2());
    Some(Cut {
        crop,
        size: seen.size(),
        turn: Some(to_seen * place.transform * to_area),
        view: viewed(seen.size().to_rect()),
        transform: to_seen.inverse(),
        scale: Vec2::new(across, down),
        whole: false,
    })
}

/// Whether a box stays upright.
pub(super) fn is_upright(transform: Affine) -> bool {
    let [a, b, c, d, ..] = transform.as_coeffs();
    b == 0.0 && c == 0.0 && a > 0.0 && d > 0.0
}

fn upright(fitted: &Fitted, place: &Place, blur: f64) -> Option<Cut> {
    let Fitted { area, crop } = *fitted;
    let [across, _, _, down, ..] = place.transform.as_coeffs();
    let scale = Vec2::new(across, down);
    let canvas = place.canvas.to_rect();
    let target = snapped(place.transform.transform_rect_bbox(area));
    let (view, seen) = if blur > 0.0 {
        let reach = reach(scale, blur);
        let room = snapped(place.transform.transform_rect_bbox(place.area)).intersect(canvas);
        let view = target.inflate(reach.x, reach.y).intersect(room);
        (view, target.intersect(view.inflate(reach.x, reach.y)))
    } else {
        let seen = target.intersect(canvas);
        (seen, seen)
    };
    if view.is_zero_area() || seen.is_zero_area() {
        return None;
    }
    let (across, down) = (crop.width() / target.width(), crop.height() / target.height());
    let crop = Rect::from_origin_size(
        (crop.x0 + (seen.x0 - target.x0) * across, crop.y0 + (seen.y0 - target.y0) * down),
        (seen.width() * across, seen.height() * down),
    );
    Some(Cut {
        crop,
        size: seen.size(),
        turn: None,
        view: viewed(view - seen.origin().to_vec2()),
        transform: Affine::translate(view.origin().to_vec2()),
        scale,
        whole: view == target,
    })
}

fn turned(fitted: &Fitted, place: &Place, blur: f64) -> Option<Cut> {
    let Fitted { area, crop } = *fitted;
    let [a, b, c, d, ..] = place.transform.as_coeffs();
    let spread = area.inflate(blur * REACH, blur * REACH).intersect(place.area);
    let spread = if blur > 0.0 { spread } else { area };
    let canvas = place.canvas.to_rect();
    if place.transform.transform_rect_bbox(spread).intersect(canvas).is_zero_area() {
        return None;
    }
    let size = Size::new(area.width() * a.hypot(b), area.height() * c.hypot(d));
    let shrink = (place.canvas.area() * TURNED_CANVASES_MAX / size.area()).sqrt().min(1.0);
    // What is a whole number but for the error of a sine stays it.
    let side = |side: f64| (side * shrink - 1e-6).ceil().clamp(1.0, f64::from(u16::MAX));
    let size = Size::new(side(size.width), side(size.height));
    let scale = Vec2::new(size.width / area.width(), size.height / area.height());
    let view = if blur > 0.0 {
        let from = spread - area.origin().to_vec2();
        let view = Rect::new(
            (from.x0 * scale.x + 1e-6).floor(),
            (from.y0 * scale.y + 1e-6).floor(),
            (from.x1 * scale.x - 1e-6).ceil(),
            (from.y1 * scale.y - 1e-6).ceil(),
        );
        // No painter takes longer sides.
        let side = |from: f64, to: f64| to.min(from + f64::from(u16::MAX));
        Rect::new(view.x0, view.y0, side(view.x0, view.x1), side(view.y0, view.y1))
    } else {
        size.to_rect()
    };
    let to_area = Affine::translate(area.origin().to_vec2())
        * Affine::scale_non_uniform(1.0 / scale.x, 1.0 / scale.y)
        * Affine::translate(view.origin().to_vec2());
    let transform = place.transform * to_area;
    let whole = view == size.to_rect();
    Some(Cut { crop, size, turn: None, view: viewed(view), transform, scale, whole })
}

/// How far a blur of `blur` px reaches, in whole pixels.
fn reach(scale: Vec2, blur: f64) -> Vec2 {
    let reach = scale * blur * REACH;
    Vec2::new(reach.x.ceil(), reach.y.ceil())
}

/// Edges on whole pixels, and at least one pixel between them.
fn snapped(area: Rect) -> Rect {
    let (x0, y0) = (area.x0.round(), area.y0.round());
    Rect::new(x0, y0, area.x1.round().max(x0 + 1.0), area.y1.round().max(y0 + 1.0))
}

#[expect(clippy::cast_possible_truncation, reason = "limited by the canvas and the largest blur")]
fn viewed(area: Rect) -> View {
    let [x, y] = [area.x0, area.y0].map(|edge| edge as i32);
    View { x, y, width: whole(area.width()), height: whole(area.height()) }
}

/// A whole number of pixels, on a canvas of at most `u16::MAX` a side.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "limited by the canvas"
)]
pub(super) fn whole(side: f64) -> u32 {
    side.clamp(1.0, f64::from(u16::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANVAS: Size = Size::new(1200.0, 630.0);

    fn place(transform: Affine, area: Rect) -> Place {
        Place { transform, area, canvas: CANVAS }
    }

    #[track_caller]
    fn check_fit(
        area: (f64, f64),
        natural: (f64, f64),
        (fit, x, y): (ObjectFit, f64, f64),
        expected: [Rect; 2],
    ) {
        let area = Size::from(area).to_rect();
        let found = fitted(area, natural.into(), fit, ObjectPosition { x, y });
        assert_eq!([found.area, found.crop], expected);
        // A border moves the box that pictures are fitted into.
        let by = Vec2::new(7.0, 3.0);
        let moved = fitted(area + by, natural.into(), fit, ObjectPosition { x, y });
        assert_eq!([moved.area, moved.crop], [expected[0] + by, expected[1]]);
    }

    #[test]
    fn pictures_fit_as_in_css() {
        let (card, photo) = ((1200.0, 630.0), (1600.0, 900.0));
        let all = Rect::new(0.0, 0.0, 1200.0, 630.0);
        let whole = Rect::new(0.0, 0.0, 1600.0, 900.0);
        let cover = |x, y| (ObjectFit::Cover, x, y);
        check_fit(card, photo, cover(0.5, 0.5), [all, Rect::new(0.0, 30.0, 1600.0, 870.0)]);
        check_fit(card, photo, cover(0.5, 0.0), [all, Rect::new(0.0, 0.0, 1600.0, 840.0)]);
        check_fit(card, photo, cover(1.0, 1.0), [all, Rect::new(0.0, 60.0, 1600.0, 900.0)]);
        check_fit(card, photo, (ObjectFit::Fill, 0.0, 0.0), [all, whole]);
        let contain = (ObjectFit::Contain, 0.5, 1.0);
        check_fit(card, photo, contain, [Rect::new(40.0, 0.0, 1160.0, 630.0), whole]);
        let small = Rect::new(0.0, 43.75, 100.0, 100.0);
        check_fit((100.0, 100.0), photo, contain, [small, whole]);
        check_fit((100.0, 100.0), photo, (ObjectFit::ScaleDown, 0.5, 1.0), [small, whole]);
        let none = |x, y| (ObjectFit::None, x, y);
        check_fit(card, photo, none(0.5, 0.5), [all, Rect::new(200.0, 135.0, 1400.0, 765.0)]);
        check_fit(card, photo, none(1.0, 0.0), [all, Rect::new(400.0, 0.0, 1600.0, 630.0)]);
        let icon = (80.0, 40.0);
        let centred = Rect::new(560.0, 295.0, 640.0, 335.0);
        check_fit(card, icon, none(0.5, 0.5), [centred, Rect::new(0.0, 0.0, 80.0, 40.0)]);
        let scale_down = (ObjectFit::ScaleDown, 0.5, 0.5);
        check_fit(card, icon, scale_down, [centred, Rect::new(0.0, 0.0, 80.0, 40.0)]);
        let wide = [Rect::new(0.0, 5.0, 50.0, 45.0), Rect::new(15.0, 0.0, 65.0, 40.0)];
        check_fit((50.0, 50.0), icon, none(0.5, 0.5), wide);
    }

    #[track_caller]
    fn check_cut(area: Rect, transform: Affine, expected: Option<(Rect, Size, Affine)>) {
        let fitted = Fitted { area, crop: Rect::new(0.0, 0.0, 800.0, 400.0) };
        let found = cut(&fitted, &place(transform, area), 0.0);
        assert_eq!(found.map(|cut| (cut.crop, cut.size, cut.transform)), expected);
        let views = found.map(|cut| (cut.view.x, cut.view.y, cut.view.width, cut.view.height));
        let all = found.map(|cut| (0, 0, whole(cut.size.width), whole(cut.size.height)));
        assert_eq!(views, all, "without a blur the view is all of it");
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
        let area = Rect::new(0.0, 0.0, 200.0, 100.0);
        let fitted = Fitted { area, crop: Rect::new(0.0, 0.0, 800.0, 400.0) };
        let turned = |scale: f64| {
            let transform = Affine::rotate(0.5) * Affine::scale(scale);
            cut(&fitted, &place(transform, area), 0.0).unwrap().size
        };
        assert_eq!(turned(1.5), Size::new(300.0, 150.0));
        assert!(turned(1000.0).area() < CANVAS.area() * 2.1, "{}", turned(1000.0));
    }

    #[test]
    fn drawings_are_painted_at_their_angle() {
        let area = Rect::new(0.0, 0.0, 200.0, 100.0);
        let fitted = Fitted { area, crop: Rect::new(20.0, 0.0, 60.0, 20.0) };
        let cut = |transform| cut_drawing(&fitted, &place(transform, area));
        let quarter = Affine::new([0.0, 1.0, -1.0, 0.0, 300.0, 50.0]);
        let found = cut(quarter).unwrap();
        assert_eq!(found.size, Size::new(100.0, 200.0));
        assert_eq!(found.transform, Affine::translate((200.0, 50.0)));
        // The top left of what is shown is now on the right, its bottom left on the left.
        let at = |x: f64, y: f64| found.turn.unwrap() * Point::new(x, y);
        assert_eq!((at(20.0, 0.0), at(20.0, 20.0)), ((100.0, 0.0).into(), (0.0, 0.0).into()));
        // Off the canvas nothing is painted.
        let half = cut(Affine::translate((-50.0, 0.0)) * quarter).unwrap();
        assert_eq!(half.transform, Affine::translate((150.0, 50.0)));
        assert_eq!(cut(Affine::translate((-300.0, 0.0)) * quarter), None);
        let large = cut(Affine::rotate(0.5) * Affine::scale(1000.0)).unwrap();
        assert!(large.size.area() <= CANVAS.area(), "{}", large.size);
        let upright = cut(Affine::translate((10.0, 20.0))).unwrap();
        assert_eq!((upright.turn, upright.whole), (None, true));
    }

    #[test]
    fn blurred_pictures_spread_within_their_box() {
        let area = Rect::new(50.0, 50.0, 150.0, 100.0);
        let fitted = Fitted { area, crop: Rect::new(0.0, 0.0, 100.0, 50.0) };
        let boxed = Rect::new(0.0, 0.0, 200.0, 150.0);
        let found = |transform, boxed| cut(&fitted, &place(transform, boxed), 5.0).unwrap();
        // Three deviations on each side.
        let inside = found(Affine::IDENTITY, boxed);
        assert_eq!(inside.size, Size::new(100.0, 50.0));
        assert_eq!(inside.view, View { x: -15, y: -15, width: 130, height: 80 });
        assert_eq!(inside.transform, Affine::translate((35.0, 35.0)));
        // The box is the limit.
        let tight = found(Affine::IDENTITY, Rect::new(45.0, 50.0, 150.0, 100.0));
        assert_eq!(tight.view, View { x: -5, y: 0, width: 105, height: 50 });
        // Off the canvas only what shines in is scaled.
        let left = found(Affine::translate((-100.0, 0.0)), boxed);
        assert_eq!(left.size, Size::new(65.0, 50.0));
        assert_eq!(left.crop, Rect::new(35.0, 0.0, 100.0, 50.0));
        assert_eq!(left.view, View { x: 15, y: -15, width: 65, height: 80 });
        let turned = found(Affine::rotate(0.5), boxed);
        assert_eq!(turned.size, Size::new(100.0, 50.0));
        assert_eq!(turned.view, View { x: -15, y: -15, width: 130, height: 80 });
    }
}
