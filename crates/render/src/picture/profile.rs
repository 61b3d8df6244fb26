//! Colour profiles: what a file's numbers mean, brought to sRGB.
//!
//! It is done before a picture is scaled, as browsers do: mixing two colours and converting the mix
//! is another thing than converting both, by twenty levels where saturated colours meet. Deliberately
//! absent: profiles of the output, which is sRGB, and colours that PNG gives by gAMA, cHRM or cICP.

use image::DynamicImage;
use moxcms::{
    CmsError, ColorProfile, DataColorSpace, Layout, ParsingOptions, TransformExecutor,
    TransformOptions,
};
use pixeldrive_model::limits::PROFILE_BYTES_MAX;

/// A profile that cannot be used; the pixels are as they were.
#[derive(Debug)]
pub(super) struct Unusable;

impl From<CmsError> for Unusable {
    fn from(error: CmsError) -> Self {
        tracing::debug!(%error, "a colour profile is not used");
        Self
    }
}

/// Entries of a table of colours that a profile may have: those of printing presses have 33 a side.
const TABLE_ENTRIES_MAX: usize = 4 << 20;

fn read(icc: &[u8]) -> Result<ColorProfile, Unusable> {
    if icc.len() > PROFILE_BYTES_MAX {
        return Err(Unusable);
    }
    let options = ParsingOptions {
        max_profile_size: PROFILE_BYTES_MAX + 1,
        max_allowed_clut_size: TABLE_ENTRIES_MAX,
        ..ParsingOptions::default()
    };
    Ok(ColorProfile::new_from_slice_with_options(icc, options)?)
}

/// Brings a picture that has this profile to sRGB.
pub(super) fn to_srgb(picture: &mut DynamicImage, icc: &[u8]) -> Result<(), Unusable> {
    let profile = read(icc)?;
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    let wide = |layout| profile.create_transform_16bit(layout, &srgb, layout, options);
    let narrow = |layout| profile.create_transform_8bit(layout, &srgb, layout, options);
    if profile.color_space == DataColorSpace::Gray {
        return grey(picture, &profile);
    }
    if profile.color_space != DataColorSpace::Rgb {
        return Err(Unusable);
    }
    let width = picture.width() as usize;
    if is_srgb(narrow(Layout::Rgb)?.as_ref())? {
        return Ok(());
    }
    match picture {
        DynamicImage::ImageRgb8(buffer) => rows(narrow(Layout::Rgb)?.as_ref(), buffer, width * 3),
        DynamicImage::ImageRgba8(buffer) => rows(narrow(Layout::Rgba)?.as_ref(), buffer, width * 4),
        DynamicImage::ImageRgb16(buffer) => rows(wide(Layout::Rgb)?.as_ref(), buffer, width * 3),
        DynamicImage::ImageRgba16(buffer) => rows(wide(Layout::Rgba)?.as_ref(), buffer, width * 4),
        // A grey picture has no use for a profile of colours.
        _ => Err(Unusable),
    }
}

/// Rows of inks, as Adobe writes them: 255 is none. Become rows of red, green and blue.
pub(super) fn inks_to_srgb(inks: &[u8], width: usize, icc: &[u8]) -> Result<Vec<u8>, Unusable> {
    let profile = read(icc)?;
    if profile.color_space != DataColorSpace::Cmyk {
        return Err(Unusable);
    }
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    let transform = profile.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgb, options)?;
    let mut rgb = vec![0; inks.len() / 4 * 3];
    let mut row = vec![0; width * 4];
    for (inks, rgb) in inks.chunks_exact(width * 4).zip(rgb.chunks_exact_mut(width * 3)) {
        row.iter_mut().zip(inks).for_each(|(ink, stored)| *ink = 255 - stored);
        transform.transform(&row, rgb)?;
    }
    Ok(rgb)
}

/// Whether a profile is sRGB but for rounding: most are, and then no pixel needs to change.
fn is_srgb(transform: &dyn TransformExecutor<u8>) -> Result<bool, Unusable> {
    let levels = || (0..=255_u8).step_by(17);
    let colors: Vec<u8> = levels()
        .flat_map(|red| levels().map(move |green| (red, green)))
        .flat_map(|(red, green)| levels().flat_map(move |blue| [red, green, blue]))
        .collect();
    let mut converted = vec![0; colors.len()];
    transform.transform(&colors, &mut converted)?;
    Ok(colors.iter().zip(&converted).all(|(before, after)| before.abs_diff(*after) <= 1))
}

fn rows<T: Copy + Default>(
    transform: &dyn TransformExecutor<T>,
    samples: &mut [T],
    row: usize,
) -> Result<(), Unusable> {
    let mut before = vec![T::default(); row];
    for samples in samples.chunks_exact_mut(row.max(1)) {
        before.copy_from_slice(samples);
        transform.transform(&before, samples)?;
    }
    Ok(())
}

/// Grey levels go through a table.
fn grey(picture: &mut DynamicImage, profile: &ColorProfile) -> Result<(), Unusable> {
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    let narrow = || -> Result<Vec<u8>, Unusable> {
        let transform = profile.create_transform_8bit(Layout::Gray, &srgb, Layout::Rgb, options)?;
        let levels: Vec<u8> = (0..=u8::MAX).collect();
        let mut colors = vec![0; levels.len() * 3];
        transform.transform(&levels, &mut colors)?;
        Ok(colors.into_iter().step_by(3).collect())
    };
    let wide = || -> Result<Vec<u16>, Unusable> {
        let transform =
            profile.create_transform_16bit(Layout::Gray, &srgb, Layout::Rgb, options)?;
        let levels: Vec<u16> = (0..=u16::MAX).collect();
        let mut colors = vec![0; levels.len() * 3];
        transform.transform(&levels, &mut colors)?;
        Ok(colors.into_iter().step_by(3).collect())
    };
    match picture {
        DynamicImage::ImageLuma8(buffer) => {
            let table = narrow()?;
            buffer.pixels_mut().for_each(|pixel| pixel[0] = table[usize::from(pixel[0])]);
        }
        DynamicImage::ImageLumaA8(buffer) => {
            let table = narrow()?;
            buffer.pixels_mut().for_each(|pixel| pixel[0] = table[usize::from(pixel[0])]);
        }
        DynamicImage::ImageLuma16(buffer) => {
            let table = wide()?;
            buffer.pixels_mut().for_each(|pixel| pixel[0] = table[usize::from(pixel[0])]);
        }
        DynamicImage::ImageLumaA16(buffer) => {
            let table = wide()?;
            buffer.pixels_mut().for_each(|pixel| pixel[0] = table[usize::from(pixel[0])]);
        }
        // A picture in colours has no use for a profile of greys.
        _ => return Err(Unusable),
    }
    Ok(())
}
