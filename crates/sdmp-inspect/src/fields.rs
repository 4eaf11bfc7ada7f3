//! What each member of a container means, and which rule says so.

use sdmp_container::strict::{self, Value};
use sdmp_container::{Fingerprint, Limits, Timestamp, b64url};
use sdmp_crypto::dh::Groups;
use sdmp_envelope::ContentKey;

use crate::known::KnownIdentities;
use crate::redact::SECRET_MARK;
use crate::report::Field;
use crate::shorten::{cut, shortest};

/// More fields than this of one layer are not listed.
const MOST: usize = 200;

/// JSON pointer (`*` for any index), rule, meaning.
type Row = (&'static str, &'static str, &'static str);

const TABLE: &[Row] = &[
    ("/sdmp/version", "R8", "the version of the protocol"),
    ("/sdmp/schemas/*", "R9", "a schema that this container satisfies"),
    ("/connection/g", "R23", "the generator of the group"),
    ("/connection/p", "R23", "the prime of the group"),
    ("/connection/N", "R25", "the sender's public value, g to the power of its secret exponent"),
    ("/encrypted/iv", "R34", "the initialisation vector: random, fresh for each object"),
    ("/encrypted/payload", "R33, R35", "the sealed container"),
    ("/encrypted/recipients", "R32", "empty: the two ends of a session share the key already"),
    (
        "/encrypted/recipients/*/key",
        "R22",
        "the content key, encrypted for one recipient who is not named",
    ),
    ("/signature/identifier", "R17", "the SHA-512 hash of the payload"),
    ("/signature/payload", "R17", "the signed container"),
    (
        "/signature/signatures/*/protected",
        "R18",
        "the header, which the signature covers too: who signed",
    ),
    (
        "/signature/signatures/*/signature",
        "R19",
        "RSASSA-PKCS1-v1_5 with SHA-512 over header and payload",
    ),
    ("/alg", "R18", "always HS512, although an RSA signature is meant"),
    ("/kid", "R18", "the fingerprint of the signer's key"),
    ("/identity/type", "R16", "user or node; only nodes take part in sessions"),
    ("/identity/expires", "R16", "from this moment on the identity is not valid"),
    ("/identity/key", "R14", "the RSA public key"),
    ("/identity/fingerprint", "R15", "the SHA-512 hash that names the key"),
    ("/private_key/expires", "R16", "from this moment on the key does not sign"),
    ("/private_key/key", "R14", "the RSA private key; it is not shown"),
    ("/private_key/fingerprint", "R15", "the SHA-512 hash that names the key"),
    ("/resource/user", "R11", "the publisher"),
    ("/resource/trust", "R11", "the trust that allows it to publish"),
    ("/journal/since", "R11", "from where on"),
    ("/journal/entries/*", "R11", "an entry"),
    ("/request/identifier", "R11", "what the answer will refer to"),
    ("/request/type", "R11", "what is asked for"),
    ("/request/since", "R11", "from where on"),
    ("/request/limit", "R11", "how many entries at most"),
    ("/request/author", "R11", "who published it"),
    ("/request/resource", "R11", "which resource"),
    ("/response/status", "R37", "ok, bad_request or not_found"),
    ("/response/identifier", "R37", "the request that is answered; empty in a refusal"),
    ("/response/data", "R11", "the answer"),
    ("/message", "R11", "the message"),
    ("/receipt", "R31, R41", "what is confirmed: FIN and close of a session, or a message"),
    ("/information/type", "R11", "always node"),
    ("/information/name", "R11", "its name, as it says"),
    ("/information/ips/*", "R11", "an address where it can be reached, as it says"),
    ("/user/name", "R11", "the user's name, as it says"),
    ("/user/about", "R11", "what the user says about itself"),
    ("/trust/trustee", "R11", "who is trusted"),
    ("/trust/authorization/*", "R11", "what the trustee may do"),
    ("/trust/expires", "R6", "from this moment on not any more"),
    ("/revoke/resource", "R11", "what is no longer valid"),
    ("/revoke/authorization", "R11", "the trust that allows it"),
];

/// Lists the members of a JSON text with their meanings; nothing for what is no JSON.
pub(crate) fn fields(text: &str, known: &KnownIdentities, moment: Timestamp) -> Vec<Field> {
    let Ok(value) = strict::parse(text.as_bytes(), &Limits::DEFAULT) else { return Vec::new() };
    let mut walk = Walk { known, moment, value: &value, path: Vec::new(), fields: Vec::new() };
    walk.visit(&value);
    walk.fields
}

/// A step from a value to one inside it.
#[derive(Clone, Copy)]
enum Token<'a> {
    Name(&'a str),
    Index(usize),
}

struct Walk<'a> {
    known: &'a KnownIdentities,
    moment: Timestamp,
    value: &'a Value<'a>,
    /// Where the walk is: a pointer is built for what is listed only, and cut then.
    path: Vec<Token<'a>>,
    fields: Vec<Field>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, value: &'a Value<'a>) {
        match value {
            Value::Object(object) if !object.is_empty() => {
                for (name, value) in object.iter() {
                    if !self.descend(Token::Name(name), value) {
                        return;
                    }
                }
            }
            Value::Array(values) if !values.is_empty() => {
                for (index, value) in values.iter().enumerate() {
                    if !self.descend(Token::Index(index), value) {
                        return;
                    }
                }
            }
            leaf => self.leaf(leaf),
        }
    }

    /// Visits a value inside; whether there is room for one more.
    fn descend(&mut self, token: Token<'a>, value: &'a Value<'a>) -> bool {
        // A report is read by people, and the input may hold a million members.
        if self.fields.len() >= MOST {
            return false;
        }
        self.path.push(token);
        self.visit(value);
        self.path.pop();
        true
    }

    /// The JSON pointer of the place where the walk is. Each name in it is cut.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for token in &self.path {
            pointer.push('/');
            match token {
                Token::Name(name) => {
                    pointer.push_str(&shortest(name).replace('~', "~0").replace('/', "~1"));
                }
                Token::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }

    /// The row of the table that describes the place where the walk is.
    fn row(&self) -> Option<&'static Row> {
        TABLE.iter().find(|(pattern, _, _)| {
            let mut path = self.path.iter();
            let fits = pattern.split('/').skip(1).all(|part| match path.next() {
                Some(Token::Name(name)) => *name == part,
                Some(Token::Index(_)) => part == "*",
                None => false,
            });
            fits && path.next().is_none()
        })
    }

    fn leaf(&mut self, value: &Value<'_>) {
        let row = self.row();
        let pattern = row.map_or("", |(pattern, _, _)| *pattern);
        let (rule, meaning) = match row {
            Some((_, rule, meaning)) => (*rule, (*meaning).to_owned()),
            None => ("R12", "a member that no core schema describes: extension data".to_owned()),
        };
        let text = value.as_str().unwrap_or_default();
        // By place and by content: a key may stand in a message, too.
        let secret = pattern == "/private_key/key" || text.contains(SECRET_MARK);
        let detail = if secret { None } else { self.detail(pattern, text) };
        let shown = match value {
            _ if secret => "(hidden)".to_owned(),
            Value::String(text) => cut(text),
            other => cut(&other.to_text()),
        };
        self.fields.push(Field {
            pointer: self.pointer(),
            value: shown,
            meaning: match detail {
                Some(detail) => format!("{meaning}: {detail}"),
                None => meaning,
            },
            rule,
        });
    }

    /// What can be said about this value beyond its meaning in general.
    fn detail(&self, pattern: &str, text: &str) -> Option<String> {
        match pattern {
            "/connection/p" => self.group(text),
            "/connection/N" => Some(format!("{} octets", b64url::decode(text).ok()?.len())),
            "/encrypted/payload" => sealed_size(b64url::decode(text).ok()?.len()),
            "/signature/payload" => {
                Some(format!("{} octets of text", b64url::decode(text).ok()?.len()))
            }
            "/kid" | "/identity/fingerprint" | "/resource/user" | "/trust/trustee" => {
                let kid: Fingerprint = text.parse().ok()?;
                self.known.name(&kid).map(|name| format!("known here as {name}"))
            }
            "/identity/expires" | "/private_key/expires" | "/trust/expires" => {
                let expires: Timestamp = text.parse().ok()?;
                let state =
                    if expires.is_expired(self.moment) { "it had expired" } else { "it was valid" };
                Some(format!("{state} at {}", self.moment))
            }
            _ => None,
        }
    }

    fn group(&self, text: &str) -> Option<String> {
        let p = b64url::decode(text).ok()?;
        let connection = self.value.as_object()?.get("connection")?.as_object()?;
        let Some(Value::Number(g)) = connection.get("g") else { return None };
        let group = Groups::default().find(&p, g.as_u64()?);
        Some(group.and_then(|group| group.name()).map_or_else(
            || format!("{} octets, no named group", p.len()),
            |name| format!("that of {name}"),
        ))
    }
}

