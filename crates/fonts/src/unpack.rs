//! WOFF and WOFF2 become the TrueType or OpenType file that they were made of.
//!
//! Both are compressed, so a few bytes can claim to be gigabytes: what comes out is bounded before
//! and while it is unpacked. The glyph transform of WOFF2 is undone by `wuff`, behind a guard that
//! bounds what it would allocate.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use pixeldrive_model::limits::FONT_BYTES_MAX;

use crate::Error;

const WOFF: &str = "WOFF";
const WOFF2: &str = "WOFF2";
/// Bytes of a WOFF2 file besides its tables: header and directories. A collection's directory is
/// written out at many times its packed length.
const WOFF2_DIRECTORY_BYTES_MAX: usize = 64 << 10;
/// Bytes of the headers: of both formats, of a WOFF entry, of the file that is made and of its entry.
const WOFF_HEADER: usize = 44;
const WOFF_ENTRY: usize = 20;
const SFNT_HEADER: usize = 12;
const SFNT_ENTRY: usize = 16;
/// Tables of one font. The registry knows about a hundred.
const TABLES_MAX: usize = 256;
/// Bytes that a decompressor reads at once.
const CHUNK_BYTES: usize = 64 << 10;

/// The file as TrueType or OpenType.
pub(crate) fn unpack(bytes: Bytes) -> Result<Bytes, Error> {
    match bytes.get(..4) {
        Some(b"wOFF") => woff(&bytes).map(Bytes::from),
        Some(b"wOF2") => woff2(&bytes).map(Bytes::from),
        _ => Ok(bytes),
    }
}

fn broken(container: &'static str, reason: &str) -> Error {
    Error::Container { container, reason: reason.to_owned() }
}

/// One table of a WOFF file.
struct Entry {
    tag: [u8; 4],
    offset: usize,
    packed: usize,
    length: usize,
    checksum: u32,
}

impl Entry {
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        Some(Self {
            tag: bytes.get(at..at + 4)?.try_into().ok()?,
            offset: number(bytes, at + 4)?,
            packed: number(bytes, at + 8)?,
            length: number(bytes, at + 12)?,
            checksum: u32::from_be_bytes(bytes.get(at + 16..at + 20)?.try_into().ok()?),
        })
    }

    /// The table unpacked.
    fn unpack(&self, file: &[u8]) -> Result<Vec<u8>, Error> {
        let end = self.offset.saturating_add(self.packed);
        let cut = || broken(WOFF, "a table lies beyond its end");
        let packed = file.get(self.offset..end).ok_or_else(cut)?;
        if self.packed == self.length {
            return Ok(packed.to_vec());
        }
        let table = inflated(flate2::read::ZlibDecoder::new(packed), self.length);
        table.ok_or_else(|| broken(WOFF, "a table cannot be unpacked"))
    }
}

/// Exactly `length` bytes from a decompressor, or nothing. It is never asked for more than one more.
fn inflated(decoder: impl Read, length: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(length);
    decoder.take(length as u64 + 1).read_to_end(&mut out).ok()?;
    (out.len() == length).then_some(out)
}

