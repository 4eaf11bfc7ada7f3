//! The configuration file `sdmp.toml`: what would otherwise be written on every command line.
//!
//! What the command line or the environment says goes before what the file says.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use etcetera::BaseStrategy;
use sdmp_crypto::dh::NamedGroup;
use sdmp_handshake::Profile;
use sdmp_node::Home;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::args::values::{group, size};
use crate::error::{Exit, Failure};
use crate::io::printable;
use crate::private_file;
use sdmp_node::Address;

const NAME: &str = "sdmp.toml";
/// A configuration is short.
const LONGEST: u64 = 64 * 1024;

/// What the file says; each is an option's value where the option is not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// The file that was read, if there is one.
    #[serde(skip)]
    pub(crate) file: Option<PathBuf>,
    pub(crate) key: Option<String>,
    #[serde(deserialize_with = "profile")]
    pub(crate) profile: Option<Profile>,
    #[serde(deserialize_with = "named_group")]
    pub(crate) group: Option<NamedGroup>,
    pub(crate) max_group_bits: Option<u32>,
    pub(crate) passphrase_file: Option<PathBuf>,
    #[serde(deserialize_with = "address")]
    pub(crate) listen: Option<Address>,
    pub(crate) out: Option<PathBuf>,
    #[serde(deserialize_with = "octets")]
    pub(crate) max_size: Option<u64>,
    pub(crate) stall_limit: Option<u32>,
    pub(crate) silence_limit: Option<u32>,
    pub(crate) quiet: bool,
    pub(crate) verbose: u8,
}

/// A text that the parser of the command line understands.
fn parsed<'de, T, D: Deserializer<'de>>(
    from: D,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    parse(&String::deserialize(from)?).map(Some).map_err(D::Error::custom)
}

fn profile<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Profile>, D::Error> {
    parsed(from, |text| {
        text.parse().map_err(|error: sdmp_handshake::UnknownName| error.to_string())
    })
}

fn named_group<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NamedGroup>, D::Error> {
    parsed(from, group)
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Address>, D::Error> {
    parsed(from, |text| Address::from_str(text).map_err(|error| error.to_string()))
}

/// A number of octets, or a text with a unit.
fn octets<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "write it as a number of octets, or as a text such as \"4GiB\"")]
    enum Octets {
        Number(u64),
        Text(String),
    }
    match Octets::deserialize(from)? {
        Octets::Number(number) => Ok(Some(number)),
        Octets::Text(text) => size(&text).map(Some).map_err(D::Error::custom),
    }
}

impl Settings {
    /// Finds and reads the file: the one that is named, else that of the data directory, else that
    /// of the user. A data directory that was `named` is complete: nothing is read from elsewhere.
    pub(crate) fn load(config: Option<&Path>, home: &Home, named: bool) -> Result<Self, Failure> {
        if let Some(path) = config {
            return Self::read(path)?.ok_or_else(|| {
                Failure::usage(format!(
                    "there is no configuration file {}",
                    printable(&path.display().to_string())
                ))
                .remedy("make it, or leave out --config and SDMP_CONFIG")
            });
        }
        if let Some(settings) = Self::read(&home.root().join(NAME))? {
            return Ok(settings);
        }
        // A test or a second node with its own directory must not depend on the user's settings.
        let platform = etcetera::choose_base_strategy().ok().filter(|_| !named);
        let Some(platform) = platform else { return Ok(Self::default()) };
        Ok(Self::read(&platform.config_dir().join("sdmp").join(NAME))?.unwrap_or_default())
    }

    fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let shown = printable(&path.display().to_string());
        let failed = |error: std::io::Error| {
            Failure::usage(format!("cannot read the configuration {shown}: {error}"))
                .remedy("make it readable, or name another with --config")
        };
        let file = match File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        // This file decides which key is used and where files go.
        private_file::check_writers("the configuration", path, &file.metadata().map_err(failed)?)?;
        let mut text = String::new();
        // One octet more shows that there is more.
        let read = file.take(LONGEST + 1).read_to_string(&mut text).map_err(failed)?;
        if u64::try_from(read).is_ok_and(|read| read > LONGEST) {
            return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
        }
        let directory = path.parent().unwrap_or(Path::new("."));
        let mut settings = Self::parse(&text, directory).map_err(|cause| {
            Failure::new(Exit::Usage, "config", format!("in {shown}: {cause}"))
                .remedy("docs/program.md lists the keys and their values")
        })?;
        settings.file = Some(path.to_owned());
        Ok(Some(settings))
    }

    /// Relative paths in the file start from its directory.
    fn parse(text: &str, directory: &Path) -> Result<Self, String> {
        let mut settings: Self = toml::from_str(text).map_err(|error| explain(text, &error))?;
        for path in [&mut settings.passphrase_file, &mut settings.out] {
            // A file that is moved together with what it names keeps working.
            *path = path.take().map(|path| directory.join(path));
        }
        Ok(settings)
    }
}

/// The line and what is wrong with it.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    format!("line {line}: {}", printable(error.message().trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read() {
        let text = r#"
            key = "alice"
            profile = "published"
            group = "modp14"
            max-group-bits = 6144
            passphrase-file = "secret"
            listen = "127.0.0.1:7"
            out = "/srv/inbox"
            max-size = "1GiB"
            stall-limit = 300
            silence-limit = 3600
            quiet = true
            verbose = 2
        "#;
        let expected = Settings {
            file: None,
            key: Some("alice".to_owned()),
            profile: Some(Profile::Published),
            group: Some(NamedGroup::Modp14),
            max_group_bits: Some(6144),
            passphrase_file: Some("/etc/sdmp/secret".into()),
            listen: Some(Address::Tcp("127.0.0.1:7".to_owned())),
            out: Some("/srv/inbox".into()),
            max_size: Some(1 << 30),
            stall_limit: Some(300),
            silence_limit: Some(3600),
            quiet: true,
            verbose: 2,
        };
        assert_eq!(Settings::parse(text, Path::new("/etc/sdmp")), Ok(expected));
        assert_eq!(Settings::parse("", Path::new("")), Ok(Settings::default()));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in [
            "kee = \"alice\"",
            "key = 1",
            "profile = \"secure\"",
            "group = \"x\"",
            "verbose = -1",
            "max-size = \"1MB\"",
            "quiet = 1",
            "listen = \"here\"",
            "key",
            "max-group-bits = 99999999999",
        ] {
            assert!(Settings::parse(bad, Path::new("")).is_err(), "{bad}");
        }
    }
}
