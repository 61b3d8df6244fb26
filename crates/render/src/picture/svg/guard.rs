//! What a document refers to and how far it unfolds, before usvg follows any of it.
//!
//! A `use` draws its target again, a pattern is drawn wherever it fills, a marker at every vertex: a
//! few lines can ask for billions of shapes. The load of each element is computed from the loads of
//! what it holds and refers to, each once, and saturates instead of overflowing. So is what its
//! strokes come to ([`super::stroke`]), since usvg makes their outlines.

use std::collections::HashMap;

use pixeldrive_model::limits::SVG_BYTES_MAX;
use pixeldrive_model::{DataFault, data_bytes};
use resvg::usvg::roxmltree::{Document, Node};

use super::Refusal;
use super::stroke::{self, Curves, Pen, SEGMENTS_MAX, Units};

/// Elements drawn, everything unfolded.
const MARKS_MAX: u64 = 100_000;
/// Vertices and characters drawn, everything unfolded.
const POINTS_MAX: u64 = 1_000_000;
/// Elements inside of elements, references followed.
const DEPTH_MAX: u64 = 100;
/// Tests of CSS selectors on elements.
const MATCHES_MAX: u64 = 20_000_000;
const XLINK: &str = "http://www.w3.org/1999/xlink";

/// Properties that children inherit, so that each of them is filled with the target again.
const INHERITED: &[&str] = &["fill", "stroke"];
/// Properties that put their target at every vertex.
const MARKERS: &[&str] = &["marker", "marker-start", "marker-mid", "marker-end"];
/// Properties that apply their target to the element once.
const APPLIED: &[&str] = &["clip-path", "mask", "filter"];
/// Other properties that bear on what a stroke comes to.
const MEASURES: &[&str] =
    &["stroke-width", "font-size", "font", "transform", "letter-spacing", "word-spacing"];
/// Words by which a document may have strokes outlined where they are drawn, not where they are
/// described.
const SKEWS: &[&str] = &["rotate", "skew", "matrix", "vector-effect"];
/// Elements whose text is drawn.
const TEXTS: &[&str] = &["a", "text", "textPath", "tref", "tspan"];
/// Elements whose `href` is drawn or used.
const REFERRING: &[&str] = &[
    "clipPath",
    "feImage",
    "filter",
    "image",
    "linearGradient",
    "marker",
    "mask",
    "pattern",
    "radialGradient",
    "textPath",
    "tref",
    "use",
];

/// Refuses a document that refers to anything outside of itself or unfolds too far.
pub(super) fn check(document: &Document<'_>) -> Result<(), Refusal> {
    let mut styles = simplecss::StyleSheet::new();
    for style in document.descendants().filter(|node| node.has_tag_name("style")) {
        let text = style.text().unwrap_or_default();
        if text.contains("@import") {
            return Err(Refusal::Reference { href: "@import".to_owned() });
        }
        styles.parse_more(text);
    }
    check_matches(document, &styles)?;
    let mut ids = HashMap::new();
    for node in document.descendants() {
        if let Some(id) = node.attribute("id") {
            ids.entry(id).or_insert(node);
        }
    }
    let declared: Vec<_> = document.descendants().map(|node| declarations(node, &styles)).collect();
    let (pen, units) = sizes(document, &declared);
    let loads = vec![State::Unknown; declared.len()];
    let mut guard = Guard { ids, declared, pen, units, loads };
    let load = guard.load(document.root_element(), 0)?;
    let text = document.input_text();
    if load.stroked.curves > 0.0 && SKEWS.iter().any(|word| text.contains(word)) {
        check_segments(load.stroked.curves * pen.segments(load.reach))?;
    }
    Ok(())
}

fn check_segments(segments: f64) -> Result<(), Refusal> {
    // Written so that a NaN is refused.
    if segments <= SEGMENTS_MAX {
        return Ok(());
    }
    let reason = "outlining its strokes would take too long; use fewer curves, or coordinates and \
                  stroke widths that are smaller";
    Err(Refusal::Complex { reason: reason.to_owned() })
}

