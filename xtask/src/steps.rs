//! Steps: commands run one after the other, with an account of them at the end.
//!
//! A step that fails does not stop the later ones: one run shows everything there is to repair.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Result;

/// Steps that were run.
#[derive(Default)]
pub(crate) struct Steps {
    failed: Vec<&'static str>,
    passed_tests: AtomicU64,
    failed_tests: AtomicU64,
}

impl Steps {
    /// Runs a command.
    pub(crate) fn run(&mut self, name: &'static str, mut command: Command) {
        self.account(name, |_| Ok(command.status()?.success()));
    }

    /// Runs a command and counts the tests that it reports in lines that start with `summary`.
    pub(crate) fn count(
        &mut self,
        name: &'static str,
        mut command: Command,
        summary: &'static str,
    ) {
        self.account(name, |steps| {
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
            let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
            std::thread::scope(|scope| {
                scope.spawn(|| stdout.map(|lines| steps.echo(lines, io::stdout(), summary)));
                scope.spawn(|| stderr.map(|lines| steps.echo(lines, io::stderr(), summary)));
            });
            Ok(child.wait()?.success())
        });
    }

    /// Says what failed, and ends with the number of tests.
    pub(crate) fn finish(&self) -> bool {
        for name in &self.failed {
            say(&format!("step failed: {name}"));
        }
        let passed = self.passed_tests.load(Ordering::Relaxed);
        let failed = self.failed_tests.load(Ordering::Relaxed);
        say(&format!("{passed} passed, {failed} failed"));
        self.failed.is_empty()
    }

    fn account(&mut self, name: &'static str, run: impl FnOnce(&Self) -> Result<bool>) {
        say(&format!("== {name}"));
        let start = Instant::now();
        let done = run(self).unwrap_or_else(|error| {
            say(&format!("error: {error:#}"));
            false
        });
        let word = if done { "passed" } else { "FAILED" };
        say(&format!("== {name}: {word} after {:.0?}", start.elapsed()));
        if !done {
            self.failed.push(name);
        }
    }

    fn echo(&self, lines: impl io::Read, mut to: impl Write, summary: &str) {
        for line in BufReader::new(lines).lines().map_while(Result::ok) {
            if let Some((passed, failed)) = counted(&line, summary) {
                self.passed_tests.fetch_add(passed, Ordering::Relaxed);
                self.failed_tests.fetch_add(failed, Ordering::Relaxed);
            }
            // A closed terminal must not stop the tests.
            writeln!(to, "{line}").unwrap_or_default();
        }
    }
}

/// How the summary of cargo test starts.
pub(crate) const LIBTEST: &str = "test result:";
/// How that of nextest starts. It shows what a failed test printed too, and in that is one of the other kind.
pub(crate) const NEXTEST: &str = "Summary [";

/// The numbers of passed and failed tests in a summary line.
fn counted(line: &str, summary: &str) -> Option<(u64, u64)> {
    let line = line.trim_start();
    if !line.starts_with(summary) {
        return None;
    }
    let number = |word: &str| {
        let mut words = line.split([' ', ',', ';', '.', ':']).filter(|word| !word.is_empty());
        let mut last = "";
        loop {
            let next = words.next()?;
            if next == word {
                return last.parse::<u64>().ok();
            }
            last = next;
        }
    };
    let timed_out = number("timed").unwrap_or(0);
    Some((number("passed")?, number("failed").unwrap_or(0) + timed_out))
}

/// A cargo command in the repository.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(crate::root());
    command
}

/// Whether a command can be run and succeeds; what it prints is of no interest.
pub(crate) fn answers(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Prints a line.
pub(crate) fn say(line: &str) {
    writeln!(io::stdout(), "{line}").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::{LIBTEST, NEXTEST, counted};

    #[track_caller]
    fn check(line: &str, expected: Option<(u64, u64)>) {
        let found = [LIBTEST, NEXTEST].map(|summary| counted(line, summary));
        assert!(found.contains(&None), "{line}: counted for both");
        assert_eq!(found[0].or(found[1]), expected, "{line}");
    }

    #[test]
    fn summaries_are_counted() {
        check("test result: ok. 12 passed; 0 failed; 1 ignored; finished in 0.1s", Some((12, 0)));
        check("test result: FAILED. 3 passed; 2 failed; 0 ignored", Some((3, 2)));
        check("     Summary [   1.2s] 40 tests run: 40 passed, 2 skipped", Some((40, 0)));
        check("     Summary [   9.8s] 5 tests run: 3 passed (1 slow), 2 failed", Some((3, 2)));
        check("     Summary [   9.8s] 5 tests run: 3 passed, 1 failed, 1 timed out", Some((3, 2)));
        check("running 12 tests", None);
        check("test passed ... ok", None);
    }
}
