//! The `stampede` binary: the shop's server and its command line.

mod catalog;
mod cli;
mod clock;
mod commands;
mod commands_plan_b;
mod commands_settings;
mod demo;
mod edges;
mod express;
mod funnel;
mod heat;
mod http;
mod listen;
mod logs;
mod metrics;
mod outward;
mod overload;
mod pages;
mod passwords;
mod payments;
mod places;
mod quiz;
mod secret;
mod serve;
mod settings;
mod store;
mod switches;
mod threads;
mod tuned;
mod upkeep;
mod verify_draw;
mod writer;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command, MerchantCommand, SettingsCommand, SwitchCommand, TokenCommand};
use settings::{Settings, store_of};

/// Threads for work that blocks, beside those that hash passwords: the readers, a page's rendering, what looks round by
/// itself. All of it is bounded where it begins; each thread keeps some memory for as long as it lives.
const BLOCKING_THREADS: usize = 12;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Of what is ready, a thread takes so much at a time, and so much less than its queue holds (256) that nothing overflows: what
/// does goes to a queue that all threads have, and waits there for seconds while what comes later is done.
const EVENTS_PER_TICK: usize = 96;

/// So much is done before a thread looks for more while anything is left to do: all that it took, whatever that woke.
const TASKS_BETWEEN_LOOKS: u32 = 512;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logs::start();
    let outcome = run(cli.command);
    logs::finish();
    match outcome {
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
            let settings = Settings::of(*args)?;
            let blocking_threads = BLOCKING_THREADS + passwords::pool_running();
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .max_blocking_threads(blocking_threads)
                .max_io_events_per_tick(EVENTS_PER_TICK)
                .event_interval(TASKS_BETWEEN_LOOKS)
                .build()?;
            runtime.block_on(serve::serve(settings))
        }
        Command::Merchant(MerchantCommand::Add { email, store }) => commands::add_merchant(&store_of(&store)?, &email),
        Command::Token(TokenCommand::Merchant { email, store }) => commands::merchant_token(&store_of(&store)?, &email),
        Command::Token(TokenCommand::Shoppers { count, store }) => {
            commands::shopper_sessions(&store_of(&store)?, count)
        }
        Command::Settings(command) => settings_command(&command),
        Command::Switch(command) => switch(&command),
        Command::Backup { file, store } => upkeep::back_up(&store_of(&store)?, &file),
        Command::Restore { file, store } => upkeep::restore(&file, &store_of(&store)?),
        Command::VerifyDraw { file } => return Ok(verify_draw::verify(&file)),
        Command::Reconcile { fix, json, store } => return upkeep::reconcile(&store_of(&store)?, fix, json),
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn settings_command(command: &SettingsCommand) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match command {
        SettingsCommand::List { store } => commands_settings::list(&store_of(store)?),
        SettingsCommand::Set { key, value, share, reason, store } => {
            commands_settings::set(&store_of(store)?, key, *value, *share, reason.as_deref())
        }
        SettingsCommand::History { store } => commands_settings::history(&store_of(store)?),
        SettingsCommand::Rollback { version, reason, store } => {
            commands_settings::roll_back(&store_of(store)?, *version, reason.as_deref())
        }
    }
}

fn switch(command: &SwitchCommand) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match command {
        SwitchCommand::List { store } => commands_plan_b::list(&store_of(store)?),
        SwitchCommand::Set(args) => commands_plan_b::set(&store_of(&args.scope.store)?, args),
        SwitchCommand::Clear { name, scope } => commands_plan_b::clear(&store_of(&scope.store)?, name, scope),
        SwitchCommand::Audit { store } => commands_plan_b::audit(&store_of(store)?),
    }
}
