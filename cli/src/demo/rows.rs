//! Made-up rows that look like real ones; the same on every run, no two alike.

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

/// The payload of row `index` of the photo card, 0 to 999.
pub(crate) fn photo(index: usize) -> Value {
    // 379 and 1000 have no common divisor: each combination comes once, neighbours differ.
    let mixed = index * 379 % 1000;
    let headline =
        [SUBJECTS[mixed % 10], CLAUSES[mixed / 10 % 10], PLACES[mixed / 100 % 10]].join(" ");
    let author = [FIRST_NAMES[index % 16], LAST_NAMES[index % 15]].join(" ");
    let stars = [5.0, 4.5, 4.0, 3.5, 4.8][index % 5];
    json!({
        "headline": {"text": headline},
        "badge": {"text": LABELS[mixed % 8]},
        "stars": {"value": stars},
        "author": {"text": author},
        "note": {"text": format!("No. {:04} · {} min read", index + 1, 4 + mixed % 23)},
        "qr": {"text": format!("https://example.com/stories/{:04}", index + 1)},
    })
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
