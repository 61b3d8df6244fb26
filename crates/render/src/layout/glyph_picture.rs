//! Glyphs that are pictures: fonts of emoji keep them as PNG files of a few sizes.
//!
//! They become images of the drawing, scaled like photos, so that every painter shows the same.
//! Deliberately absent: colour glyphs made of outlines (COLR), which painters know.

use bytes::Bytes;
use kurbo::{Affine, Point, Rect, RoundedRectRadii, Size};
use peniko::FontData;
use pixeldrive_model::Element;
use skrifa::bitmap::{BitmapData, BitmapFormat, BitmapGlyph, Origin};
use skrifa::raw::TableProvider as _;
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

use super::Context;
use super::typeset::Run;
use crate::drawing::{Glyph, Mark};
use crate::picture::Request;
use crate::{Asset, Error};

/// How far a picture is blown up at most before the painter stretches it.
const ENLARGED_MAX: f64 = 2.0;

/// A glyph that is a picture.
pub(super) struct PictureGlyph {
    png: Bytes,
    /// Where it stands, in px from the run's origin.
    area: Rect,
}

/// Whether a face has a picture for a glyph.
pub(super) fn has(face: &FontData, glyph: u32) -> bool {
    let font = FontRef::from_index(face.data.data(), face.index);
    font.is_ok_and(|font| {
        let size = skrifa::instance::Size::unscaled();
        let bitmap = font.bitmap_strikes().glyph_for_size(size, GlyphId::new(glyph));
        bitmap.is_some_and(|bitmap| matches!(bitmap.data, BitmapData::Png(_)))
    })
}

/// Takes the glyphs that are pictures out of `glyphs`, and those that nothing can be drawn for.
pub(super) fn take(run: &Run, glyphs: &mut Vec<Glyph>) -> Vec<PictureGlyph> {
    let Ok(font) = FontRef::from_index(run.font.data.data(), run.font.index) else {
        return Vec::new();
    };
    let strikes = font.bitmap_strikes();
    let sbix = match strikes.format() {
        Some(BitmapFormat::Sbix) => true,
        Some(BitmapFormat::Cbdt) => false,
        // Bitmaps of old screen fonts.
        Some(BitmapFormat::Ebdt) | None => return Vec::new(),
    };
    let units_per_em = font.head().map_or(1000, |head| head.units_per_em());
    let colored = font.color_glyphs();
    let outlined = font.outline_glyphs().format().is_some();
    let size = skrifa::instance::Size::new(run.size);
    let mut pictures = Vec::new();
    glyphs.retain(|glyph| {
        let id = GlyphId::new(glyph.id);
        if colored.get(id).is_some() {
            return true;
        }
        let Some(bitmap) = strikes.glyph_for_size(size, id) else {
            return outlined;
        };
        let BitmapData::Png(png) = bitmap.data else {
            return outlined;
        };
        let em = f64::from(run.size) / f64::from(units_per_em);
        let area = area(&bitmap, run.size.into(), em, sbix);
        let area = area + kurbo::Vec2::new(glyph.x.into(), glyph.y.into());
        pictures.push(PictureGlyph { png: Bytes::copy_from_slice(png), area });
        false
    });
    pictures
}

/// Where a bitmap stands from the glyph's origin, in px.
fn area(bitmap: &BitmapGlyph<'_>, size: f64, em: f64, sbix: bool) -> Rect {
    let scale = |ppem: f32| size / f64::from(ppem.max(1.0));
    let (scale_x, scale_y) = (scale(bitmap.ppem_x), scale(bitmap.ppem_y));
    let pixels = Size::new(bitmap.width.into(), bitmap.height.into());
    let mut inner = Point::new(bitmap.inner_bearing_x.into(), -f64::from(bitmap.inner_bearing_y));
    if bitmap.placement_origin == Origin::BottomLeft {
        inner.y -= pixels.height;
    }
    // Apple's emoji hang an eighth of their size lower than their table says.
    let outer = if sbix && bitmap.bearing_x == 0.0 && bitmap.bearing_y == 100.0 {
        Point::new(0.0, size / 8.0)
    } else {
        Point::new(f64::from(bitmap.bearing_x) * em, -f64::from(bitmap.bearing_y) * em)
    };
    let origin = Point::new(outer.x + inner.x * scale_x, outer.y + inner.y * scale_y);
    Rect::from_origin_size(origin, (pixels.width * scale_x, pixels.height * scale_y))
}

impl PictureGlyph {
    /// The picture as an image; `transform` is the run's.
    pub(super) fn mark(
        self,
        context: &Context<'_>,
        element: &Element,
        transform: Affine,
    ) -> Result<Mark, Error> {
        let refused = |refusal| Error::Picture { element: element.id.clone(), refusal };
        let asset = Asset::sniff(self.png).map_err(refused)?;
        let natural = Size::from(asset.size());
        let [a, b, c, d, ..] = transform.as_coeffs();
        let upright = b == 0.0 && c == 0.0 && a > 0.0 && d > 0.0;
        let (wide, high) = (a.hypot(b), c.hypot(d));
        let side = |px: f64, natural: f64| px.round().clamp(1.0, (natural * ENLARGED_MAX).max(1.0));
        let width = side(self.area.width() * wide, natural.width);
        let height = side(self.area.height() * high, natural.height);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "limited to twice the picture's own size"
        )]
        let request = Request::new(natural.to_rect(), width as u32, height as u32);
        let picture = context.scaled.get(&asset, &request, context.fonts).map_err(refused)?;
        let on_canvas = transform * self.area.origin();
        let exact = (self.area.width() * wide).round() == width;
        let transform = if upright && exact {
            // On whole pixels the picture is copied, and stays sharp.
            Affine::translate((on_canvas.x.round(), on_canvas.y.round()))
        } else {
            transform
                * Affine::translate(self.area.origin().to_vec2())
                * Affine::scale_non_uniform(self.area.width() / width, self.area.height() / height)
        };
        let corners = RoundedRectRadii::from_single_radius(0.0);
        Ok(Mark::Image { transform, image: picture.pixels, corners })
    }
}
