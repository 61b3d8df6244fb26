//! Made-up rows that look like real ones; the same on every run, no two alike.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const SUBJECTS: [&str; 10] = [
    "Slow mornings",
    "Hidden trails",
    "Late trains",
    "Quiet harbours",
    "First light",
    "Long weekends",
    "Small kitchens",
    "Wild gardens",
    "Winter markets",
    "Rooftop stories",
];
const CLAUSES: [&str; 10] = [
    "worth getting up for in",
    "that made us stay in",
    "you can walk to from",
    "we almost missed near",
    "to share with a friend in",
    "painted by the people of",
    "that change every season in",
    "nobody told us about in",
    "for a rainy day around",
    "kept for the last night in",
];
const PLACES: [&str; 10] = [
    "Lisbon",
    "Kyoto",
    "Tromsø",
    "Oaxaca",
    "Ljubljana",
    "Valparaíso",
    "Tbilisi",
    "Hobart",
    "Marrakesh",
    "Québec",
];
const FIRST_NAMES: [&str; 16] = [
    "Mateo", "Ingrid", "Amara", "Yuki", "Tobias", "Priya", "Noor", "Jonas", "Camille", "Ewa",
    "Kofi", "Lucía", "Oskar", "Hana", "Daniel", "Sofía",
];
const LAST_NAMES: [&str; 15] = [
    "Laurent",
    "Mensah",
    "Dahl",
    "Okafor",
    "Tanaka",
    "Novák",
    "Reyes",
    "Lind",
    "Haddad",
    "Silva",
    "Bergström",
    "Iyer",
    "Kowalski",
    "Moreau",
    "Adeyemi",
];
const LABELS: [&str; 8] = [
    "New this week",
    "Editor’s pick",
    "Only 3 left",
    "Save 20 %",
    "Members",
    "Free entry",
    "Sold out",
    "Last call",
];

/// Parts of the one photograph, as the left, top, width and height of all of it in px.
const VIEWS: [[i32; 4]; 3] = [[0, 0, 1200, 675], [-20, -220, 1600, 900], [-400, -110, 1600, 900]];
/// Backgrounds and shirts of portraits, skins and hair.
const BACKS: [&str; 5] = ["#c7d2fe", "#fecaca", "#bbf7d0", "#fde68a", "#bae6fd"];
const SHIRTS: [&str; 4] = ["#1e3a8a", "#0f766e", "#9f1239", "#334155"];
const SKINS: [&str; 5] = ["#f5cfa9", "#8d5524", "#e0ac69", "#c68642", "#ffdbb4"];
const HAIRS: [&str; 4] = ["#2b1b17", "#6b3e26", "#111827", "#b45309"];
/// Shapes of hair: short, long, in a bun.
const CUTS: [&str; 3] = [
    "M27 40C25 12 63 12 61 40C56 30 34 28 27 40Z",
    "M26 62C18 8 70 8 62 62L56 60C60 40 54 30 44 30C34 30 28 40 32 60Z",
    "M27 40C26 20 36 18 40 17C38 6 52 6 50 17C56 18 62 24 61 40C56 30 34 28 27 40Z",
];

/// The payload of row `index` of the photo card, 0 to 999.
pub(crate) fn photo(index: usize) -> Value {
    // 379 and 1000 have no common divisor: each combination comes once, neighbours differ.
    let mixed = index * 379 % 1000;
    let headline =
        [SUBJECTS[mixed % 10], CLAUSES[mixed / 10 % 10], PLACES[mixed / 100 % 10]].join(" ");
    let author = [FIRST_NAMES[index % 16], LAST_NAMES[index % 15]].join(" ");
    let stars = [5.0, 4.5, 4.0, 3.5, 4.8][index % 5];
    json!({
        "photo": scene(index),
        "avatar": {"src": portrait(index % 16, index % 15)},
        "headline": {"text": headline},
        "badge": {"text": LABELS[mixed % 8]},
        "stars": {"value": stars},
        "author": {"text": author},
        "note": {"text": format!("No. {:04} · {} min read", index + 1, 4 + mixed % 23)},
        "qr": {"text": format!("https://example.com/stories/{:04}", index + 1)},
    })
}

/// The photograph from one of twelve sides: a part of it, at some time of the day.
fn scene(index: usize) -> Value {
    let [x, y, width, height] = VIEWS[index % VIEWS.len()];
    let light = match index % 4 {
        0 => json!([]),
        1 => json!([{"type": "hueRotate", "angle": -40}, {"type": "saturate", "amount": 1.3}]),
        2 => json!([{"type": "duotone", "dark": "#0b1033", "light": "#ffd8a8"}]),
        _ => json!([{"type": "tint", "color": "#1e3a8a", "amount": 0.4}]),
    };
    json!({"x": x, "y": y, "width": width, "height": height, "filters": light})
}

/// The portrait of somebody with these names, drawn.
fn portrait(first: usize, last: usize) -> String {
    let (back, shirt, skin) = (BACKS[first % 5], SHIRTS[last % 4], SKINS[(first + last) % 5]);
    let (hair, cut) = (HAIRS[last % 4], CUTS[first % 3]);
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 88 88'><path fill='{back}' d='M0 0H88V88H0Z'/>\
         <path fill='{shirt}' d='M8 92C8 70 26 62 44 62S80 70 80 92Z'/><path fill='{skin}' d='M37 48H51V63\
         C51 71 37 71 37 63Z'/><ellipse fill='{skin}' cx='44' cy='40' rx='16' ry='19'/>\
         <path fill='{hair}' d='{cut}'/></svg>"
    );
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg))
}

/// A payload of the Open Graph card.
pub(crate) fn og() -> Value {
    json!({
        "topic": {"text": "ENGINEERING"},
        "headline": {"text": "How we render a million personalised images before breakfast"},
        "byline": {"text": "Ingrid Bergström  ·  12 November 2026  ·  9 min read"},
    })
}

/// A payload of the event badge.
pub(crate) fn badge() -> Value {
    json!({
        "name": {"text": "Amara Okafor"},
        "title": {"text": "Principal Engineer"},
        "company": {"text": "Northwind Labs"},
        "role": {"text": "SPEAKER"},
        "qr": {"text": "https://example.com/people/amara-okafor"},
        "ticket": {"text": "PD26-004217"},
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_thousand_rows_are_a_thousand_pictures() {
        let headlines: HashSet<String> =
            (0..1000).map(|index| photo(index)["headline"]["text"].to_string()).collect();
        assert_eq!(headlines.len(), 1000, "a headline comes twice");
    }
}
