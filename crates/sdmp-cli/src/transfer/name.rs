//! Names of files that come from elsewhere: one component, visible, and the same thing on every
//! system.

use super::Refusal;

/// The longest name, in octets: what common file systems take.
const LONGEST: usize = 255;

/// Names that Windows gives to devices, whatever their extension.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Refuses names that could lead out of a directory, hide, mislead a reader, or mean a device.
///
/// A leading dot is refused because such files are read by programs unasked (`.profile`) and are
/// not seen in listings; our own unfinished files begin with one.
pub(crate) fn check(name: &str) -> Result<(), Refusal> {
    let forbidden = |c: char| {
        matches!(c, '/' | '\\')
            || c.is_control()
            || sdmp_inspect::escape::is_bidi_control(c)
            || (cfg!(windows) && matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*'))
    };
    let fine = (1..=LONGEST).contains(&name.len())
        && !name.starts_with('.')
        && !name.ends_with(['.', ' '])
        && !name.contains(forbidden)
        && !is_device(name);
    if fine { Ok(()) } else { Err(Refusal::Name) }
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
            assert_eq!(check(bad), Err(Refusal::Name), "{bad:?}");
        }
    }
}
