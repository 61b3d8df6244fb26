//! What usvg leaves out of a document without a word, by the names that its author knows.
//!
//! Deliberately absent: what changes nothing that is seen, such as titles, metadata, hints about quality
//! and rules for a pointer that hovers.

use std::str::FromStr;

use resvg::usvg::roxmltree::{Document, Node};
use simplecss::{DeclarationTokenizer, Selector};

/// Names that are told of one document.
const NAMES_MAX: usize = 8;
/// Characters of a name that is made of what the document says.
const NAME_CHARS_MAX: usize = 40;
const SVG: &str = "http://www.w3.org/2000/svg";

/// Elements that are drawn, or that say how others are.
const DRAWN: &[&str] = &[
    "a",
    "circle",
    "clipPath",
    "defs",
    "ellipse",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feConvolveMatrix",
    "feDiffuseLighting",
    "feDisplacementMap",
    "feDistantLight",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feImage",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "fePointLight",
    "feSpecularLighting",
    "feSpotLight",
    "feTile",
    "feTurbulence",
    "filter",
    "g",
    "image",
    "line",
    "linearGradient",
    "marker",
    "mask",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "text",
    "textPath",
    "tref",
    "tspan",
    "use",
];
/// Elements that never draw anything.
const UNSEEN: &[&str] = &["cursor", "desc", "metadata", "title", "view"];
/// Inputs of a filter that SVG 2 dropped.
const INPUTS: &[&str] = &["BackgroundImage", "BackgroundAlpha", "FillPaint", "StrokePaint"];
/// At-rules that change nothing here.
const PLAIN_RULES: &[&str] = &["charset", "namespace"];
/// Properties that place a shape, and are read as attributes alone.
const GEOMETRY: &[&str] = &["cx", "cy", "d", "r", "rx", "ry", "translate", "rotate", "scale"];
/// Properties that are not read, and the values with which that is never seen.
const UNREAD: &[(&str, &[&str])] = &[
    ("animation", &["none"]),
    ("animation-name", &["none"]),
    ("color-interpolation", &["auto", "sRGB"]),
    ("font-feature-settings", &["normal"]),
    ("mask-border", &["none"]),
    ("mask-image", &["none"]),
    ("offset-path", &["none"]),
    ("pathLength", &[]),
    ("side", &["left"]),
    ("text-decoration-line", &["none"]),
    ("transform-box", &["view-box"]),
    ("vector-effect", &["none"]),
];
/// Values that stand for the one of the element around, or for the first.
const KEYWORDS: &[&str] = &["inherit", "initial", "unset", "revert"];

/// The names of what is not drawn, each once, as they come.
pub(super) fn names(document: &Document<'_>) -> Vec<String> {
    let mut dropped = Dropped(Vec::new());
    dropped.element(document.root_element());
    let Dropped(mut names) = dropped;
    if names.len() > NAMES_MAX {
        names.truncate(NAMES_MAX);
        names.push("others".to_owned());
    }
    names
}

struct Dropped(Vec<String>);

/// Where a property is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Attribute,
    Css,
}

impl Dropped {
    fn add(&mut self, name: String) {
        if self.0.len() <= NAMES_MAX && !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    fn element(&mut self, node: Node<'_, '_>) {
        let tag = node.tag_name().name();
        let foreign = node.tag_name().namespace().is_some_and(|namespace| namespace != SVG);
        if foreign || UNSEEN.contains(&tag) {
            return;
        }
        if !DRAWN.contains(&tag) {
            // What asks for an extension has a stand-in for all who lack it.
            if node.attribute("requiredExtensions").is_none_or(str::is_empty) {
                self.add(format!("<{}>", short(tag)));
            }
            return;
        }
        if tag == "style" {
            match node.attribute("type") {
                None | Some("" | "text/css") => self.sheet(node.text().unwrap_or_default()),
                Some(other) => self.add(format!("<style type=\"{}\">", short(other))),
            }
            return;
        }
        for attribute in node.attributes() {
            match attribute.name() {
                "style" => self.declarations(attribute.value()),
                "in" | "in2" if INPUTS.contains(&attribute.value()) => {
                    self.add(format!("the filter input {}", attribute.value()));
                }
                name => self.property(name, attribute.value(), Place::Attribute),
            }
        }
        for child in node.children().filter(Node::is_element) {
            self.element(child);
        }
    }

    /// A style sheet: at-rules, and selectors with their declarations.
    fn sheet(&mut self, text: &str) {
        let text = without_comments(text);
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            if let Some(rule) = rest.strip_prefix('@') {
                let end = rule.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
                let name = &rule[..end.unwrap_or(rule.len())];
                if !PLAIN_RULES.contains(&name) {
                    self.add(format!("@{}", short(name)));
                }
                rest = after_rule(rule);
            } else {
                let Some((selectors, body)) = rest.split_once('{') else { return };
                let (declarations, after) = body.split_once('}').unwrap_or((body, ""));
                for selector in selectors.split(',').map(str::trim) {
                    if !selector.is_empty() && Selector::parse(selector).is_none() {
                        self.add(format!("the selector {}", short(selector)));
                    }
                }
                self.declarations(declarations);
                rest = after;
            }
            rest = rest.trim_start();
        }
    }

    fn declarations(&mut self, text: &str) {
        for declaration in DeclarationTokenizer::from(text) {
            self.property(declaration.name, declaration.value, Place::Css);
        }
    }

