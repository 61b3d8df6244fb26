//! Rows a second: the rows of a card as PNG bytes in memory, on any number of threads.
//!
//! Deliberately absent: the engine of a worker, which `benches/end_to_end.rs` measures.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use pixeldrive_model::Bound;
use pixeldrive_render::backend::cpu;
use pixeldrive_render::encode::{Effort, Encoder};
use pixeldrive_render::plan::{Canvas, Key, Plan};
use pixeldrive_render::{Fonts, Layouter, Scaled};

use crate::{Card, SCALED_BYTES_MAX, fonts};

/// How a row becomes a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The whole card is laid out, painted and encoded for every row.
    Full,
    /// What rows have in common is made once, see [`pixeldrive_render::plan`].
    Plan,
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Threads, each with rows of its own.
    pub threads: usize,
    /// Rows of the measurement; they repeat after the card's last.
    pub rows: usize,
    /// Rows before it that do not count.
    pub warm: usize,
    /// How small files become.
    pub effort: Effort,
    /// How a row becomes a picture.
    pub mode: Mode,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// From the first row's begin to the last one's end.
    pub time: Duration,
    /// Bytes of all files.
    pub bytes: usize,
}

/// Renders rows of `card` as `ask` says.
///
/// # Errors
/// When the fonts are not there, or a row does not fit the card.
pub fn rate(card: &Card, ask: &Ask) -> Result<Rate> {
    let (fonts, scaled) = (fonts()?, Arc::new(Scaled::new(SCALED_BYTES_MAX)));
    let mut studios: Vec<_> =
        (0..ask.threads).map(|_| Studio::open(card, &fonts, &scaled, ask)).collect();
    run(&mut studios, ask.warm)?;
    let begun = Instant::now();
    let bytes = run(&mut studios, ask.rows)?;
    Ok(Rate { time: begun.elapsed(), bytes })
}

/// So many rows, each by whichever studio is free. Answers their bytes.
fn run(studios: &mut [Studio<'_>], rows: usize) -> Result<usize> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = studios
            .iter_mut()
            .map(|studio| {
                scope.spawn(|| {
                    let mut bytes = 0;
                    loop {
                        let row = next.fetch_add(1, Ordering::Relaxed);
                        if row >= rows {
                            return anyhow::Ok(bytes);
                        }
                        bytes += studio.png(row)?.len();
                    }
                })
            })
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.map(|bytes| bytes.map_err(|_| anyhow!("a thread panicked"))?).sum()
    })
}

/// What a thread keeps between rows.
pub struct Studio<'a> {
    card: &'a Card,
    layouter: Layouter,
    painter: cpu::Painter,
    encoder: Encoder,
    canvas: Canvas,
    /// Those that came up.
    plans: Vec<(Key, Arc<Plan>)>,
    effort: Effort,
    mode: Mode,
}

impl<'a> Studio<'a> {
    /// One for the rows of `card`, with the effort and the mode of `ask`.
    #[must_use]
    pub fn open(card: &'a Card, fonts: &Fonts, scaled: &Arc<Scaled>, ask: &Ask) -> Self {
        Self {
            card,
            layouter: Layouter::new(fonts, Arc::clone(scaled)),
            painter: cpu::Painter::new(),
            encoder: Encoder::new(),
            canvas: Canvas::new(),
            plans: Vec::new(),
            effort: ask.effort,
            mode: ask.mode,
        }
    }

    /// The PNG of a row.
    ///
    /// # Errors
    /// When the row does not fit the card.
    pub fn png(&mut self, row: usize) -> Result<Vec<u8>> {
        let bound = self.card.bind(row)?;
        let drawing = match self.mode {
            Mode::Full => self.layouter.lay_out(&bound, &self.card.assets)?.0,
            Mode::Plan => {
                let plan = self.plan(row, &bound)?;
                let row = plan.lay_out(&bound, &self.card.assets, &mut self.layouter)?;
                if self.canvas.paint(&plan, &row, &mut self.painter)? {
                    return Ok(self.canvas.encode(&mut self.encoder)?);
                }
                row.into_drawing().0
            }
        };
        self.canvas.paint_whole(&drawing, (1.0, self.effort), &mut self.painter)?;
        Ok(self.canvas.encode(&mut self.encoder)?)
    }

    /// Drops the plans that were made.
    pub fn forget(&mut self) {
        self.plans.clear();
    }

    /// The plan of a row.
    fn plan(&mut self, row: usize, bound: &Bound) -> Result<Arc<Plan>> {
        let Card { template, assets, .. } = self.card;
        let key = Key::of(template, self.card.payload(row), bound, assets, &[], self.effort);
        if let Some((_, plan)) = self.plans.iter().find(|(known, _)| *known == key) {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.compile(row, bound)?);
        self.plans.push((key, Arc::clone(&plan)));
        Ok(plan)
    }

    /// Makes the plan of a row.
    ///
    /// # Errors
    /// When the row does not fit the card.
    pub fn compile(&mut self, row: usize, bound: &Bound) -> Result<Plan> {
        let Card { template, assets, .. } = self.card;
        let tools = (&mut self.layouter, &mut self.painter, &mut self.encoder);
        Ok(Plan::compile(template, self.card.payload(row), bound, assets, self.effort, tools)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_share_the_rows() {
        let card = Card::read("flat").expect("a card");
        let bytes = |threads| {
            let ask = Ask { threads, rows: 5, warm: 1, effort: Effort::Fast, mode: Mode::Full };
            rate(&card, &ask).expect("rendered").bytes
        };
        assert_eq!(bytes(1), bytes(3), "each row once, whoever renders it");
    }
}
