//! Paints the examples and writes a page of them; `cargo xtask gallery` runs it.

use std::io::Write as _;

fn main() -> anyhow::Result<()> {
    let page = pixeldrive_tests::gallery::write()?;
    writeln!(std::io::stdout(), "open {}", page.display())?;
    Ok(())
}