fn woff(file: &[u8]) -> Result<Vec<u8>, Error> {
    let cut = || broken(WOFF, "its directory is cut off");
    let count = usize::from(u16::from_be_bytes(
        file.get(12..14).and_then(|two| two.try_into().ok()).ok_or_else(cut)?,
    ));
    if count > TABLES_MAX {
        return Err(Error::TooComplex { what: "tables" });
    }
    let entry = |index| Entry::read(file, WOFF_HEADER + index * WOFF_ENTRY);
    let mut entries: Vec<Entry> = (0..count).map(entry).collect::<Option<_>>().ok_or_else(cut)?;
    entries.sort_by_key(|entry| entry.tag);
    let lengths = entries.iter().map(|entry| padded(entry.length));
    let length = lengths.fold(SFNT_HEADER + SFNT_ENTRY * count, usize::saturating_add);
    if length > FONT_BYTES_MAX {
        return Err(Error::TooLarge);
    }
    let mut sfnt = Vec::with_capacity(length);
    sfnt.extend_from_slice(file.get(4..8).ok_or_else(cut)?);
    sfnt.extend_from_slice(&search_fields(count));
    let mut tables = Vec::with_capacity(length);
    for entry in &entries {
        let offset = SFNT_HEADER + SFNT_ENTRY * count + tables.len();
        sfnt.extend_from_slice(&entry.tag);
        sfnt.extend_from_slice(&entry.checksum.to_be_bytes());
        sfnt.extend_from_slice(&word(offset));
        sfnt.extend_from_slice(&word(entry.length));
        tables.extend_from_slice(&entry.unpack(file)?);
        tables.resize(padded(tables.len()), 0);
    }
    sfnt.append(&mut tables);
    Ok(sfnt)
}

/// The count of tables, and what readers of another age searched them with.
fn search_fields(count: usize) -> [u8; 8] {
    let power = count.max(1).ilog2();
    let range = (1_usize << power) * SFNT_ENTRY;
    let fields = [count, range, power as usize, (count * SFNT_ENTRY).saturating_sub(range)];
    let mut bytes = [0; 8];
    for (field, place) in fields.into_iter().zip(bytes.chunks_exact_mut(2)) {
        place.copy_from_slice(&word(field)[2..]);
    }
    bytes
}

/// Lengths and offsets here are below [`FONT_BYTES_MAX`].
fn word(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes()
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(word)).ok()
}

fn padded(length: usize) -> usize {
    length.saturating_add(3) & !3
}

fn woff2(file: &[u8]) -> Result<Vec<u8>, Error> {
    let field = |at| number(file, at).ok_or_else(|| broken(WOFF2, "its header is cut off"));
    // Length of the tables packed, of the metadata and of the private data: the rest is directory.
    let rest = field(20)?.saturating_add(field(32)?).saturating_add(field(44)?);
    if file.len().saturating_sub(rest) > WOFF2_DIRECTORY_BYTES_MAX {
        return Err(Error::TooComplex { what: "tables" });
    }
    let mut too_large = false;
    let mut unpack =
        |packed: &[u8], length: usize| -> Result<Vec<u8>, Box<dyn std::error::Error>> {
            too_large = length > FONT_BYTES_MAX;
            if too_large {
                return Err("too large".into());
            }
            let decoder = brotli_decompressor::Decompressor::new(packed, CHUNK_BYTES);
            inflated(decoder, length).ok_or_else(|| "not what it claims".into())
        };
    let unpacked = catch_unwind(AssertUnwindSafe(|| {
        wuff::decompress_woff2_with_custom_brotli(file, &mut unpack)
    }));
    match unpacked {
        Ok(Ok(sfnt)) if sfnt.len() <= FONT_BYTES_MAX => Ok(sfnt),
        Ok(Ok(_)) => Err(Error::TooLarge),
        Ok(Err(_)) if too_large => Err(Error::TooLarge),
        Ok(Err(_)) | Err(_) => Err(broken(WOFF2, "it cannot be unpacked")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_fields_are_those_of_the_format() {
        let fields = |count| {
            search_fields(count)
                .chunks(2)
                .map(|two| u16::from_be_bytes([two[0], two[1]]))
                .collect::<Vec<_>>()
        };
        assert_eq!(fields(1), [1, 16, 0, 0], "one table");
        assert_eq!(fields(17), [17, 256, 4, 16], "seventeen tables");
    }

    #[test]
    fn a_decompressor_gives_exactly_what_was_claimed() {
        let ten = [7_u8; 10];
        assert_eq!(inflated(&ten[..], 10).as_deref(), Some(&ten[..]), "as claimed");
        assert_eq!(inflated(&ten[..], 9), None, "more comes than was claimed");
        assert_eq!(inflated(&ten[..], 11), None, "less comes than was claimed");
    }
}
