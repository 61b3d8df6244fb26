//! Content hashes: the identity of a template version and of a picture.

use serde_json::{Map, Value};

use crate::{Effort, TemplateId};

/// A BLAKE3 hash as a type of its own, written as 64 hex digits.
macro_rules! hashes {
    ($($(#[$doc:meta])* $Name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $Name(pub [u8; 32]);

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
            }
        }

        impl std::fmt::Debug for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $Name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let bytes =
                    data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|e| e.to_string())?;
                bytes.try_into().map(Self).map_err(|_| "a hash has 64 hex digits".to_owned())
            }
        }
    )*};
}

hashes! {
    /// BLAKE3 of a template's canonical JSON without its name and the address of its
    /// schema: equal hashes paint equal pictures.
    ContentHash;
    /// BLAKE3 of a font file as it was sent: its name.
    FontHash;
}

impl FontHash {
    /// The name of a file.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        Self(*blake3::hash(file).as_bytes())
    }
}

impl serde::Serialize for FontHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for FontHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: std::borrow::Cow<'de, str> = serde::Deserialize::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Sixteen characters that name one picture of a template; the last part of its URL.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct FieldsHash(String);

impl FieldsHash {
    /// Length in characters: 80 bits in base 32.
    pub const LEN: usize = 16;

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of this picture when one attempt at it could not get an image that is there at other
    /// times. Another attempt's has another name, and the picture's own stays free for the true one.
    #[must_use]
    pub fn stand_in(&self, attempt: uuid::Uuid) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("pixeldrive stand-in hash v1");
        hasher.update(self.0.as_bytes());
        hasher.update(attempt.as_bytes());
        Self::of(&hasher.finalize())
    }

    fn of(digest: &blake3::Hash) -> Self {
        Self(data_encoding::BASE32_NOPAD.encode(&digest.as_bytes()[..10]).to_ascii_lowercase())
    }
}

impl std::fmt::Display for FieldsHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for FieldsHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if text.len() == Self::LEN && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a fields hash has 16 lower-case letters and digits".to_owned())
        }
    }
}

/// What the pixels depend on besides template and payload: renderer version and installed fonts.
/// Gateway and worker must agree on it, or the cache would mix pictures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub String);

impl Epoch {
    /// The epoch of this build with the given fallback font files, each as its bytes' BLAKE3 hash.
    /// The order of the files does not matter.
    #[must_use]
    pub fn new(mut font_hashes: Vec<[u8; 32]>) -> Self {
        let mut text = crate::RENDERER_EPOCH.to_string();
        if !font_hashes.is_empty() {
            font_hashes.sort_unstable();
            let mut hasher = blake3::Hasher::new();
            font_hashes.iter().for_each(|hash| {
                hasher.update(hash);
            });
            text.push('-');
            text.push_str(&hasher.finalize().to_hex()[..16]);
        }
        Self(text)
    }
}

/// The content hash of a template document.
#[must_use]
pub fn content_hash(document: &Map<String, Value>) -> ContentHash {
    let mut document = document.clone();
    document.remove("name");
    document.remove("$schema");
    ContentHash(*blake3::hash(&canonical(&document)).as_bytes())
}

/// The content hash of one named size of a template.
pub(crate) fn size_hash(template: &ContentHash, size: &str) -> ContentHash {
    let mut hasher = blake3::Hasher::new_derive_key("pixeldrive size hash v1");
    hasher.update(&template.0);
    hasher.update(size.as_bytes());
    ContentHash(*hasher.finalize().as_bytes())
}

/// The name of the picture that `template` makes of `payload` at `pixel_ratio`, as a file of that
/// `effort`. Without uploaded `fonts`, and at [`Effort::Fast`], it is what it was before there were
/// any; the order of the fonts does not matter.
#[must_use]
pub fn fields_hash(
    template: &ContentHash,
    payload: &Map<String, Value>,
    pixel_ratio: f64,
    effort: Effort,
    epoch: &Epoch,
    fonts: &[FontHash],
) -> FieldsHash {
    let mut hasher = blake3::Hasher::new_derive_key("pixeldrive fields hash v1");
    hasher.update(&template.0);
    hasher.update(&pixel_ratio.to_bits().to_le_bytes());
    hasher.update(&(epoch.0.len() as u64).to_le_bytes());
    hasher.update(epoch.0.as_bytes());
    hasher.update(&canonical(payload));
    // A JSON object shows where it ends, so what follows cannot be taken for a part of it.
    let mut fonts = fonts.to_vec();
    fonts.sort_unstable();
    for font in &fonts {
        hasher.update(&font.0);
    }
    // Shorter than a font.
    match effort {
        Effort::Fast => {}
        Effort::Balanced => _ = hasher.update(&[1]),
        Effort::Small => _ = hasher.update(&[2]),
    }
    FieldsHash::of(&hasher.finalize())
}

/// The object-store key of a permanent picture; its public URL is `/img/` and this.
#[must_use]
pub fn image_key(template: TemplateId, hash: &FieldsHash) -> String {
    format!("t/{template}/{hash}.png")
}

/// The object-store key of a font, unpacked. Accounts that upload the same file share it.
#[must_use]
pub fn font_key(font: &FontHash) -> String {
    format!("font/{font}")
}

/// RFC 8785 canonical JSON.
fn canonical(document: &Map<String, Value>) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "only keys that are no strings or non-finite numbers fail"
    )]
    serde_json_canonicalizer::to_vec(document).expect("a JSON object is always serializable")
}
