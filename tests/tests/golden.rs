//! Golden pictures; `src/golden.rs` says how they work.

#[test]
fn pictures_are_as_blessed() -> anyhow::Result<()> {
    pixeldrive_tests::golden::check()
}
