//! Configuration: flags, then the environment, then defaults.
//!
//! This is the one file that names environment variables. Flags are read as plain text and checked
//! together, so that one start reports every fault. Deliberately absent: any setting that nobody
//! needs to change.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::Args;
use ipnet::IpNet;
use pixeldrive_gpu_worker::GpuMode;
use pixeldrive_model::Effort;
use url::Url;

use crate::token::Token;

/// Every fault found, so that one start reports them all.
#[derive(Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    /// Keeps what was read, or the reason why it was not.
    fn keep<T>(&mut self, name: &str, read: Result<T, String>) -> Option<T> {
        read.map_err(|reason| self.0.push(format!("{name}: {reason}"))).ok()
    }

    /// The configuration, when nothing is wrong with it.
    pub(crate) fn complete<T>(self, configuration: Option<T>) -> Result<T> {
        configuration.filter(|_| self.0.is_empty()).ok_or_else(|| {
            let list: Vec<_> = self.0.iter().map(|fault| format!("\n  {fault}")).collect();
            anyhow!("the configuration is wrong:{}", list.concat())
        })
    }
}

/// Settings for `--print-config`: name and value, secrets masked.
pub(crate) type Shown = Vec<(&'static str, String)>;

fn shown(text: Option<&str>) -> String {
    text.unwrap_or("(not set)").to_owned()
}

/// A secret: given in the clear, or as a file that holds it.
fn secret(text: Option<&str>, file: Option<&Path>) -> Result<Option<String>, String> {
    match (text.filter(|text| !text.is_empty()), file) {
        (Some(_), Some(_)) => Err("given twice, also as a file; keep one".to_owned()),
        (Some(text), None) => Ok(Some(text.to_owned())),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Ok(Some(text.trim().to_owned()))
        }
        (None, None) => Ok(None),
    }
}

fn masked(text: Option<&str>, file: Option<&Path>) -> String {
    match (text, file) {
        (Some(_), _) => "(hidden)".to_owned(),
        (None, Some(path)) => format!("(from {})", path.display()),
        (None, None) => shown(None),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let resolved = text.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    resolved.ok_or_else(|| format!("`{text}` is not an address; write host:port"))
}

/// A path behind a scheme, such as `sqlite:data/pixeldrive.db`.
fn path_behind(scheme: &str, text: &str, others: &str) -> Result<PathBuf, String> {
    let path = text.strip_prefix(scheme).map(|path| path.strip_prefix("//").unwrap_or(path));
    match path {
        Some("") => Err(format!("a path is missing after `{scheme}`")),
        Some(path) => Ok(PathBuf::from(path)),
        None => Err(format!("only `{scheme}PATH` is supported so far, {others} is not")),
    }
}

/// Where state lives, and who may change it first.
#[derive(Args, Clone, Debug)]
pub(crate) struct StateArgs {
    /// Folder of everything that must survive: database, pictures, keys
    #[arg(
        long,
        global = true,
        env = "PIXELDRIVE_DATA",
        default_value = "./data",
        value_name = "FOLDER"
    )]
    pub(crate) data: PathBuf,
    /// Database [default: sqlite:DATA/pixeldrive.db]
    #[arg(
        long,
        global = true,
        env = "PIXELDRIVE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(crate) database_url: Option<String>,
}

impl StateArgs {
    pub(crate) fn show(&self, shown_settings: &mut Shown) {
        let database = self.database_url.clone();
        let default = || format!("sqlite:{}", self.data.join("pixeldrive.db").display());
        shown_settings.push(("PIXELDRIVE_DATA", self.data.display().to_string()));
        shown_settings.push(("PIXELDRIVE_DATABASE_URL", database.unwrap_or_else(default)));
    }

    /// The path of the database.
    pub(crate) fn database(&self, faults: &mut Faults) -> Option<PathBuf> {
        match &self.database_url {
            None => Some(self.data.join("pixeldrive.db")),
            Some(url) => {
                let read = path_behind("sqlite:", url, "`postgres:`");
                faults.keep("PIXELDRIVE_DATABASE_URL", read)
            }
        }
    }
}

