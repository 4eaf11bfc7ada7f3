//! Why an operation was refused.
//!
//! Every leaf has a stable [`code`](Error::code). `Display` says which rule of the SDMP 0.12
//! profile failed and, where something can be done about it, what; it never repeats octets of a
//! key, a passphrase or a peer.

/// An operation of this crate that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The random number generator gave nothing.
    #[error("the random number generator failed; nothing can be done without one")]
    Random,
    /// A caller asked for, or gave, a number of octets that the operation cannot have.
    #[error("a buffer has a length that this operation cannot use")]
    Length,
    /// A signature does not verify (R18).
    #[error("the signature does not verify with this key (R18)")]
    Signature,
    /// The library would not sign.
    #[error("the key would not sign; load it again, and replace it if that does not help")]
    Signing,
    /// A ciphertext or its tag was refused; deliberately without a reason (R22, R35, R39).
    #[error("the content cannot be decrypted (R22, R35)")]
    Decrypt,
    /// A key was refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A Diffie-Hellman group was refused.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// A Diffie-Hellman value of the peer was refused.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

/// Why a key, or the text that should hold one, was refused (R13, R14).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not one PEM document.
    #[error("this is not a single PEM document with a key (R14)")]
    Pem,
    /// The PEM document is of another kind than what is asked for.
    #[error(
        "this PEM document is not of the kind that is needed here (R14); a PUBLIC KEY, PRIVATE KEY, ENCRYPTED PRIVATE KEY or RSA PRIVATE KEY is"
    )]
    Label,
    /// A certificate stands where a key should.
    #[error("this is a certificate, not a key; extract its public key first (R14)")]
    Certificate,
    /// A private key stands where a public key should.
    #[error("this is a private key where a public key is needed; do not publish it (R14)")]
    PrivateInPlaceOfPublic,
    /// A public key stands where a private key should.
    #[error("this is a public key where a private key is needed (R14)")]
    PublicInPlaceOfPrivate,
    /// There is text before or after the PEM document.
    #[error("there is something before or after the PEM document (R14)")]
    Trailing,
    /// The text is longer than any key that is allowed.
    #[error("this is longer than any key of 8192 bits can be (R13)")]
    Oversized,
    /// The octets are not the DER encoding of a key.
    #[error("this is not the DER encoding of a key (R14)")]
    Der,
    /// The octets decode, but are not what encoding the result gives.
    #[error(
        "this is not the one DER encoding of its key (R14); write the key again with a tool that emits DER"
    )]
    NotDer,
    /// The key is of another algorithm than RSA.
    #[error("this is not an RSA key (R13)")]
    Algorithm,
    /// The modulus has fewer than 2048 bits.
    #[error("the RSA modulus has fewer than 2048 bits (R13); generate a key of 3072 bits")]
    TooShort,
    /// The modulus has more than 8192 bits.
    #[error("the RSA modulus has more than 8192 bits (R13)")]
    TooLong,
    /// The modulus is even.
    #[error("the RSA modulus is even (R13)")]
    EvenModulus,
    /// The public exponent is even.
    #[error("the RSA public exponent is even (R13)")]
    EvenExponent,
    /// The public exponent is below 65537 or at least 2^33.
    #[error("the RSA public exponent is not between 65537 and 2^33 (R13)")]
    Exponent,
    /// The modulus is divisible by a small prime.
    #[error("the RSA modulus has a small factor (R13): it is not the product of two large primes")]
    SmallFactor,
    /// The parts of a private key do not fit each other.
    #[error("the parts of this private key contradict each other (R13)")]
    Inconsistent,
    /// No library in this build can work with the key.
    #[error(
        "this build cannot work with such a key (R13); the feature aws-lc-rs can, up to 8192 bits"
    )]
    Unsupported,
    /// The private key is encrypted and no passphrase was given.
    #[error("this private key is encrypted (R14): a passphrase is needed")]
    PassphraseNeeded,
    /// The passphrase is wrong, or the encrypted octets were changed.
    #[error("the passphrase is wrong, or the file was changed (R14)")]
    Passphrase,
    /// A passphrase to encrypt with is empty.
    #[error("an empty passphrase protects nothing (R14)")]
    PassphraseEmpty,
    /// The encryption of a private key is not one of the two that are read.
    #[error(
        "this private key is encrypted in a way that is not read (R14): PBES2 with scrypt or PBKDF2 (HMAC-SHA-256 or HMAC-SHA-512) and AES-256-CBC is"
    )]
    Encryption,
    /// The password hashing of an encrypted private key asks for too much work or memory.
    #[error(
        "the password hashing of this private key asks for more work or memory than is given to a file (R14)"
    )]
    Cost,
    /// A key of this size is not generated.
    #[error("keys of 2048, 3072 or 4096 bits are generated, no others (R13)")]
    Size,
    /// Key generation failed.
    #[error("key generation failed")]
    Generation,
}

