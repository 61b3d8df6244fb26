//! Keys of signed URLs: made on the first start and kept in the data folder.
//!
//! The file holds one key a line. The first signs; the others still verify, so that a new first
//! line renews the key while URLs signed with the old one stay good.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use data_encoding::HEXLOWER_PERMISSIVE;

/// Keys as text: 64 hex digits each, commas or line ends between.
pub(crate) fn parse(text: &str) -> Result<Vec<[u8; 32]>, String> {
    let words = text.split([',', '\n']).map(str::trim).filter(|word| !word.is_empty());
    let keys = words.map(|word| {
        let bytes = HEXLOWER_PERMISSIVE.decode(word.as_bytes()).ok();
        bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
    });
    match keys.collect::<Option<Vec<_>>>() {
        Some(keys) if !keys.is_empty() => Ok(keys),
        _ => Err("a key has 64 hex digits; make one with `openssl rand -hex 32`".to_owned()),
    }
}

/// The keys in the file `path`, made when there is none.
pub(crate) fn load(path: &Path) -> Result<Vec<[u8; 32]>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => create(path)?,
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    parse(&text).map_err(|reason| anyhow!("{}: {reason}", path.display()))
}

fn create(path: &Path) -> Result<String> {
    let mut key = [0; 32];
    rand::fill(&mut key);
    let text = format!("{}\n", data_encoding::HEXLOWER.encode(&key));
    // Written whole under another name, so that a crash leaves no half of a key.
    let fresh = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_made_once_and_for_their_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("signing-keys");
        let keys = load(&path).expect("made");
        assert_eq!(load(&path).expect("read"), keys, "a second start reads the same");
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "mode {mode:o}");
    }

    #[test]
    fn a_ring_has_the_signing_key_first() {
        let (old, new) = ("0".repeat(64), "f".repeat(64));
        assert_eq!(parse(&format!("{new}\n{old}\n")).expect("keys"), [[0xff; 32], [0; 32]]);
        assert_eq!(parse(&format!("{new}, {old}")).expect("keys"), [[0xff; 32], [0; 32]]);
        for wrong in ["", "abc", &"0".repeat(63), &"g".repeat(64)] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