    fn property(&mut self, name: &str, value: &str, place: Place) {
        let value = value.trim();
        if KEYWORDS.contains(&value) || name.starts_with("on") {
            return;
        }
        if let Some((_, seen_as)) = UNREAD.iter().find(|(unread, _)| *unread == name) {
            if !seen_as.contains(&value) {
                self.add(name.to_owned());
            }
        } else if place == Place::Css && GEOMETRY.contains(&name) {
            self.add(format!("{name} in CSS"));
        } else if !is_read(name, value) {
            self.add(format!("{name}: {}", short(value)));
        }
    }
}

/// Whether usvg makes something of a value.
fn is_read(name: &str, value: &str) -> bool {
    let is_color = |value: &str| {
        value.eq_ignore_ascii_case("currentColor") || svgtypes::Color::from_str(value).is_ok()
    };
    match name {
        "fill" | "stroke" => svgtypes::Paint::from_str(value).is_ok(),
        "stop-color" | "flood-color" | "lighting-color" => is_color(value),
        "clip-path" | "mask" => value == "none" || value.starts_with("url("),
        "transform" | "gradientTransform" | "patternTransform" => {
            value == "none" || svgtypes::Transform::from_str(value).is_ok()
        }
        // Names and texts may say anything.
        "id" | "class" | "href" => true,
        _ => {
            !["var(", "calc(", "min(", "max(", "clamp("].iter().any(|call| value.starts_with(call))
        }
    }
}

/// What follows an at-rule: behind its semicolon, or behind its block.
fn after_rule(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b';' if depth == 0 => return &text[at + 1..],
            b'{' => depth += 1,
            b'}' if depth <= 1 => return &text[at + 1..],
            b'}' => depth -= 1,
            _ => {}
        }
    }
    ""
}

fn without_comments(text: &str) -> String {
    let mut pieces = text.split("/*");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once("*/").map_or("", |(_, rest)| rest))
}

fn short(text: &str) -> String {
    let text = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(NAME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(inside: &str, expected: &[&str]) {
        let text = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' xmlns:i='http://inkscape.org' \
             xmlns:h='http://www.w3.org/1999/xhtml'>{inside}</svg>"
        );
        let document = Document::parse(&text).unwrap();
        assert_eq!(names(&document), expected, "{inside}");
    }

    #[test]
    fn elements_that_are_not_drawn_are_named() {
        check("<rect><animate attributeName='x'/></rect><animate/><set/>", &["<animate>", "<set>"]);
        check("<foreignObject><h:div><h:script/></h:div></foreignObject>", &["<foreignObject>"]);
        check("<script>alert(1)</script>", &["<script>"]);
        check("<flowRoot><flowRegion/></flowRoot><rectangle/>", &["<flowRoot>", "<rectangle>"]);
        check("<meshgradient/><hatch/>", &["<meshgradient>", "<hatch>"]);
        check("<filter><feFuture/></filter>", &["<feFuture>"]);
        let many: String = (0..20).map(|number| format!("<x{number}/>")).collect();
        check(&many, &["<x0>", "<x1>", "<x2>", "<x3>", "<x4>", "<x5>", "<x6>", "<x7>", "others"]);
    }

    #[test]
    fn what_is_never_seen_is_not_named() {
        check("<title>x</title><desc/><metadata><i:x/></metadata><view/><i:namedview/>", &[]);
        check("<a href='#'><text>var(--x) <tspan>calc(</tspan></text></a><defs/>", &[]);
        check("<switch><foreignObject requiredExtensions='x'/><g/></switch>", &[]);
        check("<rect onclick='go()' id='calc(' class='var(--x)'/>", &[]);
        check("<g style='vector-effect:none;mask:none;fill:inherit;stroke:currentColor'/>", &[]);
        check("<style>@charset 'x'; a:hover, g > .b { fill: red } /* @media {} */</style>", &[]);
        check("<rect transform='rotate(9)' fill='url(#a) red' clip-path='url(#c)'/>", &[]);
        check("<text rotate='9' x='1' textLength='3'>a</text>", &[]);
    }

    #[test]
    fn css_that_is_not_read_is_named() {
        check(
            "<style>@media print { g { fill: red } } @font-face { src: none } @keyframes a { to { x: 1 } }\
             rect:nth-child(2), g { animation: a 2s } </style>",
            &["@media", "@font-face", "@keyframes", "the selector rect:nth-child(2)", "animation"],
        );
        check(
            "<style>@media x{g{fill:red}} g{fill:var(--a)}</style>",
            &["@media", "fill: var(--a)"],
        );
        check("<style type='text/less'>g{}</style>", &["<style type=\"text/less\">"]);
        check("<circle style='r: 5px; cx: calc(1px + 2px)'/>", &["r in CSS", "cx in CSS"]);
        check("<rect width='calc(1px + 2px)'/>", &["width: calc(1px + 2px)"]);
        check("<rect style='transform: translateX(50%)'/>", &["transform: translateX(50%)"]);
    }

    #[test]
    fn values_that_are_not_read_are_named() {
        check("<rect fill='oklch(0.7 0.1 30)'/>", &["fill: oklch(0.7 0.1 30)"]);
        check("<path vector-effect='non-scaling-stroke' d='M0 0'/>", &["vector-effect"]);
        check("<g clip-path='circle(40%)'/>", &["clip-path: circle(40%)"]);
        check("<path pathLength='1'/>", &["pathLength"]);
        check("<linearGradient color-interpolation='linearRGB'/>", &["color-interpolation"]);
        check(
            "<filter><feOffset in='BackgroundImage'/></filter>",
            &["the filter input BackgroundImage"],
        );
        let long = format!("<g clip-path='path(\"{}\")'/>", "M0 0 ".repeat(99));
        check(&long, &["clip-path: path(\"M0 0 M0 0 M0 0 M0 0 M0 0 M0 0 M0 0…"]);
    }
}
