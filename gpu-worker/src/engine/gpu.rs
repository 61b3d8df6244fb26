//! The GPU's thread: takes drawings in batches, hands pixels back to the render threads.
//!
//! A device overlaps the cards of one call, so several are worth a short wait; but not when
//! somebody waits on the connection. Deliberately absent: recovering a lost device, which is the
//! painter's own business.

use std::time::{Duration, Instant};

use pixeldrive_model::{Failure, Warning};
use pixeldrive_render::backend::{Painter, gpu};
use pixeldrive_render::drawing::Drawing;
use pixeldrive_render::pixels::Pixels;

use super::job::Ticket;
use super::lanes::{Batch, Lanes};
use super::threads::{PANICKED, Painted, Queues, Work, guarded};

/// Cards of one call.
pub(super) const CARDS_MAX: usize = 16;

const BATCH: Batch = Batch {
    count_max: CARDS_MAX,
    // Pixels that wait for the last card of their call: 128 MB.
    weight_max: 32_000_000,
    linger: Duration::from_millis(2),
};

/// A job that waits to be painted.
pub(super) struct Laid {
    pub(super) drawing: Drawing,
    pub(super) warnings: Vec<Warning>,
    pub(super) ticket: Ticket,
}

/// The thread's life.
pub(super) fn work(mut painter: gpu::Painter, drawings: &Lanes<Laid>, done: &Queues) {
    let weigh = |laid: &Laid| u64::from(laid.drawing.width()) * u64::from(laid.drawing.height());
    while let Some(batch) = drawings.pop_batch(&BATCH, weigh) {
        let begun = Instant::now();
        let (drawings, rest): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|laid| (laid.drawing, (laid.warnings, laid.ticket))).unzip();
        let pixels = paint(&mut painter, &drawings);
        // The cards of a call share its time.
        let count = u32::try_from(drawings.len()).unwrap_or(u32::MAX).max(1);
        let paint = begun.elapsed() / count;
        for (pixels, (warnings, mut ticket)) in pixels.into_iter().zip(rest) {
            ticket.timings.paint = paint;
            match pixels {
                Ok(pixels) => {
                    let queue = done.of(ticket.lane);
                    queue.push_half_done(Work::Encode(Painted { pixels, warnings, ticket }));
                }
                Err(failure) => ticket.answer(Err(failure)),
            }
        }
    }
}

/// Paints a batch. When a panic takes a whole batch down, each card is tried alone, so that only
/// the guilty one fails.
fn paint(painter: &mut gpu::Painter, drawings: &[Drawing]) -> Vec<Result<Pixels, Failure>> {
    match guarded(|| Ok(painter.paint(drawings))) {
        Ok(painted) => painted.into_iter().map(|pixels| pixels.map_err(Failure::from)).collect(),
        Err(failure) if failure.code == PANICKED && drawings.len() > 1 => {
            drawings.iter().flat_map(|one| paint(painter, std::slice::from_ref(one))).collect()
        }
        Err(failure) => vec![Err(failure)],
    }
}
