//! Running other programs: to the end, into a log, or in the background.

use std::env;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Cargo's target folder: this program runs from `target/debug/xtask`.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let program = env::current_exe().context("Cannot tell where xtask runs from")?;
    program
        .ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .context("Cannot tell where Cargo's target folder is")
}

/// The first program of this name on PATH.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// Runs a program whose output the user sees.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    ended_well(command, status)
}

/// Runs a program and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| not_started(command, &error))?;
    ended_well(command, output.status)?;
    Ok(output.stdout)
}

/// Gives a program its input and returns what it printed.
pub(crate) fn answer(command: &mut Command, input: &[u8]) -> Result<Vec<u8>> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    // Dropped at the end of the line, which tells the program that this was all.
    child
        .stdin
        .take()
        .context("The program takes no input")?
        .write_all(input)?;
    let output = child.wait_with_output()?;
    ended_well(command, output.status)?;
    Ok(output.stdout)
}

pub(crate) fn ended_well(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("{} failed ({status}).", name(command));
    }
    Ok(())
}

pub(crate) fn not_started(command: &Command, error: &io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::NotFound {
        anyhow!("{} was not found. Install it and try again.", name(command))
    } else {
        anyhow!("{} could not be started: {error}.", name(command))
    }
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let mut name = program.display().to_string();
    if let Some(first) = command.get_args().next() {
        name = format!("{name} {}", first.display());
    }
    format!("`{name}`")
}

/// Runs a long installation: its output goes to a log, the terminal gets the time it takes.
pub(crate) fn install(what: &str, takes: &str, command: &mut Command) -> Result<()> {
    let log_path = target_dir()?.join("xtask").join("install.log");
    let log = create(&log_path)?;
    let errors = log.try_clone().context("Cannot write the install log")?;
    println!("Installing {what} ({takes}) …");
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if io::stdout().is_terminal() {
            print!("\r  {} s", started.elapsed().as_secs());
            io::stdout().flush()?;
        }
        sleep(Duration::from_millis(200));
    };
    if io::stdout().is_terminal() {
        print!("\r");
    }
    if status.success() {
        println!("  done in {} s", started.elapsed().as_secs());
        return Ok(());
    }
    let text = String::from_utf8_lossy(&fs::read(&log_path)?).into_owned();
    if is_offline(&text) {
        bail!("Cannot install {what}: the network cannot be reached. Connect and try again.");
    }
    let before_last = text.lines().count().saturating_sub(20);
    for line in text.lines().skip(before_last) {
        eprintln!("  {line}");
    }
    bail!(
        "Cannot install {what}: {} failed, its whole output is in {}.",
        name(command),
        log_path.display()
    );
}

/// Whether what npm, cargo, rustup or apt printed says that there is no network.
fn is_offline(log: &str) -> bool {
    const SIGNS: &[&str] = &[
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "ENETUNREACH",
        "ETIMEDOUT",
        "ould not resolve host",
        "ouldn't resolve host",
        "ailed to connect to",
        "ould not connect to",
        "Temporary failure resolving",
        "Could not download file",
        "could not download file",
        "spurious network error",
        "network failure",
    ];
    SIGNS.iter().any(|sign| log.contains(sign))
}

fn create(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(path).with_context(|| format!("Cannot write {}", path.display()))
}

/// A program in the background with everything it starts, all of which end with this value.
pub(crate) struct Background {
    name: &'static str,
    child: Child,
    group: Pid,
}

impl Background {
    /// Its own process group: Ctrl-C reaches only us, and we reach all of its children.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| not_started(command, &error))?;
        let group = Pid::from_raw(i32::try_from(child.id())?);
        Ok(Self { name, child, group })
    }

    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} ended unexpectedly ({status}).", self.name),
            None => Ok(()),
        }
    }

    fn is_gone(&mut self) -> bool {
        // Reaps the leader; a zombie would count as a member of the group.
        let ended = matches!(self.child.try_wait(), Ok(Some(_)));
        ended && killpg(self.group, None).is_err()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        // A group that has ended already is what is wanted.
        let _ = killpg(self.group, Signal::SIGTERM);
        while !self.is_gone() && Instant::now() < deadline {
            sleep(Duration::from_millis(50));
        }
        let _ = killpg(self.group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
