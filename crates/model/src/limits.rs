//! Every limit on what callers send, in one place; the unit is the last word of each name.
//!
//! Each is checked before the work that it bounds.

/// Colours of an SVG that are replaced.
pub const RECOLORS_MAX: usize = 64;
/// Bytes of one template document, `data:` images included.
pub const TEMPLATE_BYTES_MAX: usize = 4 << 20;
/// Bytes of one row's payload.
pub const PAYLOAD_BYTES_MAX: usize = 256 << 10;
/// Bytes of a batch request's body.
pub const BATCH_BODY_BYTES_MAX: usize = 16 << 20;
/// Payloads in one batch request.
pub const BATCH_PAYLOADS_MAX: usize = 1000;
/// Elements of one template, those inside groups included.
pub const ELEMENTS_MAX: usize = 1000;
/// Named sizes of one template.
pub const SIZES_MAX: usize = 16;
/// Groups inside groups.
pub const GROUP_DEPTH_MAX: usize = 16;
/// Characters of one text.
pub const TEXT_CHARS_MAX: usize = 10_000;
/// Placeholders of one text.
pub const PLACEHOLDERS_MAX: usize = 200;
/// Names in the path of a placeholder.
pub const PLACEHOLDER_DEPTH_MAX: usize = 8;
/// Conditions inside conditions.
pub const CONDITION_DEPTH_MAX: usize = 8;
/// Values that one element's condition compares with.
pub const CONDITION_CONSTANTS_MAX: usize = 100;
/// Problems that a row's unknown keys and placeholders may report. Each repeats what was sent, so
/// a small row could otherwise make a large answer.
pub const PROBLEMS_MAX: usize = 100;
/// Digits that a format writes after the decimal sign.
pub const FRACTION_DIGITS_MAX: u8 = 6;
/// Characters of a string that is read as a number.
pub const NUMBER_CHARS_MAX: usize = 100;
/// Characters of an element's id, a font family, a language tag, a placeholder's path or a
/// template's name.
pub const NAME_CHARS_MAX: usize = 200;
/// Canvas side in CSS pixels.
pub const CANVAS_SIDE_PX_MAX: u32 = 16_384;
/// Side of a rendered picture in device pixels.
pub const PICTURE_SIDE_PX_MAX: u32 = 16_384;
/// Area of a rendered picture in device pixels: canvas times the square of the pixel ratio.
pub const PICTURE_PX_MAX: u64 = 64_000_000;
/// Seconds that one attempt at a picture may take on a render thread.
pub const RENDER_SECONDS_MAX: u64 = 300;
/// Largest pixel ratio.
pub const PIXEL_RATIO_MAX: f64 = 4.0;
/// Smallest pixel ratio.
pub const PIXEL_RATIO_MIN: f64 = 0.05;
/// Bytes of a font file, as it came and unpacked: the largest in use are collections for Chinese,
/// Japanese and Korean.
pub const FONT_BYTES_MAX: usize = 32 << 20;
/// Faces of one font file.
pub const FONT_FACES_MAX: usize = 64;
/// Glyphs of one font file; faces that share theirs count once.
pub const FONT_GLYPHS_MAX: usize = 400_000;
/// Variation axes of one face.
pub const FONT_AXES_MAX: usize = 32;
/// Named instances that one font file lists; the others are left out of the list.
pub const FONT_INSTANCES_MAX: usize = 100;
/// Fonts that an account uploads.
pub const FONTS_PER_ACCOUNT_MAX: usize = 200;
/// Uploaded font files that one picture uses.
pub const PICTURE_FONTS_MAX: usize = 64;
/// Bytes of the uploaded font files that one picture uses.
pub const PICTURE_FONT_BYTES_MAX: u64 = 64 << 20;
/// Distance of anything from the canvas origin, and its size, in CSS pixels.
pub const COORDINATE_PX_MAX: f64 = 32_768.0;
/// Spans of one text.
pub const SPANS_MAX: usize = 200;
/// Shadows of one text, and of one element either way.
pub const SHADOWS_MAX: usize = 4;
/// Features, or positions on axes, that one text sets.
pub const FONT_SETTINGS_MAX: usize = 32;
/// Blur of a shadow in CSS pixels.
pub const BLUR_PX_MAX: f64 = 200.0;
/// Standard deviation of what is blurred itself, in CSS pixels: the blur of the widest shadow.
pub const DEVIATION_PX_MAX: f64 = 100.0;
/// How far elements lean: tangents beyond it explode.
pub const SKEW_DEGREES_MAX: f64 = 85.0;
/// Width of an outline in CSS pixels.
pub const STROKE_WIDTH_PX_MAX: f64 = 1000.0;
/// How far a mitred corner reaches, in widths of the outline.
pub const MITER_LIMIT_MAX: f64 = 100.0;
/// Lengths of one pattern of dashes.
pub const DASHES_MAX: usize = 16;
/// Fewest corners of a polygon, and points of a star.
pub const CORNERS_MIN: u32 = 3;
/// Most of them.
pub const CORNERS_MAX: u32 = 200;
/// Largest font size in CSS pixels.
pub const FONT_SIZE_PX_MAX: f64 = 2_000.0;
/// Bytes that a QR code can hold (version 40, error correction L).
pub const QR_BYTES_MAX: usize = 2_953;
/// Characters of a barcode.
pub const BARCODE_CHARS_MAX: usize = 200;
/// Largest value of a rating; what is more than its icons is clamped.
pub const RATING_VALUE_MAX: f64 = 1000.0;
/// Icons of a rating.
pub const RATING_ICONS_MAX: u32 = 100;
/// Largest value of a progress, and of what its whole is.
pub const PROGRESS_VALUE_MAX: f64 = 1e12;
/// Values of a chart.
pub const CHART_VALUES_MAX: usize = 500;
/// Colours that a chart lists.
pub const CHART_COLORS_MAX: usize = 64;
/// Largest number of a chart either way: doubles are exact beyond it.
pub const CHART_NUMBER_MAX: f64 = 1e15;
/// Columns of a table.
pub const TABLE_COLUMNS_MAX: usize = 50;
/// Rows of a table.
pub const TABLE_ROWS_MAX: usize = 500;
/// Characters of one cell of a table.
pub const TABLE_CELL_CHARS_MAX: usize = 500;
/// Characters of all cells of a table.
pub const TABLE_CHARS_MAX: usize = 20_000;
/// Stops of a gradient.
pub const GRADIENT_STOPS_MAX: usize = 64;
/// Characters of SVG path data.
pub const PATH_CHARS_MAX: usize = 100_000;
/// Bytes of an SVG document.
pub const SVG_BYTES_MAX: usize = 1 << 20;
/// Bytes of an image file.
pub const IMAGE_BYTES_MAX: usize = 10 << 20;
/// Pixels of a decoded image.
pub const IMAGE_PX_MAX: u64 = 50_000_000;
/// Side of a decoded image in pixels.
pub const IMAGE_SIDE_PX_MAX: u32 = 16_384;
/// Bytes of a picture's colour profile; one with more is ignored. Those of printing presses have two
/// megabytes.
pub const PROFILE_BYTES_MAX: usize = 4 << 20;
/// Filters of one picture.
pub const FILTERS_MAX: usize = 10;
/// Standard deviation of a picture's blur in CSS pixels.
pub const FILTER_BLUR_PX_MAX: f64 = 100.0;
/// Pixels that the filters of one rendered picture work on: two of the largest.
pub const FILTERED_PX_MAX: u64 = 128_000_000;
/// Largest factor of a filter.
pub const FILTER_AMOUNT_MAX: f64 = 100.0;
/// Width of a picture's border in CSS pixels.
pub const BORDER_PX_MAX: f64 = 1_000.0;