/// How clients are served.
#[derive(Args, Clone, Debug)]
pub(crate) struct FrontArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Where pictures live [default: file:DATA/store]
    #[arg(long, env = "PIXELDRIVE_STORE", value_name = "URL")]
    pub(crate) store: Option<String>,
    /// Address of the HTTP API; port 0 takes a free one
    #[arg(
        long,
        env = "PIXELDRIVE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS"
    )]
    pub(crate) listen: String,
    /// What clients call this server, for the URLs in answers [default: `http://LISTEN`]
    #[arg(long, env = "PIXELDRIVE_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Token of the first account, for scripts; one is made and printed otherwise
    #[arg(long, env = "PIXELDRIVE_BOOTSTRAP_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) bootstrap_token: Option<String>,
    /// File that holds the token of the first account
    #[arg(long, env = "PIXELDRIVE_BOOTSTRAP_TOKEN_FILE", value_name = "FILE")]
    pub(crate) bootstrap_token_file: Option<PathBuf>,
    /// Keys of signed URLs, 64 hex digits each, commas between; the first signs. Kept in the data
    /// folder unless given
    #[arg(long, env = "PIXELDRIVE_SIGNING_KEY", value_name = "KEYS", hide_env_values = true)]
    pub(crate) signing_key: Option<String>,
    /// File that holds the keys of signed URLs, one a line
    #[arg(long, env = "PIXELDRIVE_SIGNING_KEY_FILE", value_name = "FILE")]
    pub(crate) signing_key_file: Option<PathBuf>,
    /// How much time a picture's file may take to become small, when a request does not say: fast,
    /// balanced or small
    #[arg(long, env = "PIXELDRIVE_EFFORT", default_value = "fast", value_name = "EFFORT")]
    pub(crate) effort: String,
}

/// How clients are served, checked.
pub(crate) struct Front {
    /// Folder of everything that must survive.
    pub(crate) data: PathBuf,
    /// The database's file.
    pub(crate) database: PathBuf,
    /// Folder of the pictures.
    pub(crate) store: PathBuf,
    /// Where the HTTP API listens.
    pub(crate) listen: SocketAddr,
    /// What clients call this server; the address by default.
    pub(crate) public_url: Option<Url>,
    /// Token of the first account.
    pub(crate) bootstrap_token: Option<Token>,
    /// Keys of signed URLs; those of the data folder by default.
    pub(crate) signing_keys: Option<Vec<[u8; 32]>>,
    /// How much time a file may take to become small, when a request does not say.
    pub(crate) effort: Effort,
}

impl FrontArgs {
    pub(crate) fn show(&self, settings: &mut Shown) {
        self.state.show(settings);
        let store = || format!("file:{}", self.state.data.join("store").display());
        let public = || format!("http://{}", self.listen);
        settings.extend([
            ("PIXELDRIVE_STORE", self.store.clone().unwrap_or_else(store)),
            ("PIXELDRIVE_LISTEN", self.listen.clone()),
            ("PIXELDRIVE_PUBLIC_URL", self.public_url.clone().unwrap_or_else(public)),
            (
                "PIXELDRIVE_BOOTSTRAP_TOKEN",
                masked(self.bootstrap_token.as_deref(), self.bootstrap_token_file.as_deref()),
            ),
            (
                "PIXELDRIVE_SIGNING_KEY",
                masked(self.signing_key.as_deref(), self.signing_key_file.as_deref()),
            ),
            ("PIXELDRIVE_EFFORT", self.effort.clone()),
        ]);
    }

    pub(crate) fn check(&self, faults: &mut Faults) -> Option<Front> {
        let database = self.state.database(faults);
        let store = match &self.store {
            None => Some(self.state.data.join("store")),
            Some(url) => faults.keep("PIXELDRIVE_STORE", path_behind("file:", url, "`s3:`")),
        };
        let listen = faults.keep("PIXELDRIVE_LISTEN", address(&self.listen));
        let public_url = self.public_url.as_deref().map(public_url).transpose();
        let public_url = faults.keep("PIXELDRIVE_PUBLIC_URL", public_url);
        let token = secret(self.bootstrap_token.as_deref(), self.bootstrap_token_file.as_deref())
            .and_then(|token| token.as_deref().map(Token::chosen).transpose());
        let token = faults.keep("PIXELDRIVE_BOOTSTRAP_TOKEN", token);
        let keys = secret(self.signing_key.as_deref(), self.signing_key_file.as_deref())
            .and_then(|keys| keys.as_deref().map(crate::keys::parse).transpose());
        let keys = faults.keep("PIXELDRIVE_SIGNING_KEY", keys);
        let effort = faults.keep("PIXELDRIVE_EFFORT", self.effort.parse());
        Some(Front {
            data: self.state.data.clone(),
            database: database?,
            store: store?,
            listen: listen?,
            public_url: public_url?,
            bootstrap_token: token?,
            signing_keys: keys?,
            effort: effort?,
        })
    }
}

fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.path() != "/" {
        return Err(format!("`{text}` is not of the form https://host or https://host:port"));
    }
    Ok(url)
}

/// The fonts that there are besides the bundled ones.
#[derive(Args, Clone, Debug)]
pub(crate) struct FontArgs {
    /// Folders of fonts, `:` between
    #[arg(long, env = "PIXELDRIVE_FONTS", value_name = "FOLDERS")]
    pub(crate) fonts: Option<String>,
}

impl FontArgs {
    /// The folders.
    pub(crate) fn check(&self, faults: &mut Faults) -> Option<Vec<PathBuf>> {
        font_folders(self.fonts.as_deref(), faults)
    }
}

/// How pictures are made.
#[derive(Args, Clone, Debug)]
pub(crate) struct RenderArgs {
    /// Folders of more fonts, `:` between; system fonts are never read by themselves
    #[arg(long, env = "PIXELDRIVE_FONTS", value_name = "FOLDERS")]
    pub(crate) fonts: Option<String>,
    /// Networks from which images may be fetched although they are private, such as 10.0.0.0/8,
    /// commas between
    #[arg(long, env = "PIXELDRIVE_ALLOW_PRIVATE", value_name = "NETWORKS")]
    pub(crate) allow_private: Option<String>,
    /// Whether a GPU paints: off, prefer (where there is one) or require
    #[arg(long, env = "PIXELDRIVE_GPU", default_value = "prefer", value_name = "MODE")]
    pub(crate) gpu: String,
    /// Render threads [default: one per hardware thread]
    #[arg(long, env = "PIXELDRIVE_THREADS", value_name = "N")]
    pub(crate) threads: Option<String>,
}

/// How pictures are made, checked.
pub(crate) struct Render {
    /// Font folders.
    pub(crate) fonts: Vec<PathBuf>,
    /// Private networks that may be fetched from.
    pub(crate) allow_private: Vec<IpNet>,
    /// Whether a GPU paints.
    pub(crate) gpu: GpuMode,
    /// Render threads.
    pub(crate) threads: usize,
}

impl RenderArgs {
    pub(crate) fn show(&self, settings: &mut Shown) {
        settings.extend([
            ("PIXELDRIVE_FONTS", shown(self.fonts.as_deref())),
            ("PIXELDRIVE_ALLOW_PRIVATE", shown(self.allow_private.as_deref())),
            ("PIXELDRIVE_GPU", self.gpu.clone()),
            ("PIXELDRIVE_THREADS", self.threads.clone().unwrap_or_else(|| hardware().to_string())),
        ]);
    }

    pub(crate) fn check(&self, faults: &mut Faults) -> Option<Render> {
        let fonts = font_folders(self.fonts.as_deref(), faults);
        let allow_private = list(self.allow_private.as_deref(), ',').map(|network| {
            let read = network.parse::<IpNet>();
            read.map_err(|_| format!("`{network}` is not a network; write 10.0.0.0/8"))
        });
        let allow_private =
            faults.keep("PIXELDRIVE_ALLOW_PRIVATE", allow_private.collect::<Result<Vec<_>, _>>());
        let gpu = match self.gpu.as_str() {
            "off" => Ok(GpuMode::Off),
            "prefer" => Ok(GpuMode::Prefer),
            "require" => Ok(GpuMode::Require),
            other => Err(format!("`{other}` is none of off, prefer, require")),
        };
        let gpu = faults.keep("PIXELDRIVE_GPU", gpu);
        let threads = match self.threads.as_deref().map(str::parse) {
            None => Ok(hardware()),
            Some(Ok(threads @ 1..=1024)) => Ok(threads),
            Some(_) => Err("expected a number from 1 to 1024".to_owned()),
        };
        let threads = faults.keep("PIXELDRIVE_THREADS", threads);
        Some(Render { fonts: fonts?, allow_private: allow_private?, gpu: gpu?, threads: threads? })
    }
}