/// The properties of an element that matter here, from attributes, `style` and style sheets.
fn declarations<'a>(
    node: Node<'a, '_>,
    styles: &simplecss::StyleSheet<'a>,
) -> Vec<(&'a str, &'a str)> {
    if !node.is_element() {
        return Vec::new();
    }
    let matters = |(name, value): &(&str, &str)| {
        value.contains("url(") || *name == "stroke" || MEASURES.contains(name)
    };
    let attributes = node.attributes().filter(|attribute| attribute.name() != "style");
    let attributes = attributes.map(|attribute| (attribute.name(), attribute.value()));
    let style = node.attribute("style").map(simplecss::DeclarationTokenizer::from);
    let style = style.into_iter().flatten().map(|each| (each.name, each.value));
    let mut found: Vec<_> = attributes.chain(style).filter(matters).collect();
    for rule in &styles.rules {
        let mut declarations =
            rule.declarations.iter().map(|each| (each.name, each.value)).filter(matters).peekable();
        if declarations.peek().is_some() && rule.selector.matches(&Styled(node)) {
            found.extend(declarations);
        }
    }
    found
}

/// The widths of strokes, and what units come to.
fn sizes(document: &Document<'_>, declared: &[Vec<(&str, &str)>]) -> (Pen, Units) {
    let all = |name: &'static str| {
        declared.iter().flatten().filter(move |(key, _)| *key == name).map(|(_, value)| *value)
    };
    let mut units = Units { font: 1.0, viewport: 100.0 };
    // The largest size of all, times everything that makes one larger than another.
    let (mut font, mut times) = (16f64, 1f64);
    for size in all("font-size").chain(all("font").flat_map(str::split_whitespace)) {
        match size.trim().strip_suffix('%').map(str::parse::<f64>) {
            Some(Ok(percent)) => times *= (percent / 100.0).max(1.0),
            _ if size.contains("em") || size.contains("ex") => times *= units.px(size).max(1.0),
            _ if size.contains("larger") => times *= 1.2,
            _ => font = font.max(units.px(size)),
        }
    }
    units.font = font * times;
    let viewports = ["viewBox", "width", "height"];
    for node in document.descendants().filter(Node::is_element) {
        for text in viewports.iter().flat_map(|name| stroke::attributes(node, name)) {
            for word in stroke::words(text).filter(|word| !word.ends_with('%')) {
                units.viewport = units.viewport.max(units.px(word));
            }
        }
    }
    let widths = || all("stroke-width").map(|width| units.px(width)).filter(|width| *width > 0.0);
    let pen = Pen { thin: widths().fold(1.0, f64::min), wide: widths().fold(1.0, f64::max) };
    (pen, units)
}

/// Selectors are tried on every element, and those with several parts on many of its ancestors.
fn check_matches(
    document: &Document<'_>,
    styles: &simplecss::StyleSheet<'_>,
) -> Result<(), Refusal> {
    let depth = document.descendants().map(|node| node.ancestors().count() as u64);
    let (nodes, depth) = depth.fold((0u64, 1), |(n, deepest), depth| (n + 1, depth.max(deepest)));
    let tries = styles.rules.iter().map(|rule| {
        let selector = rule.selector.to_string();
        let parts = selector.split([' ', '>', '+']).filter(|part| !part.is_empty()).count();
        depth.saturating_pow(u32::try_from(parts.saturating_sub(1)).unwrap_or(u32::MAX))
    });
    let matches = tries.fold(0u64, u64::saturating_add).saturating_mul(nodes);
    if depth > DEPTH_MAX {
        return Err(too_deep());
    }
    if matches > MATCHES_MAX {
        let reason = "it has too many CSS rules for so many elements".to_owned();
        return Err(Refusal::Complex { reason });
    }
    Ok(())
}

fn too_deep() -> Refusal {
    Refusal::Complex { reason: format!("it is nested more than {DEPTH_MAX} levels deep") }
}

/// What drawing an element comes to.
#[derive(Clone, Copy, Default)]
struct Load {
    marks: u64,
    points: u64,
    depth: u64,
    /// What its strokes come to, if it has one.
    strokable: Strokes,
    /// What those come to that it has.
    stroked: Strokes,
    /// How far from the origin it draws, in the units of what is around it.
    reach: f64,
}

#[derive(Clone, Copy, Default)]
struct Strokes {
    curves: f64,
    segments: f64,
}

impl Strokes {
    fn add(&mut self, other: Self, times: u64) {
        self.curves += other.curves * times as f64;
        self.segments += other.segments * times as f64;
    }
}

