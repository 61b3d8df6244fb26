//! API tokens: `pdrv_`, thirty random letters and digits, and six that check them.
//!
//! The check lets a typing error, or a scanner that looks for leaked tokens, be told from a token
//! without a database. Deliberately absent: the plain token anywhere but in the one line that shows
//! it; databases keep its hash.

use rand::RngExt;

const PREFIX: &str = "pdrv_";
const RANDOM_CHARS: usize = 30;
const CHECK_CHARS: usize = 6;
/// Letters and digits that a token chosen by the operator has at least.
const CHOSEN_CHARS_MIN: usize = 16;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token in the clear. It has no `Debug` or `Display`, so that it reaches no log by accident.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    /// A fresh one.
    pub(crate) fn generate() -> Self {
        let mut random = rand::rng();
        let characters =
            (0..RANDOM_CHARS).map(|_| char::from(ALPHABET[random.random_range(0..62)]));
        Self::with_check(&characters.collect::<String>())
    }

    /// One that an operator chose.
    pub(crate) fn chosen(text: &str) -> Result<Self, String> {
        let tail = text.strip_prefix(PREFIX).unwrap_or_default();
        if tail.len() < CHOSEN_CHARS_MIN || !tail.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(format!(
                "a token is {PREFIX} followed by {CHOSEN_CHARS_MIN} or more letters and digits"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The token itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// What the database keeps.
    pub(crate) fn hash(&self) -> [u8; 32] {
        *blake3::hash(self.0.as_bytes()).as_bytes()
    }

    /// What a list of tokens shows.
    pub(crate) fn last4(&self) -> String {
        self.0[self.0.len() - 4..].to_owned()
    }

    fn with_check(random: &str) -> Self {
        let mut rest = crc32fast::hash(random.as_bytes());
        let mut check = [b'0'; CHECK_CHARS];
        for place in check.iter_mut().rev() {
            *place = ALPHABET[(rest % 62) as usize];
            rest /= 62;
        }
        let check: String = check.iter().copied().map(char::from).collect();
        Self(format!("{PREFIX}{random}{check}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_fresh_token_checks_itself() {
        let token = Token::generate();
        assert_ne!(token.reveal(), Token::generate().reveal(), "two tokens are equal");
        let tail = token.reveal().strip_prefix("pdrv_").expect("a prefix");
        assert_eq!(tail.len(), 36, "{tail}");
        assert_eq!(Token::with_check(&tail[..30]).reveal(), token.reveal(), "the check differs");
        assert!(token.reveal().ends_with(&token.last4()), "last4 is the end");
    }

    #[test]
    fn the_check_is_a_crc32_in_base_62() {
        // CRC-32 of "123456789" is 0xCBF43926 = 3421780262 = 3 45 35 27 22 14 in base 62.
        assert_eq!(Token::with_check("123456789").reveal(), "pdrv_1234567893jZRME");
    }

    #[track_caller]
    fn check(text: &str, fits: bool) {
        assert_eq!(Token::chosen(text).is_ok(), fits, "{text}");
    }

    #[test]
    fn a_chosen_token_is_long_and_plain() {
        check("pdrv_0123456789abcdef", true);
        check("pdrv_0123456789abcde", false);
        check("pdrv_0123456789abcde-", false);
        check("0123456789abcdef0123", false);
        check("", false);
    }
}
