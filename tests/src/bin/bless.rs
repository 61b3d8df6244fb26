//! Paints the references of the golden tests anew; `cargo xtask bless` runs it.

use std::io::Write as _;

fn main() -> anyhow::Result<()> {
    for name in pixeldrive_tests::golden::bless()? {
        writeln!(std::io::stdout(), "blessed {name}: look at it before committing it")?;
    }
    Ok(())
}
