//! The `stampede` binary: the shop's server and its command line.

mod catalog;
mod cli;
mod clock;
mod commands;
mod demo;
mod edges;
mod http;
mod metrics;
mod outward;
mod pages;
mod passwords;
mod payments;
mod places;
mod quiz;
mod secret;
mod serve;
mod settings;
mod store;
mod upkeep;
mod verify_draw;
mod writer;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command, MerchantCommand, TokenCommand};
use settings::{Settings, store_of};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_standard_error();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("stampede: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Box<dyn std::error::Error + Send + Sync>> {
    let done: Result<(), _> = match command {
        Command::Serve(args) => {
            let settings = Settings::of(args)?;
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(serve::serve(settings))
        }
        Command::Merchant(MerchantCommand::Add { email, store }) => commands::add_merchant(&store_of(&store)?, &email),
        Command::Token(TokenCommand::Merchant { email, store }) => commands::merchant_token(&store_of(&store)?, &email),
        Command::Token(TokenCommand::Shoppers { count, store }) => {
            commands::shopper_sessions(&store_of(&store)?, count)
        }
        Command::Backup { file, store } => upkeep::back_up(&store_of(&store)?, &file),
        Command::Restore { file, store } => upkeep::restore(&file, &store_of(&store)?),
        Command::VerifyDraw { file } => return Ok(verify_draw::verify(&file)),
        Command::Reconcile { fix, json, store } => return upkeep::reconcile(&store_of(&store)?, fix, json),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// For people at a terminal, JSON for machines; `RUST_LOG` says how much.
fn log_to_standard_error() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A panic is told where everything else is, once, and in the same form.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic")));
    if std::io::stderr().is_terminal() {
        logs.with_target(false).init();
    } else {
        logs.json().flatten_event(true).init();
    }
}
