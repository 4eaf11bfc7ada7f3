//! How a command at one end of a stream came out, as the other end is told.
//!
//! After the last octet of a command's output its side sends a `response` with the identifier
//! `command` and `{"exit": N}`. The receiver then knows the result, and that the command reads no more
//! what it still sends.

use std::process::ExitStatus;

use sdmp_container::strict::Value;
use sdmp_container::{Container, CoreSchema, Response};

const IDENTIFIER: &str = "command";
/// What shells add to the number of a signal.
const SIGNAL: i32 = 128;

/// How a command came out: 0 is success, and a command that was killed by signal N has 128 + N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code.
    pub exit: u8,
}

impl Outcome {
    /// What a status means in a word that every system has.
    pub(super) fn of(status: ExitStatus) -> Self {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        #[cfg(not(unix))]
        let signal: Option<i32> = None;
        let number = status.code().or(signal.map(|signal| SIGNAL.saturating_add(signal)));
        let exit = number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX);
        Self { exit }
    }

    /// Whether the command did what it should.
    #[must_use]
    pub fn is_success(self) -> bool {
        self.exit == 0
    }

    pub(super) fn container(self) -> Result<Container, sdmp_container::Error> {
        let Self { exit } = self;
        let text = format!(
            r#"{{"sdmp":{{"version":"0.12.0","schemas":["response"]}},"response":{{"status":"ok","identifier":"{IDENTIFIER}","data":{{"exit":{exit}}}}}}}"#
        );
        Container::parse(text)
    }

    pub(super) fn read(container: &Container) -> Option<Self> {
        if !container.lists(CoreSchema::Response) {
            return None;
        }
        let response = Response::from_container(container).ok()?;
        if response.identifier() != IDENTIFIER {
            return None;
        }
        let Value::Number(exit) = response.data()?.get("exit")? else { return None };
        Some(Self { exit: u8::try_from(exit.as_u64()?).ok()? })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that is wrong should stop")]
    use super::*;

    #[test]
    fn outcomes_come_back() {
        for exit in [0, 3, 255] {
            let container = Outcome { exit }.container().unwrap();
            container.check_core().unwrap();
            assert_eq!(Outcome::read(&container), Some(Outcome { exit }));
            for (from, to) in [("\"exit\":", "\"exits\":"), ("\"command\"", "\"other\"")] {
                let other = container.text().replace(from, to);
                let other = Container::parse(other).unwrap();
                assert_eq!(Outcome::read(&other), None);
            }
        }
    }
}
