//! Processes of the binary under test.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::client::Client;

/// Long enough for a busy machine; a test that needs as much has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(90);
/// The token of the first account.
pub(crate) const TOKEN: &str = "pdrv_0123456789abcdefghij";
/// The secret of workers.
pub(crate) const WORKER_TOKEN: &str = "a-secret-between-friends";

/// The binary with these arguments, and none of the environment.
pub(crate) fn pixeldrive(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pixeldrive"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    pixeldrive(arguments).output().expect("the binary runs")
}

/// A running process. It is killed when the value goes.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    log: Arc<Mutex<String>>,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // Nobody may be listening any more.
                sender.send(line).unwrap_or_default();
            }
        });
        let log = Arc::new(Mutex::new(String::new()));
        let (mut stderr, copy) = (child.stderr.take().expect("a pipe"), Arc::clone(&log));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stderr.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..count]);
                copy.lock().expect("the log").push_str(&text);
            }
        });
        Self { child, lines, log }
    }

    /// The rest of the first line on stdout that starts so.
    pub(crate) fn line(&self, start: &str) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    if let Some(rest) = line.strip_prefix(start) {
                        return rest.to_owned();
                    }
                }
                Err(error) => panic!("no line `{start}` ({error}); stderr: {}", self.log()),
            }
        }
    }

    /// What it wrote to stderr so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("an id");
        kill(Pid::from_raw(id), signal).expect("the signal is sent");
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill_9(mut self) {
        self.signal(Signal::SIGKILL);
        self.child.wait().expect("it ends");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> ExitStatus {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                return status;
            }
            assert!(Instant::now() < end, "it does not end; stderr: {}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
        if thread::panicking() {
            let log = self.log();
            writeln!(std::io::stderr(), "stderr of the process: {log}").unwrap_or_default();
        }
    }
}

/// A server with its client, on a folder that may outlive it.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) client: Client,
}

impl Server {
    /// `pixeldrive serve` on `data`, ready to render.
    pub(crate) async fn start(data: &Path, more: &[&str]) -> Self {
        let data = data.to_str().expect("a path");
        let mut arguments =
            vec!["serve", "--data", data, "--listen", "127.0.0.1:0", "--gpu", "off"];
        arguments.extend(more);
        let mut command = pixeldrive(&arguments);
        command.env("PIXELDRIVE_BOOTSTRAP_TOKEN", TOKEN);
        let process = Process::start(command);
        let client = Client::new(&process.line("Listening on "), TOKEN);
        client.ready(1).await;
        Self { process, client }
    }

    /// One on a fresh folder.
    pub(crate) async fn fresh(more: &[&str]) -> (TempDir, Self) {
        let data = tempfile::tempdir().expect("a folder");
        let server = Self::start(data.path(), more).await;
        (data, server)
    }
}

/// `admin audit` finds nothing.
#[track_caller]
pub(crate) fn assert_books(data: &Path) {
    let audit = run(&["admin", "--data", data.to_str().expect("a path"), "audit"]);
    let text = String::from_utf8_lossy(&audit.stdout);
    assert!(audit.status.success(), "{text}{}", String::from_utf8_lossy(&audit.stderr));
    assert_eq!(text.trim(), "the books are in order", "what the audit prints");
}
