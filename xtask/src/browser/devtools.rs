//! A headless Chromium, driven over its DevTools protocol: JSON texts with a zero octet after each,
//! through two pipes.
#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value that lacks a member gives null when it is read, and gains it when it is written"
)]

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",
    "--remote-debugging-pipe",
];

/// A running browser with one page.
#[derive(Debug)]
pub(super) struct Browser {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: u64,
    /// Of the page; empty until there is one.
    session: String,
    /// What the page fetched, or complained about.
    events: Vec<String>,
    profile: std::path::PathBuf,
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.profile));
    }
}

impl Browser {
    /// Starts it with a new profile in `directory`.
    pub(super) fn start(program: &str, directory: &Path) -> Result<Self> {
        let profile = directory.join(format!("profile.{}", std::process::id()));
        // The browser reads commands from descriptor 3 and answers on 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 1>&2 2>/dev/null", program])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the browser")?;
        let input = child.stdin.take().context("no pipe to the browser")?;
        let output = BufReader::new(child.stdout.take().context("no pipe from the browser")?);
        let (session, events) = (String::new(), Vec::new());
        let mut browser = Self { child, input, output, next: 0, session, events, profile };
        let target = browser.command("Target.createTarget", &json!({"url": "about:blank"}))?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.command("Target.attachToTarget", &attach)?;
        let session = attached["sessionId"].as_str().context("no session")?;
        browser.session = session.to_owned();
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"] {
            browser.command(domain, &json!({}))?;
        }
        Ok(browser)
    }

    /// Sends a command and waits for its answer.
    pub(super) fn command(&mut self, method: &str, parameters: &Value) -> Result<Value> {
        self.next += 1;
        let id = self.next;
        let mut command = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            command["sessionId"] = self.session.as_str().into();
        }
        let mut text = command.to_string().into_bytes();
        text.push(0);
        self.input.write_all(&text).context("the browser takes no commands")?;
        loop {
            let mut message = self.read()?;
            if message["id"] == id {
                ensure!(message["error"].is_null(), "{method}: {}", message["error"]);
                return Ok(message["result"].take());
            }
            self.event(&message);
        }
    }

    fn read(&mut self) -> Result<Value> {
        let mut text = Vec::new();
        self.output.read_until(0, &mut text).context("the browser does not answer")?;
        ensure!(text.pop() == Some(0), "the browser ended");
        serde_json::from_slice(&text).context("the browser does not speak JSON")
    }

    fn event(&mut self, message: &Value) {
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                let url = parameters["request"]["url"].as_str().unwrap_or_default();
                if !url.starts_with("file:") && !url.starts_with("data:") && url != "about:blank" {
                    self.events.push(format!("fetched {url}"));
                }
            }
            Some("Log.entryAdded") => {
                self.events.push(format!("log: {}", parameters["entry"]["text"]));
            }
            Some("Runtime.exceptionThrown") => {
                self.events.push(format!("exception: {}", parameters["exceptionDetails"]));
            }
            Some("Page.javascriptDialogOpening") => {
                self.events.push(format!("dialogue: {}", parameters["message"]));
            }
            _ => {}
        }
    }

    /// Nothing was fetched, logged or thrown since the last call.
    pub(super) fn no_complaints(&mut self) -> Result<()> {
        let events = std::mem::take(&mut self.events);
        if events.is_empty() { Ok(()) } else { bail!("the page did: {}", events.join("; ")) }
    }

    /// Opens a file, and waits until it is loaded.
    pub(super) fn open(&mut self, page: &Path) -> Result<()> {
        let url = format!("file://{}", page.display());
        self.command("Page.navigate", &json!({"url": url}))?;
        loop {
            let message = self.read()?;
            self.event(&message);
            if message["method"] == "Page.loadEventFired" {
                return Ok(());
            }
        }
    }

    pub(super) fn evaluate(&mut self, script: &str) -> Result<Value> {
        let parameters = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let mut result = self.command("Runtime.evaluate", &parameters)?;
        ensure!(result["exceptionDetails"].is_null(), "{script}: {}", result["exceptionDetails"]);
        Ok(result["result"]["value"].take())
    }

    pub(super) fn number(&mut self, script: &str) -> Result<u64> {
        self.evaluate(script)?.as_u64().ok_or_else(|| anyhow!("{script}: no number"))
    }

    pub(super) fn text(&mut self, script: &str) -> Result<String> {
        let value = self.evaluate(script)?;
        value.as_str().map(str::to_owned).ok_or_else(|| anyhow!("{script}: no text"))
    }

    pub(super) fn truth(&mut self, script: &str) -> Result<bool> {
        self.evaluate(script)?.as_bool().ok_or_else(|| anyhow!("{script}: neither true nor false"))
    }

    /// Clicks with the mouse in the middle of what a selector names.
    pub(super) fn click(&mut self, selector: &str) -> Result<()> {
        let place = self.evaluate(&format!(
            "(() => {{ const one = document.querySelector({}); one.scrollIntoView({{block: 'center'}}); \
             const r = one.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()",
            json!(selector)
        ))?;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1
            });
            self.command("Input.dispatchMouseEvent", &event)?;
        }
        Ok(())
    }

    /// Presses and releases a key.
    pub(super) fn key(&mut self, key: &str) -> Result<()> {
        let text = match key {
            "Enter" => "\r",
            one if one.len() == 1 => one,
            _ => "",
        };
        let code = if key == "Enter" { 13 } else { 0 };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.command("Input.dispatchKeyEvent", &event)?;
        }
        Ok(())
    }

    pub(super) fn window(&mut self, width: u32, height: u32) -> Result<()> {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", &size).map(drop)
    }

    /// Light or dark.
    pub(super) fn scheme(&mut self, scheme: &str) -> Result<()> {
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.command("Emulation.setEmulatedMedia", &media).map(drop)
    }

    /// Takes a screenshot into a file, and makes sure that there is something on it.
    pub(super) fn picture(&mut self, path: &Path) -> Result<()> {
        let picture = self.command("Page.captureScreenshot", &json!({"format": "png"}))?;
        let data = picture["data"].as_str().context("no picture")?.to_owned();
        std::fs::write(path, base64(&data)?).context("cannot write the picture")?;
        let colours = self.colours(&data)?;
        ensure!(colours >= 16, "{} shows {colours} colours: it is blank", path.display());
        Ok(())
    }

    /// How many colours a picture has: a blank page of our own, where any script may run, counts.
    fn colours(&mut self, data: &str) -> Result<u64> {
        let page = std::mem::take(&mut self.session);
        let target = self.command("Target.createTarget", &json!({"url": "about:blank"}))?;
        let id = target["targetId"].clone();
        let attach = json!({"targetId": id, "flatten": true});
        let attached = self.command("Target.attachToTarget", &attach)?;
        attached["sessionId"].as_str().unwrap_or_default().clone_into(&mut self.session);
        let colours = self.number(&format!(
            "new Promise((done, fail) => {{ const image = new Image(); image.onerror = fail; \
             image.onload = () => {{ const canvas = document.createElement('canvas'); \
             canvas.width = image.width; canvas.height = image.height; \
             const context = canvas.getContext('2d'); context.drawImage(image, 0, 0); \
             const data = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer); \
             done(new Set(data).size); }}; image.src = 'data:image/png;base64,{data}'; }})"
        ));
        self.session = String::new();
        self.command("Target.closeTarget", &json!({"targetId": id}))?;
        self.session = page;
        colours
    }
}

/// Decodes what the browser encoded.
fn base64(text: &str) -> Result<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for character in text.bytes().filter(|character| *character != b'=') {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => bail!("not base64"),
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
        }
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        assert_eq!(base64("aGVsbG8=").unwrap(), b"hello");
        assert_eq!(base64("+/8=").unwrap(), [0xfb, 0xff]);
        assert!(base64("*").is_err());
    }
}
