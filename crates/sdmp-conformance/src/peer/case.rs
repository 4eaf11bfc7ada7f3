//! What a case is: one message of an honest session, changed in one way, and the reaction that a
//! correct peer shows. Tables of cases are data; `super::draft` makes octets of them.

use super::draft::Facts;
use super::record::Record;
use sdmp_crypto::dh::NamedGroup;
use sdmp_handshake::Profile;

/// Which side the tester plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It opens the connection.
    Initiator,
    /// It is called.
    Responder,
}

/// The sides and the profiles for which a case makes sense; none named means all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The one side that can play it.
    pub side: Option<Side>,
    /// Whether only the hardened (`true`) or only the published profile has it.
    pub hardened: Option<bool>,
}

/// The message that the tester changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// M1 or M2.
    Creation,
    /// M3 or M4.
    Proof,
    /// FIN.
    Confirmation,
    /// The first container after acceptance.
    Message,
    /// The close, and the end of the stream that follows.
    Close,
}

/// A part of a message while it is made, from the innermost to the octets on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The octets of p, in session creation.
    Prime,
    /// The text of g, in session creation.
    Generator,
    /// The octets of N, in session creation.
    Value,
    /// The octets that a signature container signs.
    Signed,
    /// Their base64url, as it stands in `payload`.
    Payload,
    /// The text of the protected header.
    Header,
    /// Its base64url.
    Protected,
    /// What is signed with the key: `protected.payload`.
    Input,
    /// The octets of the signature.
    Signature,
    /// The text of the identifier.
    Identifier,
    /// The text of the container that is encrypted.
    Inner,
    /// The plaintext with its zeros.
    Padded,
    /// The ciphertext and, hardened, its tag.
    Sealed,
    /// The initialisation vector, after sealing.
    Vector,
    /// The text of the object.
    Outer,
    /// The octets on the wire, the LF included.
    Wire,
}

/// How a part is changed.
#[derive(Debug, Clone, Copy)]
pub enum Edit {
    /// Another text.
    Is(&'static str),
    /// Other octets.
    Octets(&'static [u8]),
    /// The first occurrence of a text becomes another.
    Swap(&'static str, &'static str),
    /// Text in front.
    Before(&'static str),
    /// Text behind.
    After(&'static str),
    /// The lowest bit of one octet, counted from the front.
    Flip(usize),
    /// The lowest bit of one octet, counted from the end.
    FlipEnd(usize),
    /// Without the last octets.
    Cut(usize),
    /// White space behind the first octet, until the part has this length.
    Fill(usize),
    /// Anything else.
    By(fn(&Facts, &[u8]) -> Vec<u8>),
}

/// A person whose identity the tester has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Trusted by the peer, and pinned by a peer that dials.
    Tester,
    /// Trusted, but not the pinned one; has a key of 2056 bits.
    Other,
    /// Trusted, but of type `user`.
    User,
    /// Trusted once, expired since.
    Expired,
    /// Not trusted.
    Stranger,
}

/// A key under which an object can be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// The handshake's key of the tester's direction.
    Handshake,
    /// The handshake's key of the peer's direction.
    HandshakeBack,
    /// The traffic key of the tester's direction.
    Traffic,
    /// The traffic key of the peer's direction.
    TrafficBack,
    /// The first 64 octets of SHA-512(Z): a key that no transcript binds.
    Unbound,
    /// The one key of the published profile.
    Published,
}

/// One deviation in the making or the sending of the message.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// A part is changed.
    Edit(Layer, Edit),
    /// Another party signs, in its own name.
    Signer(Who),
    /// The tester signs in another party's name.
    Claims(Who),
    /// The tester signs in the peer's own name.
    ClaimsPeer,
    /// Another key seals.
    Key(Under),
    /// Another sequence number is sealed in.
    Number(u64),
    /// The session uses this group.
    Group(NamedGroup),
    /// An exponent whose N begins with a zero octet, and N is sent without it (in ffdhe2048).
    ShortValue,
    /// The octets of the whole session go out in pieces of so many octets.
    Pieces(usize),
    /// So many milliseconds between two octets.
    Trickle(u64),
    /// So many milliseconds before the message.
    Pause(u64),
    /// The message is sent twice, each time sealed anew with the next number.
    Again,
    /// The same octets are sent twice.
    Replay,
    /// The peer's last object is sent back.
    Echo,
    /// The message is left out.
    Omit,
    /// Nothing is sent from here on; the connection stays open.
    Mute,
    /// The stream is ended before the message.
    End,
    /// A connection that sent this was made before, and ended.
    Prelude(&'static str),
    /// So many silent connections are opened, instead of any message.
    Crowd(usize),
}

/// What a correct peer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// The session is accepted, runs and ends as it should.
    Accepted,
    /// What R37 owes for this message at this stage: a rejection of the right kind or silence.
    Refused(Stage),
    /// The connection ends without a word.
    Dropped,
    /// As `Dropped`, so many milliseconds after the connection was made.
    DroppedAfter(u64, u64),
}

/// A look at what a peer sent in honest sessions, one record each.
pub type Check = fn(&[Record]) -> Result<(), String>;

/// A case of the tables.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Unique among the cases of one side; the stage's name stands in front.
    pub id: &'static str,
    /// The rules that it tests.
    pub rules: &'static [&'static str],
    /// What is sent, for a person.
    pub comment: &'static str,
    /// Where it makes sense.
    pub scope: Scope,
    /// The message that is changed.
    pub stage: Stage,
    /// How; nothing for an honest session.
    pub changes: &'static [Change],
    /// The reaction that a correct peer shows.
    pub expect: Expect,
    /// What else must be true, and of how many sessions.
    pub check: Option<(usize, Check)>,
}

