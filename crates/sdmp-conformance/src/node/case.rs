//! What a case is: one deed of a node that otherwise behaves, and the reaction that a correct node shows.
//! Tables of cases are data; `super::play` does the deeds.

/// A key of the play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The tester's user, whom the node's user trusts.
    User,
    /// The tester's first node.
    First,
    /// The tester's node that has this case for itself.
    Node,
    /// A node that nobody has heard of, unless the case introduces it.
    Helper,
    /// The second user, whom the node's user trusts, and who trusts nobody but its own node.
    Other,
    /// The second user's node.
    OtherNode,
}

/// What the case's node is to the node under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Trusted by the tester's user: a full session.
    Full,
    /// Its trust expired a month ago: control only (N17).
    Expired,
    /// No trust is in it.
    Stranger,
    /// The tester's user trusted it and barred it (N14).
    Barred,
}

/// Under which trust something is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// None.
    Nothing,
    /// The trust in the case's node.
    Own,
    /// The trust in the tester's first node.
    First,
    /// A trust that does not exist.
    Unknown,
    /// The resource of the case with this number.
    Earlier(usize),
}

/// What is changed after the signature was made, or in how it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tamper {
    /// Nothing.
    Nothing,
    /// The signature is another key's.
    Signature,
    /// There are two signatures.
    TwoSignatures,
    /// The outer part has one member more.
    OuterMember,
    /// The payload says this version.
    Version(&'static str),
}

/// A resource. In `members`, `{user}`, `{first}`, `{node}`, `{helper}` and `{other}` stand for fingerprints,
/// `{0}` to `{9}` for the identifiers of the case's earlier resources, `{identity:helper}` for the members
/// of an identity, and `{past}`, `{future}` for times.
#[derive(Debug, Clone, Copy)]
pub struct Draft {
    /// Who signs.
    pub signer: Who,
    /// For which user.
    pub user: Who,
    /// By which trust.
    pub under: Under,
    /// The schemas behind `resource`, each in quotation marks.
    pub schemas: &'static str,
    /// The members behind `resource`.
    pub members: &'static str,
    /// How many minutes from now it says that it was made; or nothing.
    pub created: Option<i64>,
    /// What is wrong with it besides.
    pub tamper: Tamper,
}

/// How an honest message begins.
pub const MESSAGE: Draft = Draft {
    signer: Who::Node,
    user: Who::User,
    under: Under::Own,
    schemas: "\"message\"",
    members: "\"message\":\"of the tester\"",
    created: Some(0),
    tamper: Tamper::Nothing,
};

/// An object that is sent without having been asked for.
#[derive(Debug, Clone, Copy)]
pub enum Object {
    /// An exchange object: `schemas` behind `resource`, and members. `{since}` is the last line of the
    /// case's journal, `{next}` the identifier of the next, `{first-line}` that of line 1.
    Exchange(&'static str, &'static str, Tamper),
    /// The same, signed by another key.
    By(Who, &'static str, &'static str),
    /// A container as it stands.
    Plain(&'static str),
    /// A whole resource.
    Resource(Draft),
    /// A request for more than 64 resources.
    TooManyNames,
    /// A broadcast of more than 4,096 lines.
    TooManyLines,
}

/// How a request for lines of the case's journal is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// With another `since`.
    OtherSince,
    /// With a line that does not follow.
    Unchained,
    /// With something that is no line.
    Malformed,
    /// With more than 4,096 lines.
    TooMany,
    /// With another line 2 than the user's identity.
    OtherSecond,
    /// With another identifier than the request's.
    OtherIdentifier,
    /// With `bad_request`.
    BadRequest,
    /// With a status that does not exist.
    OtherStatus,
    /// With a resource in place of lines.
    Resource,
    /// With `ok` and nothing.
    Nothing,
    /// With `not_found`.
    NotFound,
    /// As signed lines, which are taken too.
    Signed,
    /// Honestly; and then with lines that do not follow what was given (N24).
    Fork,
}

/// How a request for the case's last resource is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// With another resource of the same author.
    Other,
    /// With a resource of another author; the line named that one.
    FalseAuthor,
    /// With something that is no container.
    Rubbish,
    /// With a revocation of something else in its place.
    OtherRevocation,
    /// With another resource beside it, as the one that is revoked.
    OtherRevoked,
    /// With more answers than were asked for.
    More,
    /// With another identifier than the request's.
    OtherIdentifier,
    /// Twice.
    Twice,
    /// With `bad_request`.
    BadRequest,
    /// With `not_found`.
    NotFound,
    /// With an answer that is signed by another key.
    OtherSigner,
    /// The first of what was asked, and nothing about the rest.
    Shorter,
}

/// Something that the node is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// A resource that does not exist, of the tester's user.
    Unknown,
    /// The same, of a user that does not exist.
    UnknownAuthor,
    /// The identity of a key that does not exist.
    UnknownIdentity,
    /// The second user's message, which the tester may not read.
    Secret,
    /// The same under the tester's name.
    SecretRenamed,
    /// The second user's trust in its node, which the tester may not see.
    SecretTrust,
    /// The identity of the second user under the tester's name.
    IdentityRenamed,
    /// The trust of the node's user in its node, under the second user's name.
    TrustRenamed,
    /// The message of the case.
    Own,
    /// The identity of the node's user, by the key.
    Identity,
    /// Lines after one that the node does not have.
    UnknownLine,
    /// Lines after line 1.
    Lines,
    /// The same with a limit above 4,096.
    LinesBeyondLimit,
    /// Three names at once, the one in the middle unknown.
    Several,
}

/// What the case's node does.
#[derive(Debug, Clone, Copy)]
pub enum Deed {
    /// Asks for a session.
    Dial,
    /// Has these resources in its journal, and an honest message behind them.
    Publish(&'static [Draft]),
    /// Sends an object.
    Send(Object),
    /// Answers a request for lines.
    AnswerLines(Lines),
    /// Answers a request for resources.
    AnswerResource(Given),
    /// Asks one thing.
    Ask(Question),
    /// Asks two things, of which neither is for it.
    Probe(Question, Question),
}

/// What a correct node does then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// There is no session.
    Refused,
    /// It ends the session.
    Ends,
    /// The session goes on: a request for lines is answered.
    GoesOn,
    /// The last resource of the case appears in its journal.
    Admitted,
    /// It does not, though what follows it does.
    NotAdmitted,
    /// `bad_request`, and the session goes on.
    BadRequest,
    /// `not_found`.
    NotFound,
    /// What was asked for.
    Answered,
    /// Both answers are alike, octet for octet but for what each request named.
    Alike,
}

/// A case.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// A name of small letters and hyphens.
    pub name: &'static str,
    /// What is done, in a sentence.
    pub comment: &'static str,
    /// The rules that decide.
    pub rules: &'static [&'static str],
    /// What the case's node is.
    pub standing: Standing,
    /// What it does.
    pub deed: Deed,
    /// What a correct node does.
    pub expect: Expect,
}

impl Case {
    /// A case of a node with a full session.
    #[must_use]
    pub const fn new(
        name: &'static str,
        rules: &'static [&'static str],
        comment: &'static str,
        deed: Deed,
        expect: Expect,
    ) -> Self {
        Self { name, comment, rules, standing: Standing::Full, deed, expect }
    }

    /// The same of another node.
    #[must_use]
    pub const fn of(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// Whether nothing is wrong in it.
    #[must_use]
    pub const fn is_legal(&self) -> bool {
        matches!(self.expect, Expect::Admitted | Expect::Answered | Expect::GoesOn)
    }
}
