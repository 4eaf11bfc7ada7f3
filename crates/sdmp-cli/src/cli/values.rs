//! Values of the command line that need more than clap's own parsers.

use sdmp_container::Timestamp;
use sdmp_crypto::dh::NamedGroup;

pub(super) fn group(name: &str) -> Result<NamedGroup, String> {
    name.parse().map_err(|_| {
        "not a named group (R23): ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144, ffdhe8192, \
         modp14, modp15, modp16, modp17 or modp18"
            .to_owned()
    })
}

pub(super) fn bits(text: &str) -> Result<u32, String> {
    match text {
        "2048" => Ok(2048),
        "3072" => Ok(3072),
        "4096" => Ok(4096),
        _ => Err("2048, 3072 or 4096 (R13)".to_owned()),
    }
}

pub(super) fn timestamp(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "not a timestamp (R6): write it as 2027-12-31T23:59:59.999Z".to_owned())
}