/// The gateway's side of the workers, and the fonts that its workers have.
#[derive(Args, Clone, Debug)]
pub(crate) struct GatewayArgs {
    #[command(flatten)]
    pub(crate) front: FrontArgs,
    /// Address that workers dial; port 0 takes a free one
    #[arg(
        long,
        env = "PIXELDRIVE_WORKER_LISTEN",
        default_value = "127.0.0.1:7070",
        value_name = "ADDRESS"
    )]
    pub(crate) worker_listen: String,
    #[command(flatten)]
    pub(crate) secret: WorkerTokenArgs,
    /// The font folders that its workers have, `:` between: pictures depend on them
    #[arg(long, env = "PIXELDRIVE_FONTS", value_name = "FOLDERS")]
    pub(crate) fonts: Option<String>,
}

/// The gateway's configuration, checked.
pub(crate) struct Gateway {
    /// How clients are served.
    pub(crate) front: Front,
    /// Where workers dial in.
    pub(crate) worker_listen: SocketAddr,
    /// What they must know.
    pub(crate) worker_token: String,
    /// Font folders of the workers.
    pub(crate) fonts: Vec<PathBuf>,
}

impl GatewayArgs {
    pub(crate) fn show(&self, settings: &mut Shown) {
        self.front.show(settings);
        settings.push(("PIXELDRIVE_WORKER_LISTEN", self.worker_listen.clone()));
        self.secret.show(settings);
        settings.push(("PIXELDRIVE_FONTS", shown(self.fonts.as_deref())));
    }

    pub(crate) fn check(&self, faults: &mut Faults) -> Option<Gateway> {
        let front = self.front.check(faults);
        let worker_listen = faults.keep("PIXELDRIVE_WORKER_LISTEN", address(&self.worker_listen));
        let worker_token = self.secret.check(faults);
        let fonts = font_folders(self.fonts.as_deref(), faults);
        Some(Gateway {
            front: front?,
            worker_listen: worker_listen?,
            worker_token: worker_token?,
            fonts: fonts?,
        })
    }
}

/// The secret between gateways and workers.
#[derive(Args, Clone, Debug)]
pub(crate) struct WorkerTokenArgs {
    /// Secret that a worker shows to a gateway
    #[arg(long, env = "PIXELDRIVE_WORKER_TOKEN", value_name = "SECRET", hide_env_values = true)]
    pub(crate) worker_token: Option<String>,
    /// File that holds this secret
    #[arg(long, env = "PIXELDRIVE_WORKER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) worker_token_file: Option<PathBuf>,
}

impl WorkerTokenArgs {
    fn show(&self, settings: &mut Shown) {
        let token = masked(self.worker_token.as_deref(), self.worker_token_file.as_deref());
        settings.push(("PIXELDRIVE_WORKER_TOKEN", token));
    }

    fn check(&self, faults: &mut Faults) -> Option<String> {
        let token = secret(self.worker_token.as_deref(), self.worker_token_file.as_deref());
        let token = token.and_then(|token| match token {
            Some(token) if token.len() >= 16 => Ok(token),
            Some(_) => Err("too short: 16 characters at least".to_owned()),
            None => Err("missing: gateways and workers share this secret".to_owned()),
        });
        faults.keep("PIXELDRIVE_WORKER_TOKEN", token)
    }
}

/// A worker's configuration.
#[derive(Args, Clone, Debug)]
pub(crate) struct WorkerArgs {
    /// Gateways to dial, host:port, commas between
    #[arg(long, env = "PIXELDRIVE_GATEWAYS", value_name = "ADDRESSES")]
    pub(crate) gateways: Option<String>,
    #[command(flatten)]
    pub(crate) secret: WorkerTokenArgs,
    /// Where pictures live, when the worker reaches it; it sends them to the gateway otherwise
    #[arg(long, env = "PIXELDRIVE_STORE", value_name = "URL")]
    pub(crate) store: Option<String>,
    #[command(flatten)]
    pub(crate) render: RenderArgs,
}

/// A worker's configuration, checked.
pub(crate) struct Worker {
    /// Gateways to dial, `host:port` each.
    pub(crate) gateways: Vec<String>,
    /// What it shows them.
    pub(crate) worker_token: String,
    /// Folder of the pictures.
    pub(crate) store: Option<PathBuf>,
    /// How pictures are made.
    pub(crate) render: Render,
}

