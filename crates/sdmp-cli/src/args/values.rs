//! Values of the command line that need more than clap's own parsers.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use sdmp_container::{Fingerprint, Timestamp};
use sdmp_crypto::dh::NamedGroup;
use sdmp_handshake::Profile;

pub(crate) fn group(name: &str) -> Result<NamedGroup, String> {
    name.parse().map_err(|_| {
        format!("not a named group (R23): {}", NamedGroup::ALL.map(NamedGroup::name).join(", "))
    })
}

/// Which of the two ways of speaking SDMP 0.12; both sides must use the same.
pub(crate) fn profile() -> impl TypedValueParser<Value = Profile> {
    let value = |profile: Profile, help| PossibleValue::new(profile.name()).help(help);
    PossibleValuesParser::new([
        value(
            Profile::Hardened,
            "Transcript-bound keys, authenticated encryption, confirmation, authenticated close",
        ),
        value(
            Profile::Published,
            "The literal 0.12 text: INSECURE, an on-path attacker can alter its traffic",
        ),
    ])
    .try_map(|name| name.parse())
}

pub(crate) fn bits(text: &str) -> Result<u32, String> {
    match text {
        "2048" => Ok(2048),
        "3072" => Ok(3072),
        "4096" => Ok(4096),
        _ => Err("2048, 3072 or 4096 (R13)".to_owned()),
    }
}

pub(crate) fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    text.parse().map_err(|_| "not a fingerprint (R15): 86 characters of base64url".to_owned())
}

pub(crate) fn timestamp(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "not a timestamp (R6): write it as 2027-12-31T23:59:59.999Z".to_owned())
}

/// A number of octets, with or without a binary unit.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" => 0,
        "kib" | "k" => 10,
        "mib" | "m" => 20,
        "gib" | "g" => 30,
        "tib" | "t" => 40,
        _ => return Err("the units are KiB, MiB, GiB and TiB".to_owned()),
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| "not a size: write it as 500MiB, or as a number of octets".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("1000"), Ok(1000));
        assert_eq!(size("2KiB"), Ok(2048));
        assert_eq!(size("3g"), Ok(3 << 30));
        for bad in ["", "MiB", "-1", "1.5GiB", "1MB", "99999999TiB", "1 GiB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
