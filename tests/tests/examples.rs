//! Every example paints in each of its sizes without a warning, and its data fits its schema.

use pixeldrive_model::{parse, payload_schema};
use pixeldrive_tests::gallery::examples;
use serde_json::Value;

#[test]
fn every_example_paints_without_a_warning() {
    let examples = examples().expect("the examples");
    assert!(examples.len() > 12, "{} examples", examples.len());
    for example in examples {
        let shots = example.shots(1.0);
        let shots = shots.unwrap_or_else(|error| panic!("{}: {error:#}", example.name));
        assert!(shots.iter().all(|shot| !shot.png.is_empty()), "{}", example.name);
    }
}

#[test]
fn every_payload_of_an_example_fits_its_schema() {
    for example in examples().expect("the examples") {
        let template = parse(example.template.to_string().as_bytes()).expect("a template");
        let schema = jsonschema::validator_for(&payload_schema(&template)).expect("a schema");
        let payload = Value::Object(example.payload);
        let errors: Vec<_> = schema.iter_errors(&payload).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", example.name);
    }
}
