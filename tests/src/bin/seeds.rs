//! Writes the seeds and the dictionary of the fuzz targets into `fuzz/corpus`; `cargo xtask fuzz` runs it.

use std::fs;

use pixeldrive_tests::{root, seeds};

fn main() -> anyhow::Result<()> {
    let corpus = root().join("fuzz/corpus");
    for (target, seeds) in seeds::seeds()? {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        for (name, bytes) in seeds {
            fs::write(folder.join(name), bytes)?;
        }
    }
    fs::write(corpus.join("json.dict"), seeds::dictionary()?)?;
    Ok(())
}
