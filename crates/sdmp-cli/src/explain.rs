//! What the objects on the wire say, opened with the keys that the nodes themselves logged.
//!
//! Everything here starts from recorded octets: nothing is taken from inside the nodes but their
//! keys, so what is shown is what was sent.

pub(crate) mod keys;
pub(crate) mod pretty;
pub(crate) mod rules;
pub(crate) mod tap;

use sdmp_container::{Container, CoreSchema, Limits, Signature, b64url};
use sdmp_envelope::network::Sealed;
use sdmp_envelope::{ContentKey, signature};

use crate::cli::Profile;
use crate::error::{Exit, Failure};
use keys::Keys;
use rules::Kind;
use tap::{Side, WireObject};

/// One object of the wire, understood.
#[derive(Debug)]
pub(crate) struct Explained<'a> {
    pub(crate) kind: Kind,
    pub(crate) object: &'a WireObject,
    /// From the outside in.
    pub(crate) layers: Vec<Layer>,
}

/// One layer inside an object.
#[derive(Debug)]
pub(crate) struct Layer {
    /// What it is and how it was reached.
    pub(crate) title: String,
    /// The JSON text, exactly as it was found.
    pub(crate) text: String,
}

/// Explains all objects of a session, in the order in which they were sent.
pub(crate) fn explain<'a>(
    objects: &'a [WireObject],
    keys: &Keys,
    profile: Profile,
) -> Result<Vec<Explained<'a>>, Failure> {
    let mut sent = [0_u64; 2];
    objects
        .iter()
        .map(|object| {
            let [initiator, responder] = &mut sent;
            let count = match object.from {
                Side::Initiator => initiator,
                Side::Responder => responder,
            };
            let place = *count;
            *count += 1;
            explain_one(object, place, keys, profile)
        })
        .collect()
}

fn explain_one<'a>(
    object: &'a WireObject,
    place: u64,
    keys: &Keys,
    profile: Profile,
) -> Result<Explained<'a>, Failure> {
    let text = object.text.clone();
    let Some(previous) = place.checked_sub(1) else {
        let kind = Kind::creation(object.from);
        let title = "in plaintext: the session creation object".to_owned();
        return Ok(Explained { kind, object, layers: vec![Layer { title, text }] });
    };
    let (key, sequence) = match (profile, previous.checked_sub(1)) {
        (Profile::Published, _) => (keys.published()?, 0),
        (Profile::Hardened, None) => (keys.handshake(object.from)?, 0),
        (Profile::Hardened, Some(sequence)) => (keys.traffic(object.from)?, sequence),
    };
    let plaintext = open(&text, &key, sequence)?;
    let container = Container::parse(plaintext.as_str(), &Limits::DEFAULT)?;
    let kind = kind_of(object.from, place, &container, profile);
    let mut layers = vec![Layer { title: opened_with(profile, place, sequence), text: plaintext }];
    if container.lists(CoreSchema::Signature) {
        signed_layers(&container, &mut layers)?;
    }
    Ok(Explained { kind, object, layers })
}

fn open(text: &str, key: &ContentKey, sequence: u64) -> Result<String, Failure> {
    let plaintext = Sealed::parse(text.as_bytes(), &Limits::DEFAULT)?.open(key, sequence)?;
    String::from_utf8(plaintext)
        .map_err(|_| Failure::new(Exit::Invalid, "explain.not_text", "an object holds no text"))
}

fn opened_with(profile: Profile, place: u64, sequence: u64) -> String {
    match (profile, place) {
        (Profile::Published, _) => "opened with the one key of the session".to_owned(),
        (Profile::Hardened, 1) => "opened with the sender's handshake key, number 0".to_owned(),
        (Profile::Hardened, _) => {
            format!("opened with the sender's traffic key, number {sequence}")
        }
    }
}

fn kind_of(from: Side, place: u64, container: &Container, profile: Profile) -> Kind {
    match (place, profile) {
        (1, _) => Kind::proof(from),
        (2, Profile::Hardened) => Kind::confirmation(from),
        _ if container.lists(CoreSchema::Receipt) => Kind::Close,
        _ => Kind::Traffic,
    }
}

/// What a signature container covers: the protected header, and the signed container.
fn signed_layers(container: &Container, layers: &mut Vec<Layer>) -> Result<(), Failure> {
    let object = Signature::from_container(container)?;
    for entry in object.signatures() {
        layers.push(Layer {
            title: "the header that the signature covers (who signed)".to_owned(),
            text: text_of(b64url::decode(entry.protected())?)?,
        });
    }
    layers.push(Layer {
        title: "the container that the signature covers".to_owned(),
        text: text_of(signature::check_payload(&object)?)?,
    });
    Ok(())
}

fn text_of(octets: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(octets)
        .map_err(|_| Failure::new(Exit::Invalid, "explain.not_text", "a signed part is no text"))
}
