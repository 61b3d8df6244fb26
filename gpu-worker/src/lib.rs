//! The worker: takes jobs from gateways, makes pictures, stores them.
//!
//! [`Engine`] is one machine's rendering: assets in, threads, pictures out. [`run`] keeps a session
//! with each gateway and feeds the engine from it. The offline commands use the engine alone.
//!
//! Deliberately absent: SQL, accounts, credits, the public API. A worker knows what it is sent.

mod dial;
mod engine;
mod error;
mod session;
mod sources;

pub use dial::{Dial, dial_pipe, dial_tcp};
pub use engine::{Adapter, Attempt, Engine, EngineConfig, GpuMode, Lane, Rendered, Task, Timings};
pub use error::Error;
pub use session::{WorkerConfig, run};
pub use sources::SourcesConfig;
