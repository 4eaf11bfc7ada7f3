//! A container as it is stored or handed on, layer by layer: signature, encryption, what is inside.

use sdmp_container::closed::ResourceSignature;
use sdmp_container::{
    Container, CoreSchema, Encrypted, Identity as IdentityObject, SchemaName, Signature, Timestamp,
    b64url,
};
use sdmp_crypto::dh::Groups;
use sdmp_crypto::rsa::{PrivateKey, PublicKey};
#[cfg(feature = "aws-lc-rs")]
use sdmp_envelope::encrypted::{self, Opened};
use sdmp_envelope::signature;
use sdmp_schema::Validator;

use crate::fields::{fields, sealed_size};
use crate::known::KnownIdentities;
use crate::message_kind::Kind;
use crate::redact::{hide, lossy};
use crate::report::{Checks, Layer, Session, Step};
use sdmp_handshake::Profile;

/// Containers inside containers are opened so deep.
const DEEPEST: usize = 8;

/// Opens and checks a container. `key` opens what is encrypted for it.
pub(crate) fn inspect(
    octets: &[u8],
    known: &KnownIdentities,
    now: Timestamp,
    key: Option<&PrivateKey>,
) -> Session {
    let mut step = Step {
        kind: Kind::Container,
        from: None,
        ms: None,
        octets: octets.len(),
        wire: hide(lossy(octets)),
        outer: Vec::new(),
        layers: Vec::new(),
        checks: Checks::default(),
        visible: Kind::Container.visible(Profile::Hardened),
    };
    Unwrapper::new(known, now, key, &mut step).unwrap_layers(octets, "the container", 0);
    step.hide_around_secrets();
    Session {
        title: "container".to_owned(),
        profile: None,
        initiator: None,
        responder: None,
        session_id: None,
        steps: vec![step],
        notes: Vec::new(),
    }
}

/// Takes layer after layer off a container.
pub(crate) struct Unwrapper<'a> {
    known: &'a KnownIdentities,
    moment: Timestamp,
    key: Option<&'a PrivateKey>,
    step: &'a mut Step,
}

impl<'a> Unwrapper<'a> {
    pub(crate) fn new(
        known: &'a KnownIdentities,
        moment: Timestamp,
        key: Option<&'a PrivateKey>,
        step: &'a mut Step,
    ) -> Self {
        Self { known, moment, key, step }
    }

    fn layer(&mut self, title: &str, text: &str) {
        self.step.layers.push(Layer {
            title: title.to_owned(),
            text: hide(text.to_owned()),
            fields: fields(text, self.known, self.moment),
        });
    }

    pub(crate) fn unwrap_layers(&mut self, octets: &[u8], title: &str, depth: usize) {
        // Shown before it is parsed: what is invalid should be seen as well.
        self.layer(title, &lossy(octets));
        let parsed = Container::parse(octets).map_err(|error| {
            let place = error.position(octets);
            let place = place.map(|(line, column)| format!("line {line}, column {column}: "));
            format!("{}{}, {}", place.unwrap_or_default(), error.kind(), error.code())
        });
        let sentence = "strict JSON with a header that names its schemas";
        let Some(container) = self.step.checks.result("R3, R4, R7, R8, R9", sentence, parsed)
        else {
            return;
        };
        if container.version().is_0_12() {
            self.step.checks.holds("R8", "a version that is supported");
        } else {
            let why = format!("{} is valid, but only 0.12.x is supported", container.version());
            self.step.checks.open("R8", "a version that is supported", why);
        }
        self.schemas(&container);
        for schema in container.schemas().to_vec() {
            let SchemaName::Core(core) = schema else { continue };
            match core {
                CoreSchema::Signature => self.signature(&container, depth + 1),
                CoreSchema::Encrypted => self.encrypted(&container, depth + 1),
                CoreSchema::Identity => self.identity(&container),
                CoreSchema::SharedKey => self.session_creation(&container),
                _ => {}
            }
        }
    }

    fn schemas(&mut self, container: &Container) {
        let sentence = "it satisfies each schema that it names";
        if container.has_extensions() {
            let core = container.check_core();
            self.step.checks.result("R11", "it satisfies each core schema that it names", core);
            let why = "extension schemas are not looked up here; `sdmp container check --schema-dir DIR` does";
            self.step.checks.open("R11", sentence, why);
            return;
        }
        let valid = container
            .check_core()
            .map_err(|error| error.to_string())
            .and_then(|()| Validator::new().validate(container).map_err(|error| error.to_string()));
        self.step.checks.result("R11", sentence, valid);
    }

