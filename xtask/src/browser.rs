//! `cargo xtask browser`: the page of `sdmp demo --html`, in a real browser.
//!
//! The checks are in `xtask/browser/page.mjs`, on Playwright with the system's Chromium: the page
//! fetches nothing and breaks no policy of its own, a person can walk through it with mouse and
//! keyboard, it is whole without a script, and what is drawn is not blank. The screenshots lie in
//! `target/browser`.

use crate::process::answers;
use crate::{conformance, workspace};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The names under which Chromium is installed.
const PROGRAMS: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where a page that is given is checked instead of the demo's.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A page that `sdmp inspect --html` or `sdmp demo --html` wrote [default: a new demo]
    page: Option<PathBuf>,
}

/// Runs the checks; where something is not installed it says so and succeeds.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let program = match find() {
        Ok(program) => program,
        Err(missing) => {
            println!("skipped: {missing}");
            return Ok(());
        }
    };
    let directory = workspace::root().join("target/browser");
    std::fs::create_dir_all(&directory).context("cannot make target/browser")?;
    let sdmp = conformance::built_program("sdmp")?;
    let page = match &arguments.page {
        Some(page) => std::fs::canonicalize(page).context("there is no such page")?,
        None => demo(&sdmp, &directory)?,
    };
    let hostile = hostile(&sdmp, &directory)?;
    let tests = workspace::root().join("xtask/browser");
    if !tests.join("node_modules/playwright-core").is_dir() {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&tests);
        let installed = npm.stdout(Stdio::null()).status().is_ok_and(|status| status.success());
        if !installed {
            println!("skipped: npm could not install playwright-core (in xtask/browser: npm ci)");
            return Ok(());
        }
    }
    let mut node = Command::new("node");
    node.arg("page.mjs").current_dir(&tests);
    let path = absolute(program).context("the browser has no path")?;
    let status = node.arg(path).args([&directory, &page, &hostile]).status();
    ensure!(status.context("cannot run node")?.success(), "the page does not work in {program}");
    println!("ok: the page works in {program}; screenshots in {}", directory.display());
    Ok(())
}

/// The browser that answers; or what is not installed.
pub(crate) fn find() -> Result<&'static str, &'static str> {
    let is_there = |program: &str| answers(Command::new(program).arg("--version"));
    let browser = PROGRAMS.iter().copied().find(|program| is_there(program));
    let browser = browser.ok_or("no Chromium is installed (Debian: apt install chromium)")?;
    if is_there("node") && is_there("npm") {
        Ok(browser)
    } else {
        Err("Node.js is not installed (Debian: apt install npm)")
    }
}

/// Playwright wants a path, not a name.
fn absolute(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|path| path.join(program)).find(|path| path.is_file())
}

fn demo(sdmp: &Path, directory: &Path) -> Result<PathBuf> {
    let page = directory.join("demo.html");
    let mut command = Command::new(sdmp);
    command.args(["demo", "--bits", "2048", "--group", "ffdhe2048", "--html"]).arg(&page);
    ensure!(command.status().context("cannot run the demo")?.success(), "the demo failed");
    Ok(page)
}

/// The page of a recording whose every text tries to become a part of the page.
fn hostile(sdmp: &Path, directory: &Path) -> Result<PathBuf> {
    let evil = "</script></pre><script>alert(1)</script><img src=x onerror=alert(2)>\"'<svg onload=alert(3)>";
    let wire =
        json!({"sdmp": {"version": "0.12.0", "schemas": ["message"]}, "message": evil, evil: evil});
    let lines = [
        json!({"event": "session", "session": evil, "format": 1, "role": "initiator", "address": evil}),
        json!({"event": "wire", "session": evil, "from": "initiator", "ms": 1, "wire": wire.to_string()}),
        json!({"event": "wire", "session": evil, "from": "responder", "ms": 2, "wire": evil}),
    ];
    let text: String = lines
        .iter()
        // The event comes first: that is how a recording is known.
        .map(|line| {
            let rest = line.to_string().replace(&format!("\"event\":{},", line["event"]), "");
            format!("{{\"event\":{},{}\n", line["event"], rest.trim_start_matches('{'))
        })
        .collect();
    let [recording, page] = ["hostile.sdmp", "hostile.html"].map(|name| directory.join(name));
    std::fs::write(&recording, text).context("cannot write the recording")?;
    drop(std::fs::remove_file(&page));
    let mut command = Command::new(sdmp);
    command.args(["inspect", "--html"]).arg(&page).arg(&recording);
    let status = command.stderr(Stdio::null()).status();
    // Its checks fail, and the page is there.
    ensure!(status.context("cannot run sdmp inspect")?.code() == Some(6), "its checks fail");
    Ok(page)
}
