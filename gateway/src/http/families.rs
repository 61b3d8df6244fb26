//! Which uploaded fonts a picture uses: those with a face in a family that it names.
//!
//! They are part of the picture's name, and fixed when a render is asked for: what is uploaded or
//! deleted later changes nothing under way. Deliberately absent: families that are installed.
//! Workers know those, and the epoch stands for them.

use std::collections::BTreeSet;

use pixeldrive_model::limits::{PICTURE_FONT_BYTES_MAX, PICTURE_FONTS_MAX};
use pixeldrive_model::{AccountId, FontHash, Problem};
use pixeldrive_store::FontFamilies;

use super::State;
use super::error::Error;

/// The fonts of an account.
pub(crate) struct Uploaded(Vec<FontFamilies>);

impl Uploaded {
    pub(crate) async fn of(state: &State, account: AccountId) -> Result<Self, Error> {
        Ok(Self(state.store.font_families(account).await?))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that a picture uses which names these families, in the order of their hashes.
    pub(crate) fn used(&self, families: &BTreeSet<String>) -> Result<Vec<FontHash>, Problem> {
        let named = |font: &&FontFamilies| font.families.iter().any(|own| families.contains(own));
        let (mut used, mut bytes) = (Vec::new(), 0);
        for font in self.0.iter().filter(named) {
            used.push(font.hash);
            bytes += font.bytes;
        }
        if used.len() > PICTURE_FONTS_MAX || bytes > PICTURE_FONT_BYTES_MAX {
            let message = format!(
                "the families that are named here have {} uploaded files with {bytes} bytes; a \
                 picture uses up to {PICTURE_FONTS_MAX} with {PICTURE_FONT_BYTES_MAX}: delete \
                 those that are not needed",
                used.len()
            );
            return Err(Problem::new("payload", message));
        }
        Ok(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn font(number: u8, bytes: u64, families: &[&str]) -> FontFamilies {
        let families = families.iter().map(|family| (*family).to_owned()).collect();
        FontFamilies { hash: FontHash([number; 32]), bytes, families }
    }

    #[track_caller]
    fn check(fonts: &[FontFamilies], families: &[&str], expected: Result<&[u8], &str>) {
        let families = families.iter().map(|family| (*family).to_owned()).collect();
        match (Uploaded(fonts.to_vec()).used(&families), expected) {
            (Ok(used), Ok(expected)) => {
                let used: Vec<_> = used.iter().map(|hash| hash.0[0]).collect();
                assert_eq!(used, expected, "{families:?}");
            }
            (Err(problem), Err(words)) => assert!(problem.message.contains(words), "{problem:?}"),
            (found, _) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn a_picture_uses_the_fonts_of_the_families_that_it_names() {
        let fonts = [font(1, 9, &["brand"]), font(2, 9, &["other"]), font(3, 9, &["x", "brand"])];
        check(&fonts, &[], Ok(&[]));
        check(&fonts, &["inter"], Ok(&[]));
        check(&fonts, &["brand"], Ok(&[1, 3]));
        check(&fonts, &["x", "other"], Ok(&[2, 3]));
    }

    #[test]
    fn what_one_picture_uses_is_bounded() {
        let many: Vec<_> = (0..=64).map(|number| font(number, 1, &["brand"])).collect();
        check(&many, &["brand"], Err("65 uploaded files"));
        check(&many[..64], &["brand"], Ok(&(0..64).collect::<Vec<u8>>()));
        let half = PICTURE_FONT_BYTES_MAX / 2;
        let heavy = [font(1, half, &["brand"]), font(2, half, &["brand"]), font(3, 1, &["other"])];
        check(&heavy, &["brand"], Ok(&[1, 2]));
        check(&heavy, &["brand", "other"], Err("delete those"));
    }
}
