//! `cargo xtask browser`: the page of `sdmp demo --html`, in a real browser.
//!
//! It checks that the page fetches nothing and breaks no policy of its own, that a person can walk
//! through it with mouse and keyboard, that it is whole without a script, and that what is drawn is
//! not blank. The screenshots lie in `target/browser`.

mod devtools;

use crate::process::answers;
use crate::{conformance, workspace};
use anyhow::{Context, Result, bail, ensure};
use devtools::Browser;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The names under which Chromium is installed.
const PROGRAMS: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where a page that is given is checked instead of the demo's.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A page that `sdmp inspect --html` or `sdmp demo --html` wrote [default: a new demo]
    page: Option<PathBuf>,
}

/// Runs the checks; where there is no browser it says so and succeeds.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Some(program) = find() else {
        println!("skipped: no Chromium is installed (Debian: apt install chromium)");
        return Ok(());
    };
    let directory = workspace::root().join("target/browser");
    std::fs::create_dir_all(&directory).context("cannot make target/browser")?;
    let sdmp = conformance::built_program("sdmp")?;
    let page = match &arguments.page {
        Some(page) => std::fs::canonicalize(page).context("there is no such page")?,
        None => demo(&sdmp, &directory)?,
    };
    let mut browser = Browser::start(program, &directory)?;
    walk(&mut browser, &page, &directory)?;
    without_script(&mut browser, &page, &directory)?;
    drop(browser);
    hostile(&sdmp, &mut Browser::start(program, &directory)?, &directory)?;
    println!("ok: the page works in {program}; screenshots in {}", directory.display());
    Ok(())
}

/// The first browser that answers.
pub(crate) fn find() -> Option<&'static str> {
    PROGRAMS.iter().copied().find(|program| answers(Command::new(program).arg("--version")))
}

fn demo(sdmp: &Path, directory: &Path) -> Result<PathBuf> {
    let page = directory.join("demo.html");
    let mut command = Command::new(sdmp);
    command.args(["demo", "--bits", "2048", "--group", "ffdhe2048", "--html"]).arg(&page);
    ensure!(command.status().context("cannot run the demo")?.success(), "the demo failed");
    Ok(page)
}

/// A recording whose every text tries to become a part of the page.
fn hostile(sdmp: &Path, browser: &mut Browser, directory: &Path) -> Result<()> {
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
    let status = command.stderr(std::process::Stdio::null()).status();
    // Its checks fail, and the page is there.
    ensure!(status.context("cannot run sdmp inspect")?.code() == Some(6), "its checks fail");
    browser.window(1360, 900)?;
    browser.open(&page)?;
    ensure!(browser.number("document.querySelectorAll('script').length")? == 1, "one script");
    ensure!(browser.number("document.querySelectorAll('img, [onload]').length")? == 0, "no image");
    ensure!(
        browser.truth("document.body.innerText.includes('onerror=alert(2)')")?,
        "shown as text"
    );
    browser.picture(&directory.join("hostile.png"))?;
    browser.no_complaints()
}

/// With script: everything that a person does.
fn walk(browser: &mut Browser, page: &Path, directory: &Path) -> Result<()> {
    browser.window(1360, 900)?;
    browser.open(page)?;
    let rows = browser.number("document.querySelectorAll('.row').length")?;
    let panels = browser.number("document.querySelectorAll('.panel').length")?;
    ensure!(rows >= 8 && rows == panels, "{rows} rows in the diagram, {panels} panels");
    expect(browser, "1", "the first panel is shown at the beginning")?;
    browser.picture(&directory.join("light.png"))?;

    browser.click(".row:nth-of-type(3) .hit")?;
    expect(browser, "3", "a click in the diagram shows that object")?;
    browser.picture(&directory.join("m3.png"))?;
    for (key, number) in [("ArrowDown", "4"), ("ArrowUp", "3"), ("Home", "1"), ("j", "2")] {
        browser.key(key)?;
        expect(browser, number, &format!("the key {key}"))?;
    }
    browser.evaluate("document.querySelectorAll('.row')[4].focus()")?;
    browser.key("Enter")?;
    expect(browser, "5", "Enter on a row that has the focus")?;
    ensure!(
        browser.truth("location.hash.endsWith('-5')")?,
        "the address names the panel, so that it can be passed on"
    );

    let inside =
        "getComputedStyle(document.querySelector('.panel.current .inside.sealed')).display";
    ensure!(browser.text(inside)? != "none", "what is inside is shown");
    browser.key("e")?;
    ensure!(browser.text(inside)? == "none", "an eavesdropper does not see what is inside");
    browser.click(".bar button:last-child")?;
    for secret in ["Can you read this", "node A", "session id", "I send nothing more"] {
        let script = format!("document.body.innerText.includes('{secret}')");
        ensure!(!browser.truth(&script)?, "an eavesdropper reads {secret:?}");
    }
    browser.click(".bar button:last-child")?;
    browser.picture(&directory.join("eavesdropper.png"))?;
    browser.key("e")?;

    browser.scheme("dark")?;
    browser.picture(&directory.join("dark.png"))?;
    browser.scheme("light")?;
    browser.window(420, 860)?;
    ensure!(
        browser.truth("document.documentElement.scrollWidth <= window.innerWidth")?,
        "on a narrow screen nothing has to be scrolled sideways"
    );
    browser.picture(&directory.join("narrow.png"))?;
    browser.no_complaints()
}

fn expect(browser: &mut Browser, number: &str, what: &str) -> Result<()> {
    let shown = browser.text(
        "Array.from(document.querySelectorAll('.panel'))\
         .filter(panel => panel.offsetParent !== null)\
         .map(panel => panel.querySelector('.number').textContent).join(' ')",
    )?;
    if shown == number { Ok(()) } else { bail!("{what}: panel {number} expected, shown: {shown}") }
}

/// Without script everything is there, as a list, and the diagram's links lead to it.
fn without_script(browser: &mut Browser, page: &Path, directory: &Path) -> Result<()> {
    browser.window(1360, 900)?;
    browser.command("Emulation.setScriptExecutionDisabled", &json!({"value": true}))?;
    browser.open(page)?;
    let hidden = "Array.from(document.querySelectorAll('.panel'))\
                  .filter(panel => panel.offsetParent === null).length";
    ensure!(browser.number(hidden)? == 0, "without script some panels are hidden");
    ensure!(
        browser.truth(
            "Array.from(document.querySelectorAll('.row'))\
             .every(row => document.getElementById(row.getAttribute('href').slice(1)))"
        )?,
        "each row leads to its panel"
    );
    ensure!(!browser.truth("!!document.querySelector('.bar')")?, "no button without script");
    browser.picture(&directory.join("no-script.png"))?;
    browser.no_complaints()
}
