//! How much time a picture's file may take to become small.
//!
//! Deliberately absent: what an encoder does with it, see `pixeldrive_render::encode`.

use serde::{Deserialize, Deserializer, de};

/// Characters of a wrong word that are said again.
const WORD_CHARS_MAX: usize = 40;

/// How much time a picture's file may take to become small. The pixels are the same in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Effort {
    /// `fast`: the most pictures a second.
    #[default]
    Fast,
    /// `balanced`: smaller files, in several times the time.
    Balanced,
    /// `small`: as small as can be, however long it takes.
    Small,
}

impl Effort {
    /// All of them, the fastest first.
    pub const ALL: [Self; 3] = [Self::Fast, Self::Balanced, Self::Small];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Balanced => "balanced",
            Self::Small => "small",
        }
    }
}

impl std::fmt::Display for Effort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Effort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|effort| effort.as_str() == text).ok_or_else(|| {
            let text: String = text.chars().take(WORD_CHARS_MAX).collect();
            format!("`{text}` is none of {}", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}

impl<'de> Deserialize<'de> for Effort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reads_its_word_and_no_other() {
        for effort in Effort::ALL {
            assert_eq!(effort.to_string().parse(), Ok(effort), "it reads what it writes");
            let json = format!("\"{effort}\"");
            assert_eq!(serde_json::from_str::<Effort>(&json).unwrap(), effort, "{json}");
        }
        for wrong in ["", "Fast", "fast ", "max"] {
            let message = format!("`{wrong}` is none of fast, balanced, small");
            assert_eq!(wrong.parse::<Effort>(), Err(message));
        }
        let long = "x".repeat(1_000_000).parse::<Effort>().unwrap_err();
        assert!(long.len() < 100, "a long word is cut: {} bytes", long.len());
    }
}
