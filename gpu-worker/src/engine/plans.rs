//! Plans of the templates whose rows came up lately, shared by the render threads.
//!
//! Which rows share a plan is the renderer's business ([`Key`]). Deliberately absent: single renders,
//! which would wait for a plan that nobody else uses.

use std::sync::Arc;

use moka::sync::Cache;
use pixeldrive_model::Failure;
use pixeldrive_render::plan::{Key, Plan};

/// A picture that takes more than this part of the room is painted whole.
const SHARE: u64 = 2;
/// Pictures of the canvas that a plan keeps, of four bytes a pixel.
const PICTURES: u64 = 2;

/// A cache of plans, bounded in bytes.
pub(super) struct Plans {
    kept: Cache<Key, Arc<Plan>>,
    bytes_max: u64,
}

impl Plans {
    /// Keeps up to `bytes_max`.
    pub(super) fn new(bytes_max: u64) -> Self {
        let weigh = |_: &Key, plan: &Arc<Plan>| u32::try_from(plan.bytes()).unwrap_or(u32::MAX);
        let kept = Cache::builder().max_capacity(bytes_max).weigher(weigh).build();
        Self { kept, bytes_max }
    }

    /// Whether plans of pictures of this size are kept.
    pub(super) fn may_keep(&self, (width, height): (u32, u32)) -> bool {
        u64::from(width) * u64::from(height) * 4 * PICTURES <= self.bytes_max / SHARE
    }

    /// The plan for `key`. Threads that want it at once wait for one of them to make it; should its row
    /// be at fault, the next one tries with its own.
    ///
    /// # Errors
    /// What `make` fails with.
    pub(super) fn get(
        &self,
        key: Key,
        mut make: impl FnMut() -> Result<Plan, Failure>,
    ) -> Result<Arc<Plan>, Failure> {
        let mut tried = false;
        loop {
            let made = self.kept.try_get_with(key, || {
                tried = true;
                make().map(Arc::new)
            });
            match made {
                Ok(plan) => return Ok(plan),
                Err(failure) if tried => return Err(Failure::clone(&failure)),
                // That of another thread's row.
                Err(_) => {}
            }
        }
    }
}