impl Load {
    fn add(&mut self, other: Self, times: u64) {
        self.strokable.add(other.strokable, times);
        self.stroked.add(other.stroked, times);
        self.reach = self.reach.max(other.reach);
        self.marks = self.marks.saturating_add(other.marks.saturating_mul(times));
        self.points = self.points.saturating_add(other.points.saturating_mul(times));
        self.depth = self.depth.max(other.depth + 1);
    }

    fn check(self) -> Result<Self, Refusal> {
        let reason = if self.depth > DEPTH_MAX {
            return Err(too_deep());
        } else if self.marks > MARKS_MAX {
            format!("it draws more than {MARKS_MAX} elements")
        } else if self.points > POINTS_MAX {
            format!("it draws more than {POINTS_MAX} points")
        } else {
            return check_segments(self.stroked.segments).map(|()| self);
        };
        Err(Refusal::Complex { reason })
    }
}

#[derive(Clone, Copy)]
enum State {
    Unknown,
    Open,
    Known(Load),
}

struct Guard<'a, 'i> {
    ids: HashMap<&'a str, Node<'a, 'i>>,
    /// What [`declarations`] found, by the node's index in the document.
    declared: Vec<Vec<(&'a str, &'a str)>>,
    pen: Pen,
    units: Units,
    /// By the node's index in the document.
    loads: Vec<State>,
}

impl<'a, 'i> Guard<'a, 'i> {
    fn load(&mut self, node: Node<'a, 'i>, level: u64) -> Result<Load, Refusal> {
        let index = node.id().get_usize();
        match self.loads[index] {
            State::Known(load) => return Ok(load),
            State::Open => {
                let reason = format!("a <{}> refers to itself", node.tag_name().name());
                return Err(Refusal::Complex { reason });
            }
            State::Unknown if level > DEPTH_MAX => return Err(too_deep()),
            State::Unknown => self.loads[index] = State::Open,
        }
        let mut load = Load { marks: 1, points: own_points(node), ..Load::default() };
        let mut bytes = 0;
        for child in node.children() {
            if child.is_element() {
                load.add(self.load(child, level + 1)?, 1);
            } else if TEXTS.contains(&node.tag_name().name()) {
                bytes += child.text().unwrap_or_default().len() as u64;
            }
        }
        // Glyphs have some twenty points each.
        load.points = load.points.saturating_add(20 * bytes);
        if let Some(target) = self.href(node)? {
            load.add(self.load(target, level + 1)?, 1);
        }
        // Of its own: markers have no markers of their element.
        let vertices = load.points;
        for (name, target) in self.properties(node)? {
            let target_load = self.load(target, level + 1)?;
            if INHERITED.contains(&name) {
                // Gradients cost nothing; patterns are painted again for each.
                if target.has_tag_name("pattern") || target.tag_name().name() == "pattern" {
                    let marks = load.marks;
                    load.add(target_load, marks);
                }
            } else if MARKERS.contains(&name) {
                load.add(target_load, vertices);
            } else {
                load.add(target_load, 1);
            }
            load.check()?;
        }
        self.outline(node, bytes, &mut load);
        let load = load.check()?;
        self.loads[index] = State::Known(load);
        Ok(load)
    }

    /// Adds the strokes of the element's own curves, and draws it all where the element stands.
    fn outline(&self, node: Node<'a, 'i>, bytes: u64, load: &mut Load) {
        let declared = &self.declared[node.id().get_usize()];
        let all = |name: &'static str| declared.iter().filter(move |(key, _)| *key == name);
        let spacing = all("letter-spacing").chain(all("word-spacing"));
        let spacing = spacing.map(|(_, value)| self.units.px(value)).sum();
        let own = Curves::of(node, self.units, bytes, spacing);
        let segments = own.count * self.pen.segments(own.reach);
        load.strokable.add(Strokes { curves: own.count, segments }, 1);
        if all("stroke").any(|(_, value)| !matches!(value.trim(), "" | "none" | "inherit")) {
            load.stroked = load.strokable;
        }
        load.reach = own.reach.max(load.reach * stroke::zoom(node, self.units));
        for (scale, shift) in all("transform").map(|(_, value)| stroke::stretch(value)) {
            load.reach = load.reach * scale + shift;
        }
        load.reach += ["x", "y"].iter().map(|name| self.units.sum(node, name)).sum::<f64>();
    }

