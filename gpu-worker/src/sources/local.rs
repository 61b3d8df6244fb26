//! Sources that need no network: `data:` URIs, and files for the offline commands.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use pixeldrive_model::{DataFault, data_bytes};

use super::error::Error;

/// Decodes a `data:` URI into at most `bytes_max` bytes.
pub(super) fn data(uri: &str, bytes_max: usize) -> Result<Bytes, Error> {
    data_bytes(uri, bytes_max).map(Bytes::from).map_err(|fault| match fault {
        DataFault::TooLarge => Error::TooLarge { bytes_max },
        DataFault::NoComma | DataFault::NotBase64 => Error::DataInvalid(fault),
    })
}

/// Reads a file below `folder`, wherever links lead. It blocks.
pub(super) fn file(folder: Option<&Path>, path: &str, bytes_max: usize) -> Result<Bytes, Error> {
    let folder = folder.ok_or(Error::FileRefused(
        "a path works in the offline commands alone; use an https: URL or a data: URI",
    ))?;
    let missing = |_| Error::FileRefused("there is no such file in the template's folder");
    let path: PathBuf = folder.join(path).canonicalize().map_err(missing)?;
    let folder = folder.canonicalize().map_err(missing)?;
    if !path.starts_with(folder) {
        return Err(Error::FileRefused("the path leads out of the template's folder"));
    }
    if !path.is_file() {
        return Err(Error::FileRefused("this is not a file"));
    }
    let unreadable = |_| Error::FileRefused("the file cannot be read");
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)
        .map_err(unreadable)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() > bytes_max {
        return Err(Error::TooLarge { bytes_max });
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_inside_their_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("template");
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        std::fs::write(folder.join("sub/in.png"), "in").unwrap();
        std::fs::write(folder.join("large"), "1234567").unwrap();
        std::fs::write(root.path().join("out.png"), "out").unwrap();
        std::os::unix::fs::symlink("../out.png", folder.join("link-out")).unwrap();
        std::os::unix::fs::symlink("sub/in.png", folder.join("link-in")).unwrap();
        let cases: [(&str, Option<&[u8]>); 8] = [
            ("sub/in.png", Some(b"in")),
            ("link-in", Some(b"in")),
            ("link-out", None),
            ("../out.png", None),
            ("sub", None),
            ("large", None),
            ("nothing", None),
            ("/etc/hostname", None),
        ];
        for (path, expected) in cases {
            assert_eq!(file(Some(&folder), path, 6).ok().as_deref(), expected, "{path}");
        }
        assert!(file(None, "sub/in.png", 6).is_err(), "without a folder there are no files");
    }
}
