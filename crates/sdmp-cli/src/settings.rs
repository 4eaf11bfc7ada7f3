//! The configuration file `sdmp.toml`: what would otherwise be written on every command line.
//!
//! What the command line or the environment says goes before what the file says.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use etcetera::BaseStrategy;
use sdmp_crypto::dh::NamedGroup;
use sdmp_handshake::Profile;
use toml::{Table, Value};

use crate::address::Address;
use crate::cli::Cli;
use crate::cli::values::{group, size};
use crate::error::{Exit, Failure};

const NAME: &str = "sdmp.toml";
/// A configuration is short.
const LONGEST: u64 = 64 * 1024;

/// What the file says; each is an option's value where the option is not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The file that was read, if there is one.
    pub(crate) file: Option<PathBuf>,
    pub(crate) key: Option<String>,
    pub(crate) profile: Option<Profile>,
    pub(crate) group: Option<NamedGroup>,
    pub(crate) max_group_bits: Option<u32>,
    pub(crate) passphrase_file: Option<PathBuf>,
    pub(crate) listen: Option<Address>,
    pub(crate) out: Option<PathBuf>,
    pub(crate) max_size: Option<u64>,
    pub(crate) quiet: bool,
    pub(crate) verbose: u8,
}

impl Settings {
    /// Finds and reads the file: the one that is named, else that of the data directory, else that
    /// of the user. Who names a data directory gets nothing from elsewhere.
    pub(crate) fn load(cli: &Cli, data: &Path) -> Result<Self, Failure> {
        if let Some(path) = &cli.config {
            return Self::read(path)?.ok_or_else(|| {
                Failure::usage(format!("there is no configuration file {}", path.display()))
                    .remedy("make it, or leave out --config and SDMP_CONFIG")
            });
        }
        if let Some(settings) = Self::read(&data.join(NAME))? {
            return Ok(settings);
        }
        let platform = etcetera::choose_base_strategy().ok().filter(|_| cli.data.is_none());
        let Some(platform) = platform else { return Ok(Self::default()) };
        Ok(Self::read(&platform.config_dir().join("sdmp").join(NAME))?.unwrap_or_default())
    }

    fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let failed = |error: std::io::Error| {
            Failure::usage(format!("cannot read the configuration {}: {error}", path.display()))
                .remedy("make it readable, or name another with --config")
        };
        let text = match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Ok(metadata) if metadata.len() > LONGEST => {
                return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
            }
            Ok(_) => std::fs::read_to_string(path).map_err(failed)?,
            Err(error) => return Err(failed(error)),
        };
        let directory = path.parent().unwrap_or(Path::new("."));
        let mut settings = Self::parse(&text, directory).map_err(|cause| {
            Failure::new(Exit::Usage, "config", format!("in {}: {cause}", path.display()))
                .remedy("docs/program.md lists the keys and their values")
        })?;
        settings.file = Some(path.to_owned());
        Ok(Some(settings))
    }

    /// Relative paths in the file start from its directory.
    fn parse(text: &str, directory: &Path) -> Result<Self, String> {
        let table: Table =
            text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let mut settings = Self::default();
        for (name, value) in &table {
            settings
                .set(name, value, directory)
                .map_err(|cause| format!("{}: {cause}", crate::io::printable(name)))?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &Value, directory: &Path) -> Result<(), String> {
        let path = || text(value).map(|path| Some(directory.join(path)));
        match name {
            "key" => self.key = Some(text(value)?.to_owned()),
            "profile" => self.profile = Some(profile(text(value)?)?),
            "group" => self.group = Some(group(text(value)?)?),
            "max-group-bits" => self.max_group_bits = Some(number(value)?),
            "passphrase-file" => self.passphrase_file = path()?,
            "listen" => self.listen = Some(Address::from_str(text(value)?)?),
            "out" => self.out = path()?,
            "max-size" => {
                self.max_size = Some(match value {
                    Value::Integer(_) => number(value)?,
                    _ => size(text(value)?)?,
                });
            }
            "quiet" => self.quiet = value.as_bool().ok_or("write true or false")?,
            "verbose" => self.verbose = number(value)?,
            _ => return Err("there is no such key".to_owned()),
        }
        Ok(())
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "write it as a text in quotes".to_owned())
}

fn profile(text: &str) -> Result<Profile, String> {
    text.parse().map_err(|error: sdmp_handshake::UnknownName| error.to_string())
}

fn number<T: TryFrom<i64>>(value: &Value) -> Result<T, String> {
    value
        .as_integer()
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| "write it as a number, not negative and not too large".to_owned())
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
