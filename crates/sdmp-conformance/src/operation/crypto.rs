//! Operations on octets: hashes, keys, groups, content encryption.

use super::{Failure, Operation, Outcome, output};
use crate::error::Error;
use crate::input::{Input, to_hex};
use crate::keys;
use sdmp_container::{Fingerprint, b64url};
use sdmp_crypto::content::{a256cbc, a256cbc_hs512};
use sdmp_crypto::dh::{Group, Groups, NamedGroup};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::hkdf::Prk;
use sdmp_crypto::random::Random;
use sdmp_crypto::rsa::{OaepHash, PrivateKey, PublicKey};
use sdmp_crypto::secret::Secret;
use serde_json::json;

/// The operation of this name, if it belongs here.
pub(super) fn find(name: &str) -> Option<Operation> {
    Some(match name {
        "hash.sha512" => hash,
        "hkdf.derive" => hkdf,
        "rsa.load_public" => load_public,
        "rsa.load_private" => load_private,
        "rsa.verify" => verify,
        "rsa.decrypt_oaep" => decrypt_oaep,
        "dh.find" => find_group,
        "dh.agree" => agree,
        "a256cbc_hs512.seal" => seal,
        "a256cbc_hs512.open" => open,
        "a256cbc.encrypt" => encrypt,
        "a256cbc.decrypt" => decrypt,
        _ => return None,
    })
}

fn failure(error: &sdmp_crypto::Error) -> Failure {
    Failure::new(error.code(), error)
}

fn hex(name: &str, octets: &[u8]) -> Outcome {
    output([(name, json!(to_hex(octets)))])
}

fn hash(input: Input<'_>) -> Result<Outcome, Error> {
    let hash = sha512(&input.octets("octets")?);
    Ok(output([("hex", json!(to_hex(&hash))), ("text", json!(b64url::encode(&hash)))]))
}

fn hkdf(input: Input<'_>) -> Result<Outcome, Error> {
    let length = input.optional_number("length")?.and_then(|length| usize::try_from(length).ok());
    let mut okm = vec![0; length.ok_or_else(|| Error::vector("length is missing"))?];
    let prk = Prk::extract(&input.octets("salt")?, &input.octets("ikm")?);
    let expanded = prk.expand(&[&input.octets("info")?], &mut okm);
    Ok(expanded.map_err(|error| failure(&error)).and_then(|()| hex("hex", &okm)))
}

fn describe(key: &PublicKey) -> Outcome {
    output([
        ("bits", json!(key.bits())),
        ("exponent", json!(key.exponent())),
        ("fingerprint", json!(Fingerprint::from_octets(key.fingerprint()).to_string())),
        ("pem", json!(key.canonical_pem())),
        ("published", json!(key.is_known_compromised())),
    ])
}

fn load_public(input: Input<'_>) -> Result<Outcome, Error> {
    let loaded = PublicKey::from_pem(input.text("pem")?);
    Ok(loaded.map_err(|error| failure(&error)).and_then(|key| describe(&key)))
}

fn load_private(input: Input<'_>) -> Result<Outcome, Error> {
    let passphrase = input.optional_text("passphrase").map(str::as_bytes);
    let loaded = PrivateKey::from_pem(input.text("pem")?, passphrase);
    Ok(loaded.map_err(|error| failure(&error)).and_then(|key| describe(key.public())))
}

fn verify(input: Input<'_>) -> Result<Outcome, Error> {
    let key = match input.optional_text("pem") {
        Some(pem) => PublicKey::from_pem(pem).map_err(|error| Error::vector(error.to_string()))?,
        None => keys::public(input.text("key")?)?,
    };
    let verified = key.verify(&input.octets("message")?, &input.octets("signature")?);
    Ok(verified.map_err(|error| failure(&error)).and_then(|()| output([])))
}

