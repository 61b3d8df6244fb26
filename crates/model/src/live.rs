//! Which elements of a template a payload has a say in: the others look the same for every payload that
//! speaks of the same elements.

use crate::{Element, Payload, Template};

impl Template {
    /// The ids of the elements that `payload` may change, in drawing order: those that it names, whose
    /// texts have placeholders, or whose showing depends on it. What it says of them does not matter.
    pub fn live<'a>(&'a self, payload: &'a Payload) -> impl Iterator<Item = &'a str> {
        let live = |element: &&Element| {
            payload.contains_key(&element.id)
                || element.frame.visible_when.is_some()
                || !self.placeholders.of(&element.id).is_empty()
        };
        self.walk().filter(live).map(|element| element.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::parse;

    #[track_caller]
    fn check(payload: serde_json::Value, expected: &str) {
        let template = json!({"width": 9, "height": 9, "elements": [
            {"id": "plain", "type": "text", "text": "a"},
            {"id": "filled", "type": "text", "text": "{{name}}"},
            {"id": "group", "type": "group", "elements": [
                {"id": "inner", "type": "rect", "width": 1, "height": 1},
                {"id": "shown", "type": "rect", "width": 1, "height": 1,
                    "visibleWhen": {"path": "name", "exists": true}},
            ], "mask": {"id": "mask", "type": "rect", "width": 1, "height": 1}},
        ]});
        let template = parse(template.to_string().as_bytes()).unwrap();
        let serde_json::Value::Object(payload) = payload else { panic!("no object") };
        let live: Vec<_> = template.live(&payload).collect();
        assert_eq!(live.join(" "), expected);
    }

    #[test]
    fn an_element_is_live_when_the_payload_may_change_it() {
        check(json!({}), "filled shown");
        check(json!({"name": "b"}), "filled shown");
        check(json!({"plain": {"text": "a"}}), "plain filled shown");
        check(json!({"inner": {"fill": "red"}}), "filled inner shown");
        check(json!({"mask": {"width": 5}, "group": {}}), "filled group shown mask");
    }
}
