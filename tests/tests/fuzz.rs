//! The entry functions of the fuzz targets, called with their seeds and with past findings.

use std::time::{Duration, Instant};

use pixeldrive_tests::seeds::seeds;

/// For one run on a busy machine without optimisation; a run that goes on for ever is what is looked for.
const RUN_MAX: Duration = Duration::from_secs(20);

#[test]
fn seeds_and_findings_end_well() {
    let seeds = seeds().unwrap();
    for (target, run) in pixeldrive_fuzz::TARGETS {
        assert!(!seeds[target].is_empty(), "{target} has no seeds");
        for (name, bytes) in &seeds[target] {
            let start = Instant::now();
            run(bytes);
            assert!(start.elapsed() < RUN_MAX, "{target} took {:?} with {name}", start.elapsed());
        }
    }
}