const fn case(
    stage: Stage,
    id: &'static str,
    rules: &'static [&'static str],
    comment: &'static str,
    changes: &'static [Change],
    expect: Expect,
) -> Case {
    let scope = Scope { side: None, hardened: None };
    Case { id, rules, comment, scope, stage, changes, expect, check: None }
}

/// A message that breaks a rule.
pub(super) const fn bad(
    stage: Stage,
    id: &'static str,
    rules: &'static [&'static str],
    comment: &'static str,
    changes: &'static [Change],
) -> Case {
    case(stage, id, rules, comment, changes, Expect::Refused(stage))
}

/// A message that is legal, though unusual.
pub(super) const fn good(
    stage: Stage,
    id: &'static str,
    rules: &'static [&'static str],
    comment: &'static str,
    changes: &'static [Change],
) -> Case {
    case(stage, id, rules, comment, changes, Expect::Accepted)
}

impl Case {
    /// Only where the tester plays this side.
    pub(super) const fn only(mut self, side: Side) -> Self {
        self.scope.side = Some(side);
        self
    }

    /// Only in the hardened profile.
    pub(super) const fn hardened(mut self) -> Self {
        self.scope.hardened = Some(true);
        self
    }

    /// Only in the published profile.
    pub(super) const fn published(mut self) -> Self {
        self.scope.hardened = Some(false);
        self
    }

    /// Another reaction than that of the stage.
    pub(super) const fn expect(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }

    /// What so many honest sessions must show.
    pub(super) const fn check(mut self, sessions: usize, check: Check) -> Self {
        self.check = Some((sessions, check));
        self
    }

    /// Whether it can be played by this side in this profile.
    #[must_use]
    pub fn applies(&self, side: Side, profile: Profile) -> bool {
        let hardened = profile == Profile::Hardened;
        let stage = hardened || self.stage != Stage::Confirmation;
        stage
            && self.scope.side.is_none_or(|only| only == side)
            && self.scope.hardened.is_none_or(|only| only == hardened)
    }

    /// The name of the case where the tester plays this side.
    #[must_use]
    pub fn name(&self, side: Side) -> String {
        format!("{}-{}", self.stage.name(side), self.id)
    }

    /// Whether what is sent is legal: an accepted session, or a rejection where one may stand.
    #[must_use]
    pub fn is_legal(&self) -> bool {
        match self.expect {
            Expect::Accepted => true,
            Expect::Dropped => self.rules.first() == Some(&"R38"),
            Expect::Refused(_) | Expect::DroppedAfter(..) => false,
        }
    }

    /// Whether this change is among those of the case.
    pub(super) fn has(&self, wanted: fn(&Change) -> bool) -> bool {
        self.changes.iter().any(wanted)
    }
}

impl Stage {
    /// The message's name where the tester plays this side.
    #[must_use]
    pub const fn name(self, side: Side) -> &'static str {
        match (self, side) {
            (Self::Creation, Side::Initiator) => "m1",
            (Self::Creation, Side::Responder) => "m2",
            (Self::Proof, Side::Initiator) => "m3",
            (Self::Proof, Side::Responder) => "m4",
            (Self::Confirmation, Side::Initiator) => "fin_i",
            (Self::Confirmation, Side::Responder) => "fin_r",
            (Self::Message, _) => "message",
            (Self::Close, _) => "close",
        }
    }
}
