//! The peer that misbehaves, against this project's own program: all cases, both ways, in both
//! profiles.

use super::{program, succeed};
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// How many cases run at the same time: fewer than one address may have half open (R42).
const JOBS: &str = "6";

/// The identities that the program is made to trust; the others are strangers.
const TRUSTED: [&str; 4] = ["tester", "other", "user", "expired"];

/// A machine of the program's own, below target/.
struct Own {
    directory: PathBuf,
}

/// A listening program, ended with the value.
struct Listening(Child);

impl Drop for Listening {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Plays everything; fails if any case does.
pub(super) fn run() -> Result<()> {
    let own = Own::new()?;
    let mut failed = Vec::new();
    for profile in ["hardened", "published"] {
        for (name, outcome) in [
            (format!("{profile}-listen"), own.listens(profile)),
            (format!("{profile}-connect"), own.connects(profile)),
        ] {
            if let Err(error) = outcome {
                println!("{name}: {error:#}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

impl Own {
    /// A fresh data directory with a key, and the tester's identities as peers.
    fn new() -> Result<Self> {
        let directory = workspace::root().join("target/conformance/own");
        if directory.exists() {
            std::fs::remove_dir_all(&directory).context("cannot remove the last run's files")?;
        }
        std::fs::create_dir_all(&directory).context("cannot make a directory")?;
        let own = Self { directory };
        let key = workspace::root().join("crates/sdmp-conformance/vectors/keys/bob.pem");
        own.quietly(own.sdmp()?.args(["key", "import"]).arg(key).args(["--name", "own"]))?;
        let identity = own.sdmp()?.args(["key", "export", "own"]).output()?;
        std::fs::write(own.identity(), identity.stdout).context("cannot write the identity")?;
        let identities = own.directory.join("identities");
        let mut export = program("sdmp-conformance")?;
        own.quietly(export.arg("--keys").arg(&identities))?;
        for name in TRUSTED {
            let file = identities.join(format!("{name}.json"));
            own.quietly(own.sdmp()?.args(["peer", "add", name]).arg(file))?;
        }
        Ok(own)
    }

    fn identity(&self) -> PathBuf {
        self.directory.join("own.json")
    }

    fn sdmp(&self) -> Result<Command> {
        let mut command = program("sdmp")?;
        command.env("SDMP_DATA", self.directory.join("data")).stdin(Stdio::null());
        Ok(command)
    }

    fn quietly(&self, command: &mut Command) -> Result<()> {
        succeed(command.stdout(Stdio::null()).stderr(Stdio::null()), "setting up the program")
    }

    /// The tester, with reports in a directory of their own.
    fn tester(&self, profile: &str, name: &str) -> Result<Command> {
        let mut command = program("sdmp-conformance")?;
        command.args(["--profile", profile, "--jobs", JOBS, "--patience", "10000"]);
        command.arg("--peer-identity").arg(self.identity());
        command.arg("--out").arg(Path::new("target/conformance").join(name));
        command.env("SDMP_DATA", self.directory.join("data"));
        Ok(command)
    }

    /// The tester calls `sdmp listen`.
    fn listens(&self, profile: &str) -> Result<()> {
        let mut command = self.sdmp()?;
        command.args(["listen", "127.0.0.1:0", "--key", "own", "--profile", profile]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start sdmp listen")?;
        let errors = child.stderr.take().context("sdmp listen has no standard error")?;
        let _listening = Listening(child);
        let mut lines = BufReader::new(errors).lines().map_while(Result::ok);
        let address = lines
            .find_map(|line| line.strip_prefix("listening on ").map(str::to_owned))
            .context("sdmp listen does not say where")?;
        // What it says about refused connections must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        println!("==> sdmp listen, {profile}");
        let name = format!("{profile}-listen");
        succeed(self.tester(profile, &name)?.args(["--peer", &address]), "the peer")
    }

    /// `sdmp connect` calls the tester, once for each case.
    fn connects(&self, profile: &str) -> Result<()> {
        println!("==> sdmp connect, {profile}");
        let program = super::built("sdmp")?;
        let dial = format!(
            "{} connect {{addr}} --key own --peer tester --group ffdhe2048 --profile {profile}",
            program.display()
        );
        let name = format!("{profile}-connect");
        let mut tester = self.tester(profile, &name)?;
        succeed(tester.args(["--listen", "127.0.0.1:0", "--dial-command", &dial]), "the peer")
    }
}
