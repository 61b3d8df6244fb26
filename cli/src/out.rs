//! Lines for people: results on stdout, remarks on stderr.
//!
//! A reader that went away (`pixeldrive batch … | head`) is no error.

use std::io::{self, Write};

/// Prints a result.
pub(crate) fn say(line: impl AsRef<str>) {
    writeln!(io::stdout(), "{}", line.as_ref()).unwrap_or_default();
}

/// Writes a file to stdout.
pub(crate) fn bytes(file: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(file)?;
    stdout.flush()
}

/// Prints a remark.
pub(crate) fn note(line: impl AsRef<str>) {
    writeln!(io::stderr(), "{}", line.as_ref()).unwrap_or_default();
}

/// A number with commas between the thousands.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_have_commas() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (10_000, "10,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(thousands(number), expected, "{number}");
        }
    }
}
