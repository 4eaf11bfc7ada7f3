//! Verification of signature containers (R12, R16 to R20).

use sdmp_container::closed::ResourceSignature;
use sdmp_container::{
    Container, CoreSchema, Fingerprint, Resource, Signature, SignatureEntry, Timestamp,
};

use crate::signature::{MAX_SIGNATURES, check_payload, key_id, verify_entry};
use crate::{Error, Identity, check};

/// A signature container whose every signature verified (R20).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verified {
    /// The container that was signed, parsed from exactly the signed octets.
    pub container: Container,
    /// Who signed, in the order of the signatures; who signed twice is named once.
    pub signers: Vec<Identity>,
    /// For whom the container is published, if it is a resource.
    pub published: Option<Published>,
    /// Of the signers, those whose identity has ended: always none from [`verify`].
    pub ended: Vec<(Fingerprint, Ended)>,
}

/// For whom a resource is published (R12).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// The resource's own statement.
    pub resource: Resource,
    /// Whether the one signer is `resource.user` itself. If not, whether the signer may publish for
    /// that user rests on `resource.trust`, which is *not* looked at here.
    pub by_user: bool,
}

/// Why an identity does not count any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The time of its identity is over (R6, R16).
    Expired,
    /// It was revoked, as the caller said.
    Revoked,
}

/// What the caller knows of a signer, for [`verify_control`].
#[derive(Clone, Debug)]
pub struct KnownSigner {
    /// The identity known under the fingerprint.
    pub identity: Identity,
    /// Whether that identity was revoked.
    pub revoked: bool,
}

/// Verifies a signature container (R17 to R20).
///
/// `identities` gives the identity known under a fingerprint. An identity counts only if it is
/// usable at `now` (R16): to judge an old signature, give the time at which it must have been valid.
/// Where the payload lists `resource`, the outer part must be closed and have one signature (R12,
/// R40).
///
/// # Errors
/// What is wrong with the container or with the one inside it, [`Error::TooManySignatures`],
/// [`Error::IdentifierMismatch`], [`Error::ProtectedHeader`], [`Error::BadSignature`]; where no
/// signature is wrong, [`Error::Expired`]; and where nothing else is, [`Error::UnknownSigner`].
pub fn verify(
    container: &Container,
    identities: &dyn Fn(&Fingerprint) -> Option<Identity>,
    now: Timestamp,
) -> Result<Verified, Error> {
    let known = |kid: &Fingerprint| {
        identities(kid).map(|identity| KnownSigner { identity, revoked: false })
    };
    verify_known(container, &known, now, false)
}

/// As [`verify`], except that signatures on control by identities that have ended count: `control`
/// is an `identity`, a `trust` or a `revoke`, published as a resource. [`Verified::ended`] says so.
///
/// Control is admitted by its structure, and whether it has an effect is asked at each use (R16,
/// R20): a revocation must not lose its effect because the key that signed it has expired since.
/// Use [`verify`] wherever a signature gives authority *now*.
///
/// # Errors
/// As [`verify`]; [`Error::Expired`] and [`Error::Revoked`] only for what is no control.
pub fn verify_control(
    container: &Container,
    signers: &dyn Fn(&Fingerprint) -> Option<KnownSigner>,
    now: Timestamp,
) -> Result<Verified, Error> {
    verify_known(container, signers, now, true)
}

fn verify_known(
    container: &Container,
    known: &dyn Fn(&Fingerprint) -> Option<KnownSigner>,
    now: Timestamp,
    control: bool,
) -> Result<Verified, Error> {
    check::current_as(container, CoreSchema::Signature)?;
    let object = Signature::from_container(container)?;
    // Each costs a verification of the whole payload, which a stranger may have made long.
    if object.signatures().len() > MAX_SIGNATURES {
        return Err(Error::TooManySignatures);
    }
    // Parsed from the signed octets, so that what is returned is what was signed (R5).
    let inner = Container::parse(check_payload(&object)?)?;
    check::current(&inner)?;
    // Strict only for resources: their outer part is hashed and stored by everyone (R40).
    if inner.lists(CoreSchema::Resource) {
        ResourceSignature::check(container)?;
    }
    let signers = Signers::read(&object, known, now)?;
    // A revocation that died with its signer's key would let the revoked key live again.
    if !(control && is_control(&inner)) {
        signers.check_alive()?;
    }
    if let Some(kid) = signers.unknown {
        return Err(Error::UnknownSigner(kid));
    }
    let published = published(&inner, &signers.known)?;
    Ok(Verified { container: inner, signers: signers.known, published, ended: signers.ended })
}

/// What authority rests on: resources that say who is who and who may what.
fn is_control(container: &Container) -> bool {
    let kinds = [CoreSchema::Identity, CoreSchema::Trust, CoreSchema::Revoke];
    container.lists(CoreSchema::Resource) && kinds.iter().any(|kind| container.lists(*kind))
}

fn published(container: &Container, signers: &[Identity]) -> Result<Option<Published>, Error> {
    if !container.lists(CoreSchema::Resource) {
        return Ok(None);
    }
    let resource = Resource::from_container(container)?;
    let by_user = matches!(signers, [one] if one.fingerprint() == resource.user());
    Ok(Some(Published { resource, by_user }))
}

/// The signers of a container whose signatures all verified, as far as their keys are known.
#[derive(Default)]
struct Signers {
    known: Vec<Identity>,
    ended: Vec<(Fingerprint, Ended)>,
    unknown: Option<Fingerprint>,
}

impl Signers {
    /// A bad signature is worse news than an ended or unknown signer, so all are looked at first.
    fn read(
        object: &Signature,
        known: &dyn Fn(&Fingerprint) -> Option<KnownSigner>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut signers = Self::default();
        for entry in object.signatures() {
            signers.add(entry, object.payload(), known, now)?;
        }
        Ok(signers)
    }

    fn add(
        &mut self,
        entry: &SignatureEntry,
        payload: &str,
        known: &dyn Fn(&Fingerprint) -> Option<KnownSigner>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let kid = key_id(entry)?;
        // An answer for another fingerprint is treated as no answer.
        let Some(signer) = known(&kid).filter(|known| *known.identity.fingerprint() == kid) else {
            self.unknown = Some(kid);
            return Ok(());
        };
        let KnownSigner { identity, revoked } = signer;
        verify_entry(entry, payload, identity.public_key())?;
        // Two signatures of one key are one signer, or a single key could fake a quorum.
        if self.known.iter().any(|known| known.fingerprint() == identity.fingerprint()) {
            return Ok(());
        }
        if revoked {
            self.ended.push((kid, Ended::Revoked));
        } else if identity.check_usable(now).is_err() {
            self.ended.push((kid, Ended::Expired));
        }
        self.known.push(identity);
        Ok(())
    }

    fn check_alive(&self) -> Result<(), Error> {
        match self.ended.first() {
            None => Ok(()),
            Some((_, Ended::Expired)) => Err(Error::Expired),
            Some((_, Ended::Revoked)) => Err(Error::Revoked),
        }
    }
}
