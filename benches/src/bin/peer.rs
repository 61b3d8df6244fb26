//! PixelDrive on the bench cards, as `peers/run.py` asks each renderer for them.
//!
//! `peer CARD EFFORT MODE THREADS ROWS WARM [FOLDER]` prints a JSON object on one line and waits for the end of
//! its input, so that its memory can be looked at. With FOLDER it writes the pictures instead.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use pixeldrive_benches::rate::{Ask, Mode, Studio, rate};
use pixeldrive_benches::{Card, fonts};
use pixeldrive_render::Scaled;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [card, effort, mode, threads, rows, warm, folder @ ..] = &arguments[..] else {
        bail!("usage: peer CARD EFFORT MODE THREADS ROWS WARM [FOLDER]");
    };
    let effort = effort.parse().map_err(|reason: String| anyhow!(reason))?;
    let mode = match mode.as_str() {
        "full" => Mode::Full,
        "plan" => Mode::Plan,
        other => bail!("`{other}` is neither full nor plan"),
    };
    let card = Card::read(card)?;
    let (threads, rows, warm) = (threads.parse()?, rows.parse()?, warm.parse()?);
    let ask = Ask { threads, rows, warm, effort, mode };
    if let [folder] = folder {
        let scaled = Arc::new(Scaled::new(0));
        let mut studio = Studio::open(&card, &fonts()?, &scaled, &ask);
        for row in 0..rows {
            std::fs::write(Path::new(folder).join(format!("{row:03}.png")), studio.png(row)?)?;
        }
        return Ok(());
    }
    let rate = rate(&card, &ask)?;
    let (seconds, bytes) = (rate.time.as_secs_f64(), rate.bytes / rows.max(1));
    let mut out = std::io::stdout();
    writeln!(out, r#"{{"seconds": {seconds}, "bytes": {bytes}}}"#)?;
    out.flush()?;
    std::io::read_to_string(std::io::stdin())?;
    Ok(())
}