impl WorkerArgs {
    pub(crate) fn show(&self, settings: &mut Shown) {
        settings.push(("PIXELDRIVE_GATEWAYS", shown(self.gateways.as_deref())));
        self.secret.show(settings);
        settings.push(("PIXELDRIVE_STORE", shown(self.store.as_deref())));
        self.render.show(settings);
    }

    pub(crate) fn check(&self, faults: &mut Faults) -> Option<Worker> {
        let gateways: Vec<_> = list(self.gateways.as_deref(), ',').map(str::to_owned).collect();
        let gateways = if gateways.is_empty() {
            Err("missing: the gateways to dial, such as 10.0.0.5:7070".to_owned())
        } else {
            Ok(gateways)
        };
        let gateways = faults.keep("PIXELDRIVE_GATEWAYS", gateways);
        let worker_token = self.secret.check(faults);
        let store = self.store.as_deref().map(|url| path_behind("file:", url, "`s3:`")).transpose();
        let store = faults.keep("PIXELDRIVE_STORE", store);
        let render = self.render.check(faults);
        Some(Worker {
            gateways: gateways?,
            worker_token: worker_token?,
            store: store?,
            render: render?,
        })
    }
}

fn list(text: Option<&str>, separator: char) -> impl Iterator<Item = &str> {
    let parts = text.unwrap_or_default().split(separator);
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn font_folders(text: Option<&str>, faults: &mut Faults) -> Option<Vec<PathBuf>> {
    let folders = list(text, ':').map(|folder| {
        let path = PathBuf::from(folder);
        if path.is_dir() { Ok(path) } else { Err(format!("`{folder}` is not a folder")) }
    });
    faults.keep("PIXELDRIVE_FONTS", folders.collect())
}

fn hardware() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        gateway: GatewayArgs,
    }

    fn read(flags: &[&str]) -> GatewayArgs {
        Flags::parse_from([&["pixeldrive"], flags].concat()).gateway
    }

    #[track_caller]
    fn check(flags: &[&str], faults_expected: &[&str]) {
        let mut faults = Faults::default();
        let checked = read(flags).check(&mut faults);
        let message = match faults.complete(checked) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        assert_eq!(message.lines().skip(1).count(), faults_expected.len(), "{message}");
        for expected in faults_expected {
            assert!(message.contains(expected), "{expected} is not in: {message}");
        }
    }

    const TOKEN: &str = "--worker-token=0123456789abcdef";

    #[test]
    fn every_fault_is_reported_at_once() {
        check(&[TOKEN], &[]);
        check(&[], &["PIXELDRIVE_WORKER_TOKEN: missing"]);
        check(
            &[
                "--worker-token=short",
                "--listen=nowhere",
                "--database-url=mysql://db",
                "--store=s3://bucket",
                "--public-url=ftp://x",
                "--bootstrap-token=hello",
                "--signing-key=abc",
                "--effort=max",
                "--fonts=/no/such/folder",
            ],
            &[
                "PIXELDRIVE_WORKER_TOKEN: too short",
                "PIXELDRIVE_LISTEN: `nowhere`",
                "PIXELDRIVE_DATABASE_URL: only `sqlite:PATH`",
                "PIXELDRIVE_STORE: only `file:PATH`",
                "PIXELDRIVE_PUBLIC_URL: `ftp://x`",
                "PIXELDRIVE_BOOTSTRAP_TOKEN: a token is pdrv_",
                "PIXELDRIVE_SIGNING_KEY",
                "PIXELDRIVE_EFFORT: `max` is none of fast, balanced, small",
                "PIXELDRIVE_FONTS: `/no/such/folder`",
            ],
        );
    }

    #[test]
    fn a_secret_may_be_a_file_but_not_both() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "0123456789abcdef\n").expect("written");
        let flag = format!("--worker-token-file={}", file.path().display());
        check(&[&flag], &[]);
        check(&[&flag, TOKEN], &["PIXELDRIVE_WORKER_TOKEN: given twice"]);
        check(&["--worker-token-file=/no/such"], &["PIXELDRIVE_WORKER_TOKEN: cannot read"]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut settings = Shown::new();
        read(&[TOKEN, "--bootstrap-token=pdrv_0123456789abcdef"]).show(&mut settings);
        let text = format!("{settings:?}");
        assert!(!text.contains("0123456789abcdef"), "{text}");
        assert!(text.contains("(\"PIXELDRIVE_LISTEN\", \"127.0.0.1:8080\")"), "{text}");
    }
}
