//! The dissector's framing, with each Lua that is installed: Wireshark has had several.

use crate::process::answers;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::{Command, Stdio};

const PROGRAMS: &[&str] = &["lua5.1", "lua5.2", "lua5.3", "lua5.4"];

/// Runs the checks; gives the names of the programs that passed them.
pub(super) fn vectors(script: &Path, directory: &Path) -> Result<Vec<&'static str>> {
    let text = std::fs::read_to_string(script).context("the dissector cannot be read")?;
    let file = directory.join("vectors.lua");
    let whole = [include_str!("stub.lua"), &text, include_str!("vectors.lua")].concat();
    std::fs::write(&file, whole).context("cannot write the vectors")?;
    let mut right = Vec::new();
    for program in PROGRAMS {
        if !answers(Command::new(program).arg("-v")) {
            continue;
        }
        let output = Command::new(program).arg(&file).stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("cannot run {program}"))?;
        ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        right.push(*program);
    }
    Ok(right)
}