/// Why a Diffie-Hellman group was refused (R23).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// There is no group of this name.
    #[error("there is no Diffie-Hellman group of this name (R23)")]
    UnknownName,
    /// The pair (p, g) is none that this endpoint knows.
    #[error("this is no group that is accepted (R23): it has no name and was not registered")]
    Unknown,
    /// The prime has a leading zero octet.
    #[error("p has a leading zero octet (R25)")]
    LeadingZero,
    /// The prime has fewer than 2048 bits.
    #[error("p has fewer than 2048 bits (R23)")]
    TooShort,
    /// The prime has more than 8192 bits.
    #[error("p has more than 8192 bits (R23)")]
    TooLong,
    /// p is even.
    #[error("p is even (R23)")]
    Even,
    /// p, or (p-1)/2, is not prime.
    #[error("p is not a safe prime (R23)")]
    NotSafePrime,
    /// The generator is 0, 1, or does not fit below p-1.
    #[error("g generates no group that can be used (R23)")]
    Generator,
}

/// Why a value of a Diffie-Hellman exchange was refused (R25, R26).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// N has more octets than p.
    #[error("N is longer than p (R25)")]
    Long,
    /// N is 0 or 1, or empty.
    #[error("N is less than 2 (R25)")]
    Small,
    /// N is p-1 or more.
    #[error("N is greater than p-2 (R25)")]
    Large,
    /// N is our own.
    #[error("N is our own value sent back (R25)")]
    Own,
    /// The shared secret is 0, 1 or p-1.
    #[error("the shared secret is degenerate (R26)")]
    Degenerate,
}

impl Error {
    /// The stable name of this failure, for logs, vectors and `--json`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Random => "crypto.random",
            Self::Length => "crypto.length",
            Self::Signature => "signature.invalid",
            Self::Signing => "signature.not_made",
            Self::Decrypt => "content.undecryptable",
            Self::Key(e) => e.code(),
            Self::Group(e) => e.code(),
            Self::Exchange(e) => e.code(),
        }
    }
}

impl KeyError {
    /// The stable name of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Pem => "key.pem",
            Self::Label => "key.label",
            Self::Certificate => "key.certificate",
            Self::PrivateInPlaceOfPublic => "key.private_in_place_of_public",
            Self::PublicInPlaceOfPrivate => "key.public_in_place_of_private",
            Self::Trailing => "key.trailing",
            Self::Oversized => "key.oversized",
            Self::Der => "key.der",
            Self::NotDer => "key.not_der",
            Self::Algorithm => "key.algorithm",
            Self::TooShort => "key.too_short",
            Self::TooLong => "key.too_long",
            Self::EvenModulus => "key.even_modulus",
            Self::EvenExponent => "key.even_exponent",
            Self::Exponent => "key.exponent",
            Self::SmallFactor => "key.small_factor",
            Self::Inconsistent => "key.inconsistent",
            Self::Unsupported => "key.unsupported",
            Self::PassphraseNeeded => "key.passphrase_needed",
            Self::Passphrase => "key.passphrase",
            Self::PassphraseEmpty => "key.passphrase_empty",
            Self::Encryption => "key.encryption",
            Self::Cost => "key.cost",
            Self::Size => "key.size",
            Self::Generation => "key.generation",
        }
    }
}

impl GroupError {
    /// The stable name of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownName => "group.unknown_name",
            Self::Unknown => "group.unknown",
            Self::LeadingZero => "group.leading_zero",
            Self::TooShort => "group.too_short",
            Self::TooLong => "group.too_long",
            Self::Even => "group.even",
            Self::NotSafePrime => "group.not_safe_prime",
            Self::Generator => "group.generator",
        }
    }
}

impl ExchangeError {
    /// The stable name of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Long => "exchange.long",
            Self::Small => "exchange.small",
            Self::Large => "exchange.large",
            Self::Own => "exchange.own",
            Self::Degenerate => "exchange.degenerate",
        }
    }
}
