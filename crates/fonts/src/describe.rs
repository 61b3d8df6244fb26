//! What a face says of itself: names, weight, axes.
//!
//! Family names are chosen as the layout chooses them (fontique: the typographic family, else the
//! family; American English, else the first), so that the name shown here is the one that
//! `fontFamily` finds. Deliberately absent: every name in every language.

use std::collections::BTreeMap;

use pixeldrive_model::limits::{FONT_INSTANCES_MAX, NAME_CHARS_MAX};
use serde::{Deserialize, Serialize};
use skrifa::raw::TableProvider;
use skrifa::raw::tables::name::Name;
use skrifa::raw::types::NameId;
use skrifa::{FontRef, MetadataProvider, attribute, instance};

use crate::{Error, check};

/// One face of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Face {
    /// What `fontFamily` finds it by.
    pub family: String,
    /// `Bold Italic`.
    pub subfamily: String,
    /// Weights that it has: one, or those of its axis.
    pub weight: Range,
    /// Whether it slants.
    pub style: Style,
    /// Widths that it has, in percent.
    pub width: Range,
    /// What can be varied.
    pub axes: Vec<Axis>,
    /// Places on the axes that have names.
    pub instances: Vec<Instance>,
    /// How many glyphs it has.
    pub glyphs: u32,
    /// Whether all of them are as wide.
    pub monospace: bool,
    /// Whether glyphs have colours of their own.
    pub color: bool,
}

/// From `min` to `max`, which may be equal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Range {
    pub min: f32,
    pub max: f32,
}

/// Whether a face slants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of CSS")]
pub enum Style {
    Normal,
    Italic,
    Oblique,
}

/// What can be varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// Four characters: `wght`.
    pub tag: String,
    /// For people: `Weight`.
    pub name: String,
    /// The least.
    pub min: f32,
    /// Unless said otherwise.
    pub default: f32,
    /// The most.
    pub max: f32,
}

/// A place on the axes that has a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// `SemiBold`.
    pub name: String,
    /// Value by axis.
    pub coords: BTreeMap<String, f32>,
}

/// Describes a face whose tables were checked.
pub(crate) fn face(font: &FontRef<'_>) -> Result<Face, Error> {
    let names = font.name().map_err(|_| Error::Unnamed)?;
    let family = name(&names, NameId::TYPOGRAPHIC_FAMILY_NAME)
        .or_else(|| name(&names, NameId::FAMILY_NAME))
        .filter(|family| !family.is_empty())
        .ok_or(Error::Unnamed)?;
    if family.chars().count() > NAME_CHARS_MAX || family.chars().any(char::is_control) {
        return Err(Error::table("name", "holds a family name that is too long or no text"));
    }
    let subfamily = name(&names, NameId::TYPOGRAPHIC_SUBFAMILY_NAME)
        .or_else(|| name(&names, NameId::SUBFAMILY_NAME));
    let attributes = font.attributes();
    let axes = axes(font, &names);
    let range = |tag: &str, value: f32| {
        let axis = axes.iter().find(|axis| axis.tag == tag);
        axis.map_or(Range { min: value, max: value }, |axis| Range { min: axis.min, max: axis.max })
    };
    let metrics = font.metrics(instance::Size::unscaled(), instance::LocationRef::default());
    Ok(Face {
        family,
        subfamily: subfamily.map(cleaned).unwrap_or_default(),
        weight: range("wght", attributes.weight.value()),
        style: match attributes.style {
            attribute::Style::Normal => Style::Normal,
            attribute::Style::Italic => Style::Italic,
            attribute::Style::Oblique(_) => Style::Oblique,
        },
        width: range("wdth", attributes.stretch.percentage()),
        instances: instances(font, &names, &axes),
        axes,
        glyphs: metrics.glyph_count.into(),
        monospace: metrics.is_monospace,
        color: [b"COLR", b"CBDT", b"sbix"].iter().any(|tag| check::has(font, tag)),
    })
}

fn axes(font: &FontRef<'_>, names: &Name<'_>) -> Vec<Axis> {
    let axis = |axis: skrifa::Axis| {
        let tag = axis.tag().to_string();
        let name = name(names, axis.name_id()).map(cleaned).filter(|name| !name.is_empty());
        Axis {
            name: name.unwrap_or_else(|| tag.clone()),
            tag,
            min: axis.min_value(),
            default: axis.default_value(),
            max: axis.max_value(),
        }
    };
    font.axes().iter().map(axis).collect()
}

fn instances(font: &FontRef<'_>, names: &Name<'_>, axes: &[Axis]) -> Vec<Instance> {
    let instance = |instance: skrifa::NamedInstance<'_>| {
        let name = name(names, instance.subfamily_name_id()).map(cleaned).unwrap_or_default();
        let tags = axes.iter().map(|axis| axis.tag.clone());
        Instance { name, coords: tags.zip(instance.user_coords()).collect() }
    };
    font.named_instances().iter().take(FONT_INSTANCES_MAX).map(instance).collect()
}

/// Leaves out named instances beyond what one file may list.
pub(crate) fn shorten(faces: &mut [Face]) {
    let mut room = FONT_INSTANCES_MAX;
    for face in faces {
        face.instances.truncate(room);
        room -= face.instances.len();
    }
}

/// The name of that id in American English, else the first one.
fn name(names: &Name<'_>, id: NameId) -> Option<String> {
    let records = names.name_record().iter().enumerate();
    let ranked = records.filter(|(_, record)| record.name_id() == id).filter_map(|(at, record)| {
        let rank = match (at, record.language_id()) {
            (_, 0x0409) => 3,
            (_, 0) => 2,
            (0, _) => 1,
            _ => return None,
        };
        Some((rank, record))
    });
    // The first of the highest rank.
    let best = ranked.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.and_then(|(_, record)| record.string(names.string_data()).ok())
        .map(|name| name.chars().collect())
}

/// A name that is only shown.
fn cleaned(name: String) -> String {
    name.chars().filter(|char| !char.is_control()).take(NAME_CHARS_MAX).collect()
}