/// How an eavesdropper reads the length of a payload.
pub(crate) fn sealed_size(octets: usize) -> Option<String> {
    let step = ContentKey::padded_len(0);
    if step == 0 || octets < step {
        return None;
    }
    match octets % step {
        // A block of padding and the tag.
        48 => Some(format!(
            "{octets} octets: {} of padded text, 16 of a last block, 32 of a tag",
            octets - 48
        )),
        0 => Some(format!("{octets} octets of padded text, no tag")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment() -> Timestamp {
        "2026-01-01T00:00:00.000Z".parse().unwrap()
    }

    #[test]
    fn members_have_meanings_and_rules() {
        let text =
            r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"hi","x/y":[1]}"#;
        let fields = fields(text, &KnownIdentities::new(), moment());
        let seen: Vec<_> =
            fields.iter().map(|f| (f.pointer.as_str(), f.rule, f.value.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("/sdmp/version", "R8", "0.12.0"),
                ("/sdmp/schemas/0", "R9", "message"),
                ("/message", "R11", "hi"),
                ("/x~1y/0", "R12", "1"),
            ]
        );
    }

    /// A long name before many values must not be copied for each of them.
    #[test]
    fn pointers_are_cut_when_they_are_built() {
        let deep = format!("{}1{}", "{\"n~/\":[".repeat(10), "]}".repeat(10));
        let text =
            format!(r#"{{"{}":[{}0],"a":{deep}}}"#, "A".repeat(1 << 20), "0,".repeat(1 << 12));
        let fields = fields(&text, &KnownIdentities::new(), moment());
        assert_eq!(fields.len(), MOST);
        assert!(fields.iter().all(|field| field.pointer.len() < 200));
        assert!(fields[7].pointer.ends_with("/7") && fields[7].pointer.contains("..."));
        let fields = super::fields(&deep, &KnownIdentities::new(), moment());
        assert!(fields[0].pointer.starts_with("/n~0~1/0/n~0~1/0/"));
    }

    #[test]
    fn private_keys_are_never_fields() {
        let text = r#"{"private_key":{"key":"-----BEGIN PRIVATE KEY-----\nabc"}}"#;
        let fields = fields(text, &KnownIdentities::new(), moment());
        assert_eq!(fields[0].value, "(hidden)");
    }

    #[test]
    fn sizes_tell_the_profile() {
        assert!(sealed_size(8192 + 48).unwrap().contains("tag"));
        assert!(sealed_size(16384).unwrap().contains("no tag"));
        assert_eq!(sealed_size(100), None);
    }
}
