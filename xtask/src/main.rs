//! `cargo xtask …`: set-up, build, run and test. Every command first installs what it misses.

mod browser;
mod budget;
mod build;
mod dev;
mod process;
mod settings;
mod setup;
mod site;
mod test;

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Parser;

/// Builds, runs and tests the live chat.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Start the worker and the emulators of Webex and Dialogflow on this machine
    Dev,
    /// Build what `npx wrangler deploy` uploads, into dist/
    Build,
    /// Run every check and test, or only the named parts: `edge`, `host/NAME`, `browser/FILE`
    Test {
        #[arg(value_name = "PART[/NAME]")]
        filters: Vec<String>,
        /// Also run the client libraries against the emulators, if python3 is here
        #[arg(long)]
        conformance: bool,
    },
    /// Check, show or change the settings of a site
    #[command(subcommand)]
    Settings(settings::Task),
    /// Print the sizes of what is shipped and compare them with the budgets
    Budget,
    /// Measure the worker under load
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Let many conversations live through faults and restarts, and compare what became of them
    Soak {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure how many conversations Webex's limits let one account carry
    Capacity {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the vendors' client libraries against the emulators (needs python3)
    Conformance,
}

fn main() -> ExitCode {
    let task = Task::parse();
    match run(task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// False when a check failed and has said so itself.
fn run(task: Task) -> Result<bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let here = env::current_dir().context("Cannot tell the current folder")?;
    env::set_current_dir(&root).with_context(|| format!("Cannot open the folder {}", root.display()))?;
    match task {
        Task::Dev => dev::run()?,
        // Set by tests that start `wrangler dev`, which would build again each time.
        Task::Build if env::var_os("EDGECHAT_BUILT").is_some() => {}
        Task::Build => {
            build::run()?;
        }
        Task::Test { filters, conformance } => return test::run(&filters, conformance),
        Task::Settings(task) => return settings::run(&task, &here),
        Task::Budget => {
            build::run()?;
            return budget::check();
        }
        Task::Bench { arguments } => load("tests/bench/main.mjs", &arguments)?,
        Task::Soak { arguments } => load("tests/soak/main.mjs", &arguments)?,
        Task::Capacity { arguments } => load("tests/soak/capacity.mjs", &arguments)?,
        Task::Conformance => {
            setup::check_python("for the vendors' client libraries")?;
            setup::run()?;
            process::run(Command::new("node").arg("tests/conformance/run.mjs"))?;
        }
    }
    Ok(true)
}

/// Runs a program that puts load on what was just built.
fn load(program: &str, arguments: &[String]) -> Result<()> {
    build::run()?;
    process::run(
        Command::new("node")
            .arg(program)
            .args(arguments)
            .env("EDGECHAT_BUILT", "1"),
    )
}
