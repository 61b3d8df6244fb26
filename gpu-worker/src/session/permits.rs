//! Permits: how many jobs of one lane a gateway may have with this worker.
//!
//! What was granted and not used, and what is in hand, never exceed the limit together. Jobs that
//! outlive a broken connection keep their share, so a reconnect does not double the load.

/// The permits of one lane at one gateway.
#[derive(Debug)]
pub(super) struct Permits {
    limit: u32,
    /// Granted on this connection and not yet used.
    granted: u32,
    /// Jobs in hand, those of earlier connections included.
    held: u32,
}

impl Permits {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, granted: 0, held: 0 }
    }

    /// A new connection: the gateway knows of no permit.
    pub(super) fn reset(&mut self) {
        self.granted = 0;
    }

    /// Permits to grant now.
    pub(super) fn grant(&mut self) -> u32 {
        let fresh = self.limit.saturating_sub(self.granted + self.held);
        self.granted += fresh;
        fresh
    }

    /// A job comes in. `false` when the gateway had no permit for it.
    pub(super) fn take(&mut self) -> bool {
        let granted = self.granted > 0;
        if granted {
            self.granted -= 1;
            self.held += 1;
        }
        granted
    }

    /// A job is out of hand.
    pub(super) fn give_back(&mut self) {
        self.held = self.held.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `g3`: grant answers 3; `t`, `!t`: take answers true, false; `b`: give back; `r`: reset.
    #[track_caller]
    fn check(script: &str) {
        let mut permits = Permits::new(3);
        for step in script.split_whitespace() {
            match step {
                "t" => assert!(permits.take(), "{step} in {script}"),
                "!t" => assert!(!permits.take(), "{step} in {script}"),
                "b" => permits.give_back(),
                "r" => permits.reset(),
                grant => assert_eq!(format!("g{}", permits.grant()), grant, "in {script}"),
            }
        }
    }

    #[test]
    fn permits_are_never_more_than_the_limit() {
        check("!t g3 g0 t t t !t g0 b g1 t !t");
        check("g3 t t r !t g1 t b b g2");
        check("b g3");
    }
}