    /// The element that `href` names, where the element draws or uses it.
    fn href(&self, node: Node<'a, 'i>) -> Result<Option<Node<'a, 'i>>, Refusal> {
        let tag = node.tag_name().name();
        if !REFERRING.contains(&tag) {
            return Ok(None);
        }
        for href in [node.attribute("href"), node.attribute((XLINK, "href"))].into_iter().flatten()
        {
            let href = href.trim();
            if !href.is_empty() && !href.starts_with('#') && !is_raster_data(tag, href) {
                return Err(refused(href));
            }
            // One that cannot be decoded would be left out.
            if let Some(fault) = undecodable(href) {
                let reason = format!("a data: URI in it cannot be decoded: {fault}");
                return Err(Refusal::Broken { reason });
            }
        }
        let href = node.attribute("href").or_else(|| node.attribute((XLINK, "href")));
        Ok(href.and_then(|href| self.ids.get(href.trim().strip_prefix('#')?).copied()))
    }

    /// The properties of an element that name another, from attributes, `style` and style sheets.
    fn properties(&self, node: Node<'a, 'i>) -> Result<Vec<(&'static str, Node<'a, 'i>)>, Refusal> {
        let mut found = Vec::new();
        let mut collect = |name: &str, value: &'a str| -> Result<(), Refusal> {
            for url in urls(value) {
                let id = url.strip_prefix('#').ok_or_else(|| refused(url))?;
                let known = INHERITED.iter().chain(MARKERS).chain(APPLIED);
                let name = known.copied().find(|known| *known == name);
                found.extend(name.zip(self.ids.get(id).copied()));
            }
            Ok(())
        };
        for (name, value) in &self.declared[node.id().get_usize()] {
            collect(name, value)?;
        }
        Ok(found)
    }
}

fn refused(href: &str) -> Refusal {
    Refusal::Reference { href: href.chars().take(100).collect() }
}

fn undecodable(href: &str) -> Option<DataFault> {
    let is_data = !href.is_empty() && !href.starts_with('#');
    is_data.then(|| data_bytes(href, SVG_BYTES_MAX).err()).flatten()
}

/// Whether it is a `data:` URI that may hold pixels: of such a type, or of none.
fn is_raster_data(tag: &str, href: &str) -> bool {
    let start: String = href.chars().take(16).collect::<String>().to_ascii_lowercase();
    let types = ["image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", ""];
    matches!(tag, "image" | "feImage")
        && start.strip_prefix("data:").is_some_and(|rest| {
            types
                .iter()
                .any(|name| rest.strip_prefix(name).is_some_and(|r| r.starts_with([';', ','])))
        })
}

/// What stands in each `url(…)` of a property's value.
fn urls(value: &str) -> impl Iterator<Item = &str> {
    value.split("url(").skip(1).map(|rest| {
        let url = rest.split(')').next().unwrap_or_default();
        url.trim().trim_matches(['"', '\'']).trim()
    })
}

/// An upper bound of the vertices that the element itself has.
fn own_points(node: Node<'_, '_>) -> u64 {
    let data = node.attribute("d").or_else(|| node.attribute("points"));
    // A vertex takes two characters of path data at the least: a digit and what parts it.
    data.map_or(8, |data| data.len() as u64 / 2)
}

/// An element as style sheets see it.
struct Styled<'a, 'i>(Node<'a, 'i>);

impl simplecss::Element for Styled<'_, '_> {
    fn parent_element(&self) -> Option<Self> {
        self.0.parent_element().map(Styled)
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.0.prev_sibling_element().map(Styled)
    }

    fn has_local_name(&self, name: &str) -> bool {
        self.0.tag_name().name() == name
    }

    fn attribute_matches(&self, name: &str, operator: simplecss::AttributeOperator<'_>) -> bool {
        self.0.attribute(name).is_some_and(|value| operator.matches(value))
    }

    fn pseudo_class_matches(&self, class: simplecss::PseudoClass<'_>) -> bool {
        matches!(class, simplecss::PseudoClass::FirstChild) && self.prev_sibling_element().is_none()
    }
}
