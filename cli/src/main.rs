//! The binary `pixeldrive`: one program, a role or a tool by subcommand.
//!
//! It reads the configuration, puts the libraries together and starts them. Deliberately absent:
//! any logic of serving, queueing or rendering.

mod account;
mod clock;
mod config;
mod demo;
mod engine;
mod findings;
mod fonts;
mod keys;
mod lock;
mod logs;
mod names;
mod offline;
mod out;
mod progress;
mod rows;
mod schema;
mod serve;
mod shutdown;
mod token;
mod worker;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use config::{Faults, FrontArgs, GatewayArgs, RenderArgs, Shown, WorkerArgs};
use out::{note, say};

/// Template + data in, picture URLs out: a render farm on your own machines.
///
/// Try `pixeldrive demo` first.
#[derive(Parser)]
#[command(name = "pixeldrive", version, max_term_width = 100)]
struct Cli {
    /// What to log, such as info or warn,pixeldrive_gateway=debug
    #[arg(long, global = true, env = "PIXELDRIVE_LOG", value_name = "FILTER")]
    log: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a gateway with one worker: all that one machine needs
    Serve(Serve),
    /// Runs a gateway alone; workers dial it
    Gateway(Role<GatewayArgs>),
    /// Runs a worker that takes work from gateways
    Worker(Role<WorkerArgs>),
    /// Renders one picture, offline
    Render(offline::RenderOne),
    /// Renders a picture for each row of a file, offline
    Batch(offline::Batch),
    /// Renders a thousand pictures through the HTTP API and keeps serving them
    Demo(demo::Demo),
    /// Lists the fonts that templates can name
    Fonts(fonts::List),
    /// Prints the JSON Schema of templates, or of the payloads that a template takes
    Schema(schema::Show),
    /// Accounts, tokens, credits and the books
    Admin(account::Admin),
}

#[derive(Args)]
struct Serve {
    #[command(flatten)]
    front: FrontArgs,
    #[command(flatten)]
    render: RenderArgs,
    #[command(flatten)]
    print: Print,
}

#[derive(Args)]
struct Role<A: Args> {
    #[command(flatten)]
    arguments: A,
    #[command(flatten)]
    print: Print,
}

#[derive(Args)]
struct Print {
    /// Prints the settings, secrets hidden, and ends
    #[arg(long)]
    print_config: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            note(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Answers whether everything that was asked for is done.
fn run(cli: Cli) -> Result<bool> {
    let quiet =
        !matches!(cli.command, Command::Serve(_) | Command::Gateway(_) | Command::Worker(_));
    logs::start(cli.log.as_deref().unwrap_or(if quiet { "warn" } else { "info" }))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(Box::pin(dispatch(cli.command)))
}

async fn dispatch(command: Command) -> Result<bool> {
    let mut faults = Faults::default();
    match command {
        Command::Serve(Serve { front, render, print }) => {
            if print.wanted(|settings| [front.show(settings), render.show(settings)]) {
                return Ok(true);
            }
            let (front, render) = (front.check(&mut faults), render.check(&mut faults));
            let (front, render) = faults.complete(front.zip(render))?;
            serve::serve(front, &render, shutdown::on_signal()?).await?;
        }
        Command::Gateway(Role { arguments, print }) => {
            if print.wanted(|settings| arguments.show(settings)) {
                return Ok(true);
            }
            let gateway = arguments.check(&mut faults);
            serve::gateway(faults.complete(gateway)?, shutdown::on_signal()?).await?;
        }
        Command::Worker(Role { arguments, print }) => {
            if print.wanted(|settings| arguments.show(settings)) {
                return Ok(true);
            }
            let worker = arguments.check(&mut faults);
            worker::worker(faults.complete(worker)?, shutdown::on_signal()?).await?;
        }
        Command::Render(render) => offline::render(render).await?,
        Command::Batch(batch) => return offline::batch(batch).await,
        Command::Demo(demo) => return demo::demo(demo).await,
        Command::Fonts(list) => return fonts::list(&list),
        Command::Schema(show) => schema::show(&show)?,
        Command::Admin(admin) => return account::admin(admin).await,
    }
    Ok(true)
}

impl Print {
    /// Prints the settings when that is all that was asked for.
    fn wanted<T>(&self, show: impl FnOnce(&mut Shown) -> T) -> bool {
        if self.print_config {
            let mut settings = Shown::new();
            show(&mut settings);
            for (name, value) in settings {
                say(format!("{name}={value}"));
            }
        }
        self.print_config
    }
}
