//! Allocations of a row: how often memory is asked for, and for how much, once caches are warm.
//!
//! The number is the same on every machine, so nothing is timed; arguments are of no use.

use std::alloc::System;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::Result;
use pixeldrive_benches::rate::{Ask, Mode, Studio};
use pixeldrive_benches::{CARDS, Card, SCALED_BYTES_MAX, fonts};
use pixeldrive_render::Scaled;
use pixeldrive_render::encode::Effort;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Rows that warm caches, and rows that count.
const ROWS: usize = 60;

fn main() -> Result<()> {
    let mut out = std::io::stdout();
    for name in CARDS {
        let card = Card::read(name)?;
        for (word, mode) in [("whole", Mode::Full), ("by a plan", Mode::Plan)] {
            let ask = Ask { threads: 1, rows: ROWS, warm: ROWS, effort: Effort::Fast, mode };
            let scaled = Arc::new(Scaled::new(SCALED_BYTES_MAX));
            let mut studio = Studio::open(&card, &fonts()?, &scaled, &ask);
            for row in 0..ROWS {
                studio.png(row)?;
            }
            let region = Region::new(ALLOCATOR);
            for row in 0..ROWS {
                studio.png(row)?;
            }
            let told = region.change();
            let (count, bytes) =
                ((told.allocations + told.reallocations) / ROWS, told.bytes_allocated / ROWS);
            writeln!(out, "{name} {word}: {count} allocations of {} kB in all", bytes / 1000)?;
        }
    }
    Ok(())
}