fn decrypt_oaep(input: Input<'_>) -> Result<Outcome, Error> {
    let hash = match input.text("hash")? {
        "sha1" => OaepHash::Sha1,
        _ => OaepHash::Sha512,
    };
    let decrypted = keys::private(input.text("key")?)?.decrypt_oaep(&input.octets("octets")?, hash);
    Ok(decrypted.map_err(|error| failure(&error)).and_then(|secret| hex("hex", secret.expose())))
}

fn find_group(input: Input<'_>) -> Result<Outcome, Error> {
    let g = input.optional_number("g")?.ok_or_else(|| Error::vector("g is missing"))?;
    let found = Groups::new().lookup(&input.octets("p")?, g).map_err(|error| failure(&error));
    Ok(found
        .and_then(|group| output([("name", json!(group.name())), ("bits", json!(group.bits()))])))
}

fn named(input: Input<'_>) -> Result<Group, Error> {
    let name: NamedGroup =
        input.text("group")?.parse().map_err(|_| Error::vector("no such group"))?;
    Ok(Groups::new().named(name))
}

fn agree(input: Input<'_>) -> Result<Outcome, Error> {
    let mut exponent = Fixed(input.octets("exponent")?);
    let peer = input.octets("peer")?;
    let ephemeral =
        named(input)?.ephemeral(&mut exponent).map_err(|error| Error::vector(error.to_string()))?;
    let public = to_hex(ephemeral.public());
    Ok(ephemeral.agree(&peer).map_err(|error| failure(&error)).and_then(|shared| {
        output([("public", json!(public)), ("shared", json!(to_hex(shared.expose())))])
    }))
}

/// Gives the octets of a vector in order, so that what is random elsewhere is known.
#[derive(Debug)]
pub(crate) struct Fixed(pub(crate) Vec<u8>);

impl Random for Fixed {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), sdmp_crypto::Error> {
        if self.0.len() < octets.len() {
            return Err(sdmp_crypto::Error::Random);
        }
        let rest = self.0.split_off(octets.len());
        octets.copy_from_slice(&self.0);
        self.0 = rest;
        Ok(())
    }
}

fn authenticated_key(input: Input<'_>) -> Result<a256cbc_hs512::Key, Error> {
    Ok(a256cbc_hs512::Key::new(Secret::new(input.array::<64>("key")?)))
}

fn seal(input: Input<'_>) -> Result<Outcome, Error> {
    let key = authenticated_key(input)?;
    let mut octets = input.octets("plaintext")?;
    let sealed =
        a256cbc_hs512::seal_in_place(&key, &input.array("iv")?, &input.octets("aad")?, &mut octets);
    Ok(sealed.map_err(|error| failure(&error)).and_then(|()| hex("hex", &octets)))
}

fn open(input: Input<'_>) -> Result<Outcome, Error> {
    let key = authenticated_key(input)?;
    let mut octets = input.octets("octets")?;
    let opened =
        a256cbc_hs512::open_in_place(&key, &input.array("iv")?, &input.octets("aad")?, &mut octets);
    Ok(opened.map_err(|error| failure(&error)).and_then(|length| {
        octets.truncate(length);
        hex("hex", &octets)
    }))
}

fn encrypt(input: Input<'_>) -> Result<Outcome, Error> {
    let key = a256cbc::Key::new(Secret::new(input.array::<32>("key")?));
    let mut octets = input.octets("plaintext")?;
    let encrypted = a256cbc::Encryptor::new(&key, &input.array("iv")?).update(&mut octets);
    Ok(encrypted.map_err(|error| failure(&error)).and_then(|()| hex("hex", &octets)))
}

fn decrypt(input: Input<'_>) -> Result<Outcome, Error> {
    let key = a256cbc::Key::new(Secret::new(input.array::<32>("key")?));
    let mut octets = input.octets("octets")?;
    let decrypted = a256cbc::decrypt_in_place(&key, &input.array("iv")?, &mut octets);
    Ok(decrypted.map_err(|error| failure(&error)).and_then(|()| hex("hex", &octets)))
}
