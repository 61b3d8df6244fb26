//! The template model: what a template may say, and what one render of it means.
//!
//! `bytes -parse-> Template -bind-> Bound` are the first two verbs of an image's way. Both are
//! pure: the same bytes give the same value on every machine, which is what lets the gateway
//! refuse a bad row before it is queued and the worker trust what it is sent.
//!
//! Deliberately absent: files, environment, clock, network, async, SQL and pixels. Ids are made
//! by whoever has randomness; times come in as arguments.

mod barcode;
mod bind;
mod chart;
mod code;
mod color;
mod condition;
mod effect;
mod effort;
mod element;
mod fault;
mod faults;
mod filter;
mod font;
mod format;
mod hash;
mod ids;
mod inspect;
mod json;
mod lang;
pub mod limits;
mod live;
mod moment;
mod paint;
mod path_data;
mod picture;
mod placeholder;
mod price;
mod progress;
mod property;
mod rating;
mod schema;
mod shape;
mod source;
mod table;
mod template;
mod text;
mod warning;

pub use bind::{Bound, Payload, bind, parse_payload};
pub use chart::{Chart, ChartType, ChartValue, ChartValues, Colors, NumberFormat};
pub use code::{Barcode, DotStyle, ErrorCorrection, EyeStyle, QrCode, Symbology};
pub use color::Color;
pub use condition::Condition;
pub use effect::{BlendMode, ClipPath, MaskType, Masking};
pub use effort::Effort;
pub use element::{
    Corners, Element, FontStyle, FontWeight, Frame, Group, Image, Kind, Length, Padding, Svg,
};
pub use fault::{Failure, Fault, Problem};
pub use filter::{Filter, Filters};
pub use font::{families_named, family_key};
pub use hash::{
    ContentHash, Epoch, FieldsHash, FontHash, content_hash, fields_hash, font_key, image_key,
};
pub use ids::{AccountId, BatchId, HoldId, JobId, LeaseId, TemplateId, TokenId, WorkerId};
pub use inspect::{Given, Inspect};
pub use json::not_json;
pub use lang::Lang;
pub use paint::{
    Fill, FillFit, Gradient, GradientKind, ImageFill, Paint, RadialShape, RadialSize, SpreadMethod,
    Stop,
};
pub use path_data::PathData;
pub use picture::{Border, ObjectFit, ObjectPosition, OnError, Recolor};
pub use price::{Credits, price};
pub use progress::{Progress, ProgressShape};
pub use rating::{Icon, Rating, RatingStep};
pub use schema::{payload_schema, template_schema};
pub use shape::{
    Dashes, Ellipse, FillRule, Line, LineCap, LineJoin, Marker, Outline, Path, Polygon, Rect, Star,
    StrokeAlign,
};
pub use source::{DataFault, DataUri, Source, data_bytes};
pub use table::{Borders, Cell, Column, Columns, Rows, Table};
pub use template::{Template, parse, parse_with};
pub use text::{
    Align, Direction, FontFeatures, FontSize, FontVariations, Ligatures, NumericForms, Overflow,
    Setting, Shadow, Spacing, Span, Text, TextDecoration, TextTransform, TextWrap, VerticalAlign,
    WordBreak,
};
pub use warning::Warning;

/// Version of the pixels: raised whenever the same template and payload may paint differently, so
/// that a cached image is never mistaken for one of the new renderer. New ICU data is such a case: it
/// may spell a date in another way.
pub const RENDERER_EPOCH: u32 = 6;
