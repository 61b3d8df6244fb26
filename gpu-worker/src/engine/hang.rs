//! Renders that hang, for the tests: those of templates with a name that a test has given.

use parking_lot::{Condvar, Mutex};

static HANGING: Mutex<Vec<String>> = Mutex::new(Vec::new());
static CHANGED: Condvar = Condvar::new();

/// As long as it is there, renders of templates with that name hang.
pub(crate) struct Hang(String);

impl Hang {
    pub(crate) fn on(name: &str) -> Self {
        HANGING.lock().push(name.to_owned());
        Self(name.to_owned())
    }
}

impl Drop for Hang {
    fn drop(&mut self) {
        HANGING.lock().retain(|name| *name != self.0);
        CHANGED.notify_all();
    }
}

/// A render of the template with that name begins.
pub(super) fn reach(name: &str) {
    let mut hanging = HANGING.lock();
    while hanging.iter().any(|hanging| hanging == name) {
        CHANGED.wait(&mut hanging);
    }
}