    pub(crate) fn signature(&mut self, container: &Container, depth: usize) {
        let Ok(object) = Signature::from_container(container) else { return };
        let payload = self.step.checks.result(
            "R17",
            "the identifier is the hash of the payload",
            signature::check_payload(&object),
        );
        self.resource(container, payload.as_deref());
        // Each is a verification: a container with thousands must not stall the report.
        for entry in object.signatures().iter().take(signature::MAX_SIGNATURES) {
            if let Ok(header) = b64url::decode(entry.protected()) {
                self.layer("a header that its signature covers (who signed)", &lossy(&header));
            }
            let sentence = "the header is exactly `alg` and `kid`";
            let kid = self.step.checks.result("R18", sentence, signature::key_id(entry));
            let Some(kid) = kid else { continue };
            let holds = match self.known.name(&kid) {
                Some(name) => format!("the signature of {name} verifies"),
                None => "the signature verifies with the key that `kid` names".to_owned(),
            };
            // Open and not failed: an unknown signer says nothing about the signature.
            let Some(identity) = self.known.identity(&kid) else {
                let why = "no identity is known for `kid`: --identity FILE gives one";
                self.step.checks.open("R19, R20", &holds, why);
                continue;
            };
            let result = signature::verify_entry(entry, object.payload(), identity.public_key());
            self.step.checks.result("R19, R20", &holds, result);
            let sentence = format!("the signer's identity had not expired at {}", self.moment);
            self.step.checks.result("R16", &sentence, identity.check_usable(self.moment));
        }
        if let Some(payload) = payload {
            self.inner(&payload, "the container that was signed", depth);
        }
    }

    /// The outer part of a resource is closed, and has one signature (R12, R40).
    fn resource(&mut self, container: &Container, payload: Option<&[u8]>) {
        let inner = payload.and_then(|payload| Container::parse(payload).ok());
        if inner.is_some_and(|inner| inner.lists(CoreSchema::Resource)) {
            let sentence = "the outer part of a resource is closed and has one signature";
            self.step.checks.result("R12, R40", sentence, ResourceSignature::check(container));
        }
    }

    fn inner(&mut self, octets: &[u8], title: &str, depth: usize) {
        // Signed and sealed containers can be nested as deeply as their author likes.
        if depth <= DEEPEST {
            self.unwrap_layers(octets, title, depth);
        } else {
            self.layer(title, &lossy(octets));
            let why = format!("containers are opened {DEEPEST} deep");
            self.step.checks.open("R17", "what is inside is a container", why);
        }
    }

    fn encrypted(&mut self, container: &Container, depth: usize) {
        let Ok(object) = Encrypted::from_container(container) else { return };
        let octets = b64url::decode(object.payload()).map(|payload| payload.len());
        let size = octets.ok().and_then(sealed_size);
        let sentence = "the payload has the length of a padded and sealed text";
        self.step.checks.is("R21, R33", sentence, size.is_some(), "it has another length");
        let sentence = "it opens, and what is inside is a container";
        if object.recipients().is_empty() {
            let why = "it has no recipients: an object out of a session, which opens only there";
            self.step.checks.open("R32", sentence, why);
            return;
        }
        let Some(key) = self.key else {
            let why = format!(
                "it is sealed for {} who are not named; --key NAME tries a key of yours",
                recipients(object.recipients().len())
            );
            self.step.checks.open("R22", sentence, why);
            return;
        };
        self.open(container, key, sentence, depth);
    }

    #[cfg(not(feature = "aws-lc-rs"))]
    fn open(&mut self, _: &Container, _: &PrivateKey, sentence: &str, _: usize) {
        let why = "this program was built without recipient encryption";
        self.step.checks.open("R22", sentence, why);
    }

    #[cfg(feature = "aws-lc-rs")]
    fn open(&mut self, container: &Container, key: &PrivateKey, sentence: &str, depth: usize) {
        let opened = encrypted::open(container, key);
        let Some(opened) = self.step.checks.result("R21, R22", sentence, opened) else { return };
        let sentence = "it has not been altered since it was sealed";
        match opened {
            Opened::Authenticated(_) => self.step.checks.holds("R21", sentence),
            Opened::Unauthenticated(_) => {
                let why = "it has the form of the 0.12 text, without a tag";
                self.step.checks.open("R21", sentence, why);
            }
        }
        self.inner(opened.container().as_bytes(), "the container that was sealed", depth);
    }

    fn identity(&mut self, container: &Container) {
        let Ok(object) = IdentityObject::from_container(container) else { return };
        let checks = &mut self.step.checks;
        let sentence = "the key is an RSA key of 2048 to 8192 bits with a usable exponent";
        let key = checks.result("R13", sentence, PublicKey::from_pem(object.key()));
        if let Some(key) = key {
            let canonical = key.is_canonical(object.key());
            checks.is("R14", "the key stands in its one canonical form", canonical, "it does not");
            let same = key.fingerprint() == *object.fingerprint().as_octets();
            checks.is("R15", "the fingerprint is that of the key", same, "it is another");
            let secret = !key.is_known_compromised();
            let why = "its private half was published with the specification";
            checks.is("R13", "the private half is not public", secret, why);
        }
        let valid = !object.expires().is_expired(self.moment);
        let sentence = format!("it had not expired at {}", self.moment);
        checks.is("R16", &sentence, valid, "it had");
        let why = "anyone can make an identity: compare the fingerprint with its owner";
        checks.open("R30", "it is whose it is said to be", why);
    }

    fn session_creation(&mut self, container: &Container) {
        let checks = &mut self.step.checks;
        let creation = checks.result(
            "R12, R40",
            "nothing but the members of a session creation object",
            sdmp_container::closed::SessionCreation::parse(container.as_bytes()),
        );
        let Some(creation) = creation else { return };
        let group = Groups::default().lookup(&creation.p, creation.g);
        if let Some(group) = checks.result("R23", "the group is a named one", group) {
            checks.result("R25", "N is in 2 to p-2", group.check_public(&creation.n));
        }
    }
}

fn recipients(count: usize) -> String {
    if count == 1 { "one recipient".to_owned() } else { format!("{count} recipients") }
}
