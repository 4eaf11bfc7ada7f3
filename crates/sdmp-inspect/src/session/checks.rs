//! What the receiver of an object checks, done again from outside.

use sdmp_container::closed::{HandshakeSignature, Rejection, SessionCreation};
use sdmp_container::{
    Container, CoreSchema, Fingerprint, IdentityType, Limits, Receipt, Signature, Status, b64url,
};
use sdmp_crypto::dh::Groups;
use sdmp_envelope::network::Sealed;
use sdmp_envelope::signature;
use sdmp_handshake::schedule::transcript_2;
use sdmp_handshake::{Profile, Role, labels};

use super::decrypt::Opened;
use super::inspector::SessionInspector;
use crate::fields::fields;
use crate::key_log::Slot;
use crate::message_kind::Kind;
use crate::redact::{hide, lossy};
use crate::report::{Checks, Layer, Step};

const NO_KEY: &str = "it is sealed";

impl SessionInspector<'_> {
    /// Tells one object of a known place.
    pub(super) fn object(&mut self, object: &[u8], from: Option<Role>, place: u64) -> Step {
        let mut step = Step {
            kind: Kind::Unreadable,
            from,
            ms: None,
            octets: object.len(),
            wire: hide(lossy(object)),
            outer: Vec::new(),
            layers: Vec::new(),
            checks: Checks::default(),
            visible: "",
        };
        match (from, place) {
            _ if Rejection::parse(object).is_ok() => self.plain_refusal(object, place, &mut step),
            (Some(from), 0) => self.creation(object, from, &mut step),
            _ => self.sealed(object, from, place, &mut step),
        }
        step.visible = step.kind.visible(self.profile);
        step.hide_around_secrets();
        step
    }

    fn layer(&self, title: impl Into<String>, text: &str) -> Layer {
        Layer {
            title: title.into(),
            text: hide(text.to_owned()),
            fields: fields(text, self.known, self.moment),
        }
    }

    fn plain_refusal(&self, object: &[u8], place: u64, step: &mut Step) {
        step.kind = Kind::RefusalInPlaintext;
        step.layers.push(self.layer("in plaintext: a refusal", &lossy(object)));
        let bad_request = matches!(Rejection::parse(object), Ok(Status::BadRequest));
        step.checks.is(
            "R37",
            "in plaintext a refusal says bad_request, and nothing about why",
            bad_request,
            "it says something else",
        );
        step.checks.is(
            "R38",
            "it stands in place of M2 or M3",
            place <= 1,
            "at this place nothing is in plaintext",
        );
    }

    fn creation(&mut self, object: &[u8], from: Role, step: &mut Step) {
        step.kind = Kind::creation(from);
        *self.creations.of_mut(from) = Some(object.to_vec());
        let other = self.creations.of(from.other()).clone();
        let checks = &mut step.checks;
        checks.is("R42", "at most 4,096 octets", object.len() <= 4096, "it is longer");
        let creation = checks.result(
            "R4, R12, R40",
            "strict JSON, nothing but the members of a session creation object",
            SessionCreation::parse_within(object, &Limits::DEFAULT),
        );
        let title = match creation {
            Some(_) => "in plaintext: the session creation object",
            None => "in plaintext, where the session creation object should stand",
        };
        step.layers.push(self.layer(title, &lossy(object)));
        let checks = &mut step.checks;
        if let Some(creation) = creation {
            let group = checks.result(
                "R23",
                "the group is a named one",
                Groups::default().lookup(&creation.p, creation.g),
            );
            let other = other.and_then(|other| SessionCreation::parse(&other).ok());
            if let Some(group) = &group {
                checks.result("R25", "N is in 2 to p-2", group.check_public(&creation.n));
            }
            if let (Some(other), Role::Responder) = (other, from) {
                let same = other.p == creation.p && other.g == creation.g;
                checks.is("R28", "the same group as in M1", same, "it is another");
                checks.is("R25", "N is not that of M1", other.n != creation.n, "it is the same");
                checks.open("R26", "the shared secret is not 0, 1 or p-1", "only the two can know");
            }
        }
        self.creations_complete();
    }

    fn sealed(&mut self, object: &[u8], from: Option<Role>, place: u64, step: &mut Step) {
        let early = place <= 1 || place == 2 && self.profile == Profile::Hardened;
        step.kind = match (from, place, self.profile) {
            (Some(from), 1, _) => Kind::proof(from),
            (Some(from), 2, Profile::Hardened) => Kind::confirmation(from),
            _ => Kind::Sealed,
        };
        let limits = if early { Limits::CLOSED_HANDSHAKE } else { Limits::CLOSED_TRAFFIC };
        let sealed = step.checks.result(
            "R32, R40",
            "nothing but the members of an encrypted object, and no recipients",
            Sealed::parse(object, &limits),
        );
        let Some(sealed) = sealed else {
            step.kind = Kind::Unreadable;
            return;
        };
        step.outer = fields(&lossy(object), self.known, self.moment);
        let Some(from) = from else {
            let why = "it is not known who sent it, so neither which key and number it has";
            step.checks.open("R35", "the tag is right for this key and this number", why);
            return;
        };
        match self.open(&sealed, object.len(), from, place, &mut step.checks) {
            Opened::Text { text, slot, number } => {
                self.inside(text, slot, number, from, step);
            }
            Opened::Closed => closed(step),
        }
    }

    fn inside(&mut self, text: Vec<u8>, slot: Slot, number: u64, from: Role, step: &mut Step) {
        let title = match slot {
            Slot::Published => "opened with the one key of the session".to_owned(),
            Slot::Handshake => format!("opened with the sender's handshake key, number {number}"),
            Slot::Traffic => format!("opened with the sender's traffic key, number {number}"),
        };
        step.layers.push(self.layer(title, &lossy(&text)));
        if text == Rejection::NOT_FOUND.as_bytes() {
            step.kind = Kind::Refusal;
            step.checks.holds("R37", "the one refusal there is, the same for every cause");
            return;
        }
        match (step.kind, slot) {
            (Kind::M3 | Kind::M4, Slot::Handshake | Slot::Published) => {
                self.proof(text, from, step);
            }
            (Kind::FinR | Kind::FinI, Slot::Traffic) if number == 0 => {
                self.confirmation(&text, from, step);
            }
            _ => self.traffic(&text, from, step),
        }
    }

    /// M3 or M4: a signature over the octets of M1 or M2.
    fn proof(&mut self, text: Vec<u8>, from: Role, step: &mut Step) {
        let signed = self.creations.of(from).clone();
        let sentence = "the signed octets are exactly those that came in plaintext";
        self.signature(&text, "R29", sentence, signed.as_deref(), from, step);
        *self.proofs.of_mut(from) = Some(text);
        step.checks.open(
            "R30",
            "only then: the peer is trusted (the initiator also: it is the pinned one)",
            "that is its receiver's decision; what follows shows it",
        );
        let proofs = (self.proofs.of(Role::Initiator), self.proofs.of(Role::Responder));
        if let (Some(t1), (Some(p3), Some(p4))) = (&self.t1, proofs) {
            self.t2 = Some(transcript_2(t1, p3, p4));
        }
    }

    /// FIN: a signature over the hash of everything.
    fn confirmation(&mut self, text: &[u8], from: Role, step: &mut Step) {
        let expected = self.t2.as_ref().map(|t2| labels::confirmation(from, t2));
        let sentence = "the signed text is octet by octet the expected one: role, and hash of the whole transcript";
        let before = self.signers.of(from).clone();
        self.signature(text, "R31", sentence, expected.as_deref().map(str::as_bytes), from, step);
        let after = self.signers.of(from).clone();
        if let (Some((before, _)), Some((after, _))) = (before, after) {
            let sentence = "the same signer as before";
            step.checks.is("R31", sentence, before == after, "it is another");
        }
    }

    /// A closed signature container over exactly `expected`.
    fn signature(
        &mut self,
        text: &[u8],
        rule: &'static str,
        sentence: &str,
        expected: Option<&[u8]>,
        from: Role,
        step: &mut Step,
    ) {
        let parsed = step.checks.result(
            "R12, R17, R40",
            "nothing but the members of a signature container, with one signature",
            HandshakeSignature::parse(text),
        );
        let Some(object) = parsed else { return };
        for entry in object.signatures() {
            if let Ok(header) = b64url::decode(entry.protected()) {
                let title = "the header that the signature covers (who signed)";
                step.layers.push(self.layer(title, &lossy(&header)));
            }
        }
        let payload = step.checks.result(
            "R17",
            "the identifier is the hash of the payload",
            signature::check_payload(&object),
        );
        if let Some(payload) = payload {
            let title = "the container that the signature covers";
            step.layers.push(self.layer(title, &lossy(&payload)));
            match expected {
                Some(expected) => {
                    step.checks.is(rule, sentence, payload == expected, "they differ");
                }
                None => step.checks.open(rule, sentence, "the capture lacks what comes before"),
            }
        }
        self.signer(&object, from, &mut step.checks);
    }

    fn signer(&mut self, object: &Signature, from: Role, checks: &mut Checks) {
        let [entry] = object.signatures() else { return };
        let header = "a header of exactly `alg` and `kid`";
        let Some(kid) = checks.result("R18", header, signature::key_id(entry)) else { return };
        let verified = self.verify(object, &kid, checks);
        let verified = verified || self.signers.of(from).as_ref().is_some_and(|(_, yes)| *yes);
        *self.signers.of_mut(from) = Some((kid, verified));
    }

    fn verify(&self, object: &Signature, kid: &Fingerprint, checks: &mut Checks) -> bool {
        let holds = "the signature verifies with the key that `kid` names";
        let Some(identity) = self.known.identity(kid) else {
            let why = "no identity is known for `kid`: --identity FILE gives one";
            checks.open("R19, R30", holds, why);
            return false;
        };
        let sentence = "the identity is a node's, and had not expired";
        let usable = identity.check_usable(self.moment);
        match (usable, identity.kind()) {
            (Err(error), _) => checks.fails("R16", sentence, error),
            (Ok(()), IdentityType::User) => {
                let why = "it is a user's, which only a policy that allows it takes";
                checks.open("R16", sentence, why);
            }
            (Ok(()), IdentityType::Node) => checks.holds("R16", sentence),
        }
        let [entry] = object.signatures() else { return false };
        let result = signature::verify_entry(entry, object.payload(), identity.public_key());
        checks.result("R19", holds, result).is_some()
    }

    /// A container of the application, or the close.
    fn traffic(&mut self, text: &[u8], from: Role, step: &mut Step) {
        step.kind = Kind::Traffic;
        let valid = "a valid container of version 0.12.x that satisfies its core schemas";
        let parsed = Container::parse(text).and_then(|container| {
            container.check_core()?;
            Ok(container)
        });
        let Some(container) = step.checks.result("R38a", valid, parsed) else { return };
        if !container.version().is_0_12() {
            step.checks.fails("R8", "its version is 0.12.x", "it is another version");
        }
        if container.has_extensions() {
            step.checks.open(
                "R11",
                "it satisfies its extension schemas",
                "they are not looked up here; `sdmp container check --schema-dir DIR` does",
            );
        }
        let after = "nothing of its sender follows its close";
        if *self.closed.of(from) {
            step.checks.fails("R41", after, "its sender had said that nothing would follow");
        }
        let close = Receipt::from_container(&container).ok();
        if close.is_some_and(|text| text.as_str().starts_with(labels::CLOSE_RECEIPT))
            && container.lists(CoreSchema::Receipt)
            && self.profile == Profile::Hardened
        {
            self.close(text, from, step);
        } else if container.lists(CoreSchema::Signature) {
            self.signed_traffic(&container, step);
        }
    }

    fn close(&mut self, text: &[u8], from: Role, step: &mut Step) {
        step.kind = Kind::Close;
        let sentence = "octet by octet the close of this side and this transcript";
        match self.t2.as_ref().map(|t2| labels::close(from, t2)) {
            Some(expected) => {
                step.checks.is("R41", sentence, expected.as_bytes() == text, "they differ");
            }
            None => step.checks.open("R41", sentence, "the capture lacks the handshake"),
        }
        *self.closed.of_mut(from) = true;
    }

    /// A signed container of the application's: the same checks as for a file.
    fn signed_traffic(&self, container: &Container, step: &mut Step) {
        let mut inner = crate::container::Unwrapper::new(self.known, self.moment, None, step);
        inner.signature(container, 1);
    }
}

/// What cannot be checked because the object stays closed.
fn closed(step: &mut Step) {
    let rest: &[(&'static str, &str)] = match step.kind {
        Kind::M3 | Kind::M4 => &[
            ("R29", "the signed octets are exactly those that came in plaintext"),
            ("R19, R30", "the signature verifies with the key that `kid` names"),
        ],
        Kind::FinR | Kind::FinI => {
            &[("R31", "the signed text is the expected one, and the signature verifies")]
        }
        _ => &[("R38a", "a valid container, or the close of this side")],
    };
    for (rule, sentence) in rest {
        step.checks.open(rule, sentence, NO_KEY);
    }
}
