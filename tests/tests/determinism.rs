//! The same input gives the same bytes: on any thread, after any other picture, in any process.
//!
//! Deliberately absent: the GPU painter, which is held to the CPU painter's pixels by `parity.rs`.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::process::Command;

use pixeldrive_render::backend::{Painter as _, cpu};
use pixeldrive_render::drawing::Drawing;
use pixeldrive_render::encode::{Effort, Encoder};
use pixeldrive_tests::golden;

/// Set for a process that only tells its digests.
const TELL: &str = "PIXELDRIVE_TELL_DIGESTS";
const MARK: &str = "digest ";

/// The digest of each picture, all painted by one painter in the order given.
fn digests<'a>(
    drawings: impl Iterator<Item = &'a (String, Drawing)>,
) -> BTreeMap<String, blake3::Hash> {
    let (mut painter, mut encoder) = (cpu::Painter::new(), Encoder::new());
    let mut digest = |(name, drawing): &(String, Drawing)| {
        let painted = painter.paint(std::slice::from_ref(drawing)).remove(0).expect("painted");
        let png = encoder.encode(&painted, 1.0, Effort::Fast).expect("encoded");
        (name.clone(), blake3::hash(&png))
    };
    drawings.map(&mut digest).collect()
}

#[test]
fn bytes_depend_on_nothing_but_the_input() {
    let drawings = golden::drawn().expect("the cases");
    let expected = digests(drawings.iter());
    #[expect(clippy::disallowed_methods, reason = "what this test told its own process")]
    let tells = std::env::var_os(TELL).is_some();
    if tells {
        for (name, digest) in &expected {
            println!("{MARK}{name} {digest}");
        }
        return;
    }
    std::thread::scope(|scope| {
        let orders = [
            scope.spawn(|| digests(drawings.iter().rev())),
            scope.spawn(|| digests(drawings.iter().cycle().skip(77).take(drawings.len()))),
            scope.spawn(|| digests(golden::drawn().expect("the cases").iter())),
        ];
        for order in orders {
            assert_eq!(order.join().expect("a thread"), expected, "threads and orders agree");
        }
    });

    // Another process has other addresses and other seeds of its hash maps.
    let told = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "bytes_depend_on_nothing_but_the_input", "--nocapture"])
        .env(TELL, "1")
        .output()
        .expect("the process runs");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let told: Vec<&str> = told.lines().filter_map(|line| line.split(MARK).nth(1)).collect();
    let expected: Vec<String> =
        expected.iter().map(|(name, digest)| format!("{name} {digest}")).collect();
    assert_eq!(told, expected, "processes agree");
}
