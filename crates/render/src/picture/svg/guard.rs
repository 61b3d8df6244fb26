//! What a document refers to and how far it unfolds, before usvg follows any of it.
//!
//! A `use` draws its target again, a pattern is drawn wherever it fills, a marker at every vertex: a
//! few lines can ask for billions of shapes. The load of each element is computed from the loads of
//! what it holds and refers to, each once, and saturates instead of overflowing.

use std::collections::HashMap;

use resvg::usvg::roxmltree::{Document, Node};

use super::Refusal;

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
    let count = document.descendants().count();
    let mut guard = Guard { ids, styles, loads: vec![State::Unknown; count] };
    guard.load(document.root_element(), 0).map(drop)
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
}

impl Load {
    fn add(&mut self, other: Self, times: u64) {
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
            return Ok(self);
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
    styles: simplecss::StyleSheet<'a>,
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
        let mut load = Load { marks: 1, points: own_points(node), depth: 0 };
        for child in node.children() {
            if child.is_element() {
                load.add(self.load(child, level + 1)?, 1);
            } else if TEXTS.contains(&node.tag_name().name()) {
                // Glyphs have some twenty points each.
                let bytes = child.text().unwrap_or_default().len() as u64;
                load.points = load.points.saturating_add(20 * bytes);
            }
        }
        if let Some(target) = self.href(node)? {
            load.add(self.load(target, level + 1)?, 1);
        }
        for (name, target) in self.properties(node)? {
            let target_load = self.load(target, level + 1)?;
            if INHERITED.contains(&name) {
                // Gradients cost nothing; patterns are painted again for each.
                if target.has_tag_name("pattern") || target.tag_name().name() == "pattern" {
                    let marks = load.marks;
                    load.add(target_load, marks);
                }
            } else if MARKERS.contains(&name) {
                let points = load.points;
                load.add(target_load, points);
            } else {
                load.add(target_load, 1);
            }
            load.check()?;
        }
        let load = load.check()?;
        self.loads[index] = State::Known(load);
        Ok(load)
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
        for attribute in node.attributes().filter(|attribute| attribute.name() != "style") {
            collect(attribute.name(), attribute.value())?;
        }
        if let Some(style) = node.attribute("style") {
            for declaration in simplecss::DeclarationTokenizer::from(style) {
                collect(declaration.name, declaration.value)?;
            }
        }
        for rule in &self.styles.rules {
            let refers = rule.declarations.iter().any(|each| each.value.contains("url("));
            if refers && rule.selector.matches(&Styled(node)) {
                for declaration in &rule.declarations {
                    collect(declaration.name, declaration.value)?;
                }
            }
        }
        Ok(found)
    }
}

fn refused(href: &str) -> Refusal {
    Refusal::Reference { href: href.chars().take(100).collect() }
}

fn is_raster_data(tag: &str, href: &str) -> bool {
    let start: String = href.chars().take(16).collect::<String>().to_ascii_lowercase();
    let types = ["png", "jpeg", "jpg", "gif", "webp"];
    matches!(tag, "image" | "feImage")
        && start.strip_prefix("data:image/").is_some_and(|rest| {
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
