//! Private keys as other programs write them: PEM, DER, or a container (R14).

use sdmp_container::{Container, CoreSchema, Timestamp};
use sdmp_crypto::error::KeyError;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::private_key;
use zeroize::Zeroizing;

use crate::error::{Exit, Failure};
use crate::passphrase::Passphrase;

/// What a file held.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) key: PrivateKey,
    /// Only containers say when a key ends.
    pub(super) expires: Option<Timestamp>,
    /// The passphrase that it was protected by.
    pub(super) passphrase: Option<Zeroizing<String>>,
}

/// Reads a private key in any of the forms that occur. A passphrase is asked for only where the
/// form can be read.
pub(super) fn read(octets: &[u8], passphrase: &Passphrase) -> Result<Read, Failure> {
    // DER begins with a SEQUENCE; neither PEM nor JSON can begin with this octet.
    if octets.first() == Some(&0x30) {
        return der(octets);
    }
    if octets.starts_with(b"\xef\xbb\xbf") {
        return Err(Failure::new(
            Exit::Invalid,
            "key.bom",
            "the file begins with a byte order mark",
        )
        .remedy("remove its first three octets (EF BB BF), as `tail -c +4 FILE` does"));
    }
    let text = std::str::from_utf8(octets).map_err(|_| {
        Failure::new(Exit::Invalid, "key.unreadable", "this is neither PEM, DER nor a container")
            .remedy(FORMS)
    })?;
    if text.trim_start().starts_with('{') {
        container(octets, passphrase)
    } else {
        pem(text, passphrase)
    }
}

fn der(octets: &[u8]) -> Result<Read, Failure> {
    let key = PrivateKey::from_pkcs8_der(octets).or_else(|error| {
        // Told apart by trying; the error of the newer form is the one to show.
        PrivateKey::from_pkcs1_der(octets).map_err(|_| error)
    });
    let key = key.map_err(|error| {
        unreadable(&error).remedy(
            "an encrypted key is read as PEM: `openssl pkcs8 -inform DER -in FILE -topk8 -v2 aes-256-cbc -out KEY.pem`",
        )
    })?;
    Ok(Read { key, expires: None, passphrase: None })
}

fn container(octets: &[u8], passphrase: &Passphrase) -> Result<Read, Failure> {
    let container = Container::parse(octets)?;
    if !container.lists(CoreSchema::PrivateKey) {
        return Err(Failure::new(
            Exit::Invalid,
            "envelope.wrong_schema",
            "the container holds no private key",
        )
        .remedy("the identity of a peer is added with `sdmp peer add NAME FILE`"));
    }
    let passphrase = match private_key::is_encrypted(&container)? {
        true => Some(passphrase.get(PROMPT)?),
        false => None,
    };
    let loaded = private_key::open(&container, passphrase.as_ref().map(|text| text.as_bytes()))?;
    Ok(Read { key: loaded.key, expires: Some(loaded.expires), passphrase })
}

fn pem(text: &str, passphrase: &Passphrase) -> Result<Read, Failure> {
    // A passphrase is not asked for in vain.
    refuse_before_asking(text)?;
    let (key, passphrase) = match PrivateKey::from_foreign_pem(text, None) {
        Err(sdmp_crypto::Error::Key(KeyError::PassphraseNeeded)) => {
            let passphrase = passphrase.get(PROMPT)?;
            (PrivateKey::from_foreign_pem(text, Some(passphrase.as_bytes())), Some(passphrase))
        }
        read => (read, None),
    };
    Ok(Read { key: key.map_err(|error| unreadable(&error))?, expires: None, passphrase })
}

const PROMPT: &str = "Passphrase of the key: ";
const CONVERT: &str =
    "convert it: `openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out KEY.pem`, then import KEY.pem";
const FORMS: &str = "PKCS#8 and PKCS#1 keys are read, as PEM or DER: RSA, 2048 to 8192 bits";

/// Forms that no passphrase makes readable, each with the command that converts it.
const OTHER_FORMS: [(&str, &str, &str); 3] = [
    (
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "this key is in the format of OpenSSH",
        "convert a copy of it: `cp FILE COPY; ssh-keygen -p -m PKCS8 -f COPY`, then import COPY",
    ),
    (
        "Bag Attributes",
        "there is text before the key, as `openssl pkcs12` writes it",
        "take the key out: `openssl pkey -in FILE -out KEY.pem`, then import KEY.pem",
    ),
    ("Proc-Type: 4,ENCRYPTED", "this key is encrypted in the old form of PKCS#1", CONVERT),
];

fn refuse_before_asking(text: &str) -> Result<(), Failure> {
    match OTHER_FORMS.iter().find(|(mark, ..)| text.contains(mark)) {
        Some((_, cause, remedy)) => {
            Err(Failure::new(Exit::Invalid, "key.other_form", *cause).remedy(*remedy))
        }
        None => Ok(()),
    }
}

fn unreadable(error: &sdmp_crypto::Error) -> Failure {
    let remedy = match error {
        sdmp_crypto::Error::Key(KeyError::Encryption) => CONVERT,
        _ => FORMS,
    };
    Failure::new(Exit::Invalid, error.code(), format!("cannot read the private key: {error}"))
        .remedy(remedy)
}
