//! Names of the files that a batch writes, unique before the first is written.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use anyhow::{Result, bail};

/// Characters of a file's name, its ending not counted.
const NAME_CHARS_MAX: usize = 120;

/// Names given so far, to tell which row took a name first.
#[derive(Default)]
pub(crate) struct Names(HashMap<String, usize>);

impl Names {
    /// Claims the name that `row` is to have.
    pub(crate) fn claim(&mut self, text: &str, row: usize) -> Result<()> {
        let name = sanitise(text);
        // Some file systems take `Bob` and `bob` for the same file.
        match self.0.entry(name.to_lowercase()) {
            Entry::Occupied(first) => {
                bail!("rows {} and {row} would both be written to {name}.png", first.get())
            }
            Entry::Vacant(free) => {
                free.insert(row);
                Ok(())
            }
        }
    }
}

/// A text as a file's name: letters, digits and `-_. ` stay, anything else is an underscore.
pub(crate) fn sanitise(text: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    let name: String =
        text.trim().chars().take(NAME_CHARS_MAX).map(|c| if fits(c) { c } else { '_' }).collect();
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() { "_".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for (text, expected) in [
            ("Ada Lovelace", "Ada Lovelace"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a/b\\c:d", "a_b_c_d"),
            ("..", "_"),
            ("  ", "_"),
            ("Łódź-1.2", "Łódź-1.2"),
            ("x\0y\n", "x_y"),
        ] {
            assert_eq!(sanitise(text), expected, "{text:?}");
        }
        assert_eq!(sanitise(&"x".repeat(500)).len(), NAME_CHARS_MAX);
    }

    #[test]
    fn two_rows_of_one_name_are_named() {
        let mut names = Names::default();
        names.claim("Ada", 1).expect("free");
        names.claim("Bob", 2).expect("free");
        let error = names.claim("ada", 9).expect_err("taken");
        assert_eq!(error.to_string(), "rows 1 and 9 would both be written to ada.png");
    }
}
