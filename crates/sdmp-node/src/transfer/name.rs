//! Names of files that come from elsewhere: one component, visible, and the same thing on every
//! system.

use std::fmt;

use sdmp_inspect::escape::is_bidi_control;

/// The longest name, in octets: what common file systems take.
pub(super) const LONGEST: usize = 255;

/// Names that Windows gives to devices, whatever their extension.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Empty, or longer than common file systems take.
    Length,
    /// A leading dot: programs read such files unasked (`.profile`), and listings hide them.
    Hidden,
    /// A dot or a space at the end, which some systems drop.
    End,
    /// A separator of paths, or a character that some system forbids.
    Separator,
    /// A control character.
    Control,
    /// A character that makes text read differently from how it is stored.
    Direction,
    /// What some system takes for a device.
    Device,
    /// Not UTF-8, so that it cannot be written into a container.
    Encoding,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "it is empty or longer than 255 octets",
            Self::Hidden => "it begins with a dot",
            Self::End => "it ends with a dot or a space",
            Self::Separator => "it has a separator of paths in it",
            Self::Control => "it has a control character in it",
            Self::Direction => "it has a character in it that changes the direction of writing",
            Self::Device => "it is the name of a device on Windows",
            Self::Encoding => "it is not UTF-8",
        })
    }
}

/// Refuses names that could lead out of a directory, hide, mislead a reader, or mean a device.
/// Our own unfinished files begin with a dot, so no name from elsewhere can be one of them.
///
/// # Errors
/// What is wrong with the name.
pub fn check(name: &str) -> Result<(), Problem> {
    let separator = |c: char| {
        matches!(c, '/' | '\\')
            || (cfg!(windows) && matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*'))
    };
    let problem = if !(1..=LONGEST).contains(&name.len()) {
        Problem::Length
    } else if name.starts_with('.') {
        Problem::Hidden
    } else if name.ends_with(['.', ' ']) {
        Problem::End
    } else if name.contains(separator) {
        Problem::Separator
    } else if name.contains(char::is_control) {
        Problem::Control
    } else if name.contains(is_bidi_control) {
        Problem::Direction
    } else if is_device(name) {
        Problem::Device
    } else {
        return Ok(());
    };
    Err(problem)
}

fn is_device(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |prefix| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            let mut rest = rest.chars();
            let digit = |c: char| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³');
            rest.next().is_some_and(digit) && rest.next().is_none()
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_allowed() {
        let longest = "a".repeat(255);
        for good in
            ["a", "report 2027.pdf", "ü→✓.txt", "a..b", "-rf", "COM", "COM10", "console", &longest]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let long = "ü".repeat(128);
        for bad in [
            "",
            ".",
            "..",
            "/etc/passwd",
            "../up",
            "a/b",
            "a\\b",
            "..\\up",
            "C:\\x",
            "nul\0",
            "a\nb",
            "\u{7f}",
            "\u{202e}gpj.exe",
            ".profile",
            ".sdmp-x.part",
            "CON",
            "con.txt",
            "Nul.tar.gz",
            "lpt1",
            "COM¹",
            "aux .c",
            "prn:",
            "a.",
            "a ",
            &long,
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn each_problem_is_named() {
        for (name, problem) in [
            ("", Problem::Length),
            (".a", Problem::Hidden),
            ("a.", Problem::End),
            ("a ", Problem::End),
            ("a/b", Problem::Separator),
            ("a\nb", Problem::Control),
            ("a\u{202e}b", Problem::Direction),
            ("NUL.txt", Problem::Device),
        ] {
            assert_eq!(check(name), Err(problem), "{name:?}");
        }
    }
}
