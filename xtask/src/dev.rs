//! The whole chat on this machine: `wrangler dev` and the emulators of the outside systems.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{self, Background};
use crate::{build, setup};

const WORKER: u16 = 8787;
const EMULATORS: u16 = 8788;
const START_LIMIT: Duration = Duration::from_secs(120);

static STOPPED: AtomicBool = AtomicBool::new(false);

pub(crate) fn run() -> Result<()> {
    check_free(WORKER)?;
    check_free(EMULATORS)?;
    build::run()?;
    write_vars()?;

    ctrlc::set_handler(|| STOPPED.store(true, Ordering::SeqCst)).context("Cannot listen for Ctrl-C")?;
    let mut programs = [start_emulators()?, start_worker()?];
    let ready = wait_until_ready(&mut programs)?;
    if ready {
        println!();
        println!("Demo page    http://127.0.0.1:{WORKER}/");
        println!("Agents' page http://127.0.0.1:{EMULATORS}/");
        println!("Ctrl-C stops both.");
    }
    while !stopped() {
        check_all(&mut programs)?;
        sleep(Duration::from_millis(200));
    }
    println!("Stopping …");
    Ok(())
}

fn stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

fn check_free(port: u16) -> Result<()> {
    if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
        bail!("Port {port} is in use. Stop what listens there and try again.");
    }
    Ok(())
}

/// Keeps what stands in a file that is there: its secrets belong to what `.wrangler` has stored. Settings that have
/// come since are added.
fn write_vars() -> Result<()> {
    let made =
        process::output(Command::new("node").args(["tests/emulators/dev-vars.mjs", ".dev.vars.example"]))?;
    let made = String::from_utf8(made).context("The example of .dev.vars is not text")?;
    let path = Path::new(".dev.vars");
    if !path.exists() {
        return fs::write(path, made).context("Cannot write .dev.vars");
    }
    let vars = fs::read_to_string(path).context("Cannot read .dev.vars")?;
    let is_new = |line: &&str| {
        let name = line.split_inclusive('=').next().unwrap_or_default();
        name.ends_with('=') && !vars.lines().any(|line| line.starts_with(name))
    };
    let new: Vec<&str> = made.lines().filter(is_new).collect();
    if new.is_empty() {
        return Ok(());
    }
    fs::write(path, format!("{vars}\n{}\n", new.join("\n"))).context("Cannot write .dev.vars")
}

fn start_emulators() -> Result<Background> {
    Background::start(
        "The emulators",
        Command::new("node")
            .arg("tests/emulators/main.mjs")
            .args(["--port", &EMULATORS.to_string()])
            .args(["--vars", ".dev.vars"]),
    )
}

fn start_worker() -> Result<Background> {
    Background::start(
        "`wrangler dev`",
        Command::new(setup::node_tool("wrangler")?)
            .args(["dev", "--ip", "127.0.0.1"])
            .args(["--port", &WORKER.to_string()])
            // Any free port: the usual one may belong to another `wrangler dev`.
            .args(["--inspector-port", "0"])
            .args(["--show-interactive-dev-session=false"])
            .env("WRANGLER_SEND_METRICS", "false")
            // The visitor's place, which would be asked of Cloudflare and is not used.
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
    )
}

fn check_all(programs: &mut [Background]) -> Result<()> {
    programs.iter_mut().try_for_each(Background::check)
}

/// False when Ctrl-C came first.
fn wait_until_ready(programs: &mut [Background]) -> Result<bool> {
    let deadline = Instant::now() + START_LIMIT;
    for (port, name) in [(EMULATORS, "The emulators"), (WORKER, "The worker")] {
        while !answers(port) {
            check_all(programs)?;
            if stopped() {
                return Ok(false);
            }
            if Instant::now() > deadline {
                bail!("{name} did not answer on port {port} within two minutes.");
            }
            sleep(Duration::from_millis(200));
        }
    }
    Ok(true)
}

fn answers(port: u16) -> bool {
    ask(port).is_ok_and(|answer| answer.starts_with(b"HTTP/1.1"))
}

/// Asks without a body, so that one read gets all of it: `wrangler dev` reports an answer
/// that is cut off as an error.
fn ask(port: u16) -> std::io::Result<[u8; 4096]> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
    let mut answer = [0; 4096];
    let _length = stream.read(&mut answer)?;
    Ok(answer)
}
