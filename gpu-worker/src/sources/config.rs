//! What the operator may say about where pictures come from.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use pixeldrive_model::limits::IMAGE_BYTES_MAX;

/// Where pictures may come from, and within which limits.
#[derive(Clone, Debug)]
pub struct SourcesConfig {
    /// The folder that relative paths start from; without one they are refused. For the offline
    /// commands alone.
    pub folder: Option<PathBuf>,
    /// Networks that are fetched from although they are not public, on any port.
    pub allow_private: Vec<IpNet>,
    /// Whether `http:` URLs are fetched, or `https:` ones alone.
    pub allow_http: bool,
    /// Ports of public hosts.
    pub ports: Vec<u16>,
    /// Redirects that are followed.
    pub redirects_max: usize,
    /// Time for a connection.
    pub connect_timeout: Duration,
    /// Time between two parts of an answer.
    pub read_timeout: Duration,
    /// Time for everything, redirects included.
    pub total_timeout: Duration,
    /// Bytes of one file.
    pub bytes_max: usize,
}

impl Default for SourcesConfig {
    fn default() -> Self {
        Self {
            folder: None,
            allow_private: Vec::new(),
            allow_http: true,
            ports: vec![80, 443],
            redirects_max: 3,
            connect_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_secs(3),
            total_timeout: Duration::from_secs(8),
            bytes_max: IMAGE_BYTES_MAX,
        }
    }
}
