//! Plans of the templates whose rows came up lately, shared by the render threads.
//!
//! Which rows share a plan is the renderer's business ([`Key`]). Deliberately absent: single renders,
//! which would wait for a plan that nobody else uses.

use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use pixeldrive_model::Failure;
use pixeldrive_render::plan::{Key, Plan};

/// A picture that takes more than this part of the room is painted whole.
const SHARE: u64 = 2;
/// Pictures of the canvas that a plan keeps, of four bytes a pixel.
const PICTURES: u64 = 2;

/// A cache of plans, bounded in bytes.
pub(super) struct Plans {
    /// Nothing for those that turned out too large.
    kept: Cache<Key, Option<Arc<Plan>>>,
    bytes_max: u64,
}

impl Plans {
    /// Keeps up to `bytes_max`.
    pub(super) fn new(bytes_max: u64) -> Self {
        let weigh = |_: &Key, plan: &Option<Arc<Plan>>| {
            let bytes = plan.as_ref().map_or(size_of::<Key>(), |plan| plan.bytes());
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        // A batch that begins needs its plan more than one that had many rows and has ended.
        let recent = EvictionPolicy::lru();
        let kept = Cache::builder().max_capacity(bytes_max).weigher(weigh).eviction_policy(recent);
        Self { kept: kept.build(), bytes_max }
    }

    /// Whether plans of pictures of this size are kept.
    pub(super) fn may_keep(&self, (width, height): (u32, u32)) -> bool {
        u64::from(width) * u64::from(height) * 4 * PICTURES <= self.bytes_max / SHARE
    }

    /// The plan for `key`; `None` when it would take too much of the room. Threads that want it at once wait for one
    /// of them to make it; should its row be at fault, the next one tries with its own.
    ///
    /// # Errors
    /// What `make` fails with.
    pub(super) fn get(
        &self,
        key: Key,
        mut make: impl FnMut() -> Result<Plan, Failure>,
    ) -> Result<Option<Arc<Plan>>, Failure> {
        let mut tried = false;
        loop {
            let made = self.kept.try_get_with(key, || {
                tried = true;
                let fits = |plan: &Plan| plan.bytes() as u64 <= self.bytes_max / SHARE;
                make().map(|plan| Some(plan).filter(fits).map(Arc::new))
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

#[cfg(test)]
mod tests {
    use pixeldrive_model::{Bound, Effort, Payload, Template, bind, parse};
    use pixeldrive_render::backend::cpu;
    use pixeldrive_render::encode::Encoder;
    use pixeldrive_render::{Assets, Fonts, Layouter, Scaled};

    use super::*;

    /// A template of one colour, and the only row that there is of it.
    fn row(grey: u8) -> (Template, Bound) {
        let template = format!(
            r##"{{"width": 100, "height": 100, "background": "#{grey:02x}0000", "elements": []}}"##
        );
        let template = parse(template.as_bytes()).unwrap();
        let bound = bind(&template, &Payload::new(), 1.0).unwrap();
        (template, bound)
    }

    /// Asks for the plan of such a row, and counts when it has to be made.
    fn ask(plans: &Plans, grey: u8, made: &mut usize) -> Option<Arc<Plan>> {
        let ((template, bound), none) = (row(grey), Payload::new());
        let key = Key::of(&template, &none, &bound, &Assets::default(), &[], Effort::Fast);
        let plan = plans.get(key, || {
            *made += 1;
            let mut layouter = Layouter::new(&Fonts::bundled(), Arc::new(Scaled::new(0)));
            let tools = (&mut layouter, &mut cpu::Painter::new(), &mut Encoder::new());
            let assets = Assets::default();
            Ok(Plan::compile(&template, &none, &bound, &assets, Effort::Fast, tools)?)
        });
        plans.kept.run_pending_tasks();
        plan.unwrap()
    }

    #[test]
    fn plans_that_take_too_much_of_the_room_are_made_once() {
        let (plans, mut made) = (Plans::new(50_000), 0);
        assert!(ask(&plans, 0, &mut made).is_none(), "40,000 bytes of pixels");
        assert!(ask(&plans, 0, &mut made).is_none(), "again");
        assert_eq!(made, 1);
    }

    #[test]
    fn new_plans_take_the_place_of_those_that_were_used_longest_ago() {
        let mut made = 0;
        let bytes = ask(&Plans::new(1 << 20), 0, &mut made).unwrap().bytes() as u64;
        let plans = Plans::new(bytes * 7 / 2);
        for grey in [0, 1, 2] {
            (0..30).for_each(|_| drop(ask(&plans, grey, &mut made)));
        }
        assert_eq!(made, 4, "there is room for three");
        ask(&plans, 3, &mut made);
        ask(&plans, 3, &mut made);
        ask(&plans, 2, &mut made);
        assert_eq!(made, 5, "the new one and the last one before it are kept");
        ask(&plans, 0, &mut made);
        assert_eq!(made, 6, "the oldest has made room");
    }
}
