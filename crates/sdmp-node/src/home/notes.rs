//! What this machine notes about a peer beside its identity: where it is, and when its
//! fingerprint was compared.

use serde_json::{Map, Value};

/// The notes about one peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Where it listens, as the person wrote it.
    pub address: Option<String>,
    /// When a person compared its fingerprint; notes about another key say nothing about this one.
    pub verified: Option<String>,
}

impl Notes {
    /// Reads notes about the key with this fingerprint; `None` when they cannot be read.
    pub(super) fn parse(text: &[u8], fingerprint: &str) -> Option<Self> {
        let Value::Object(members) = serde_json::from_slice(text).ok()? else { return None };
        let of = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        // One key was verified: the mark does not carry over to another one of the same name.
        let verified = of("verified").filter(|_| of("fingerprint").as_deref() == Some(fingerprint));
        Some(Self { address: of("address"), verified })
    }

    pub(super) fn to_text(&self, fingerprint: &str) -> String {
        let mut members = Map::new();
        members.insert("fingerprint".to_owned(), fingerprint.into());
        for (name, value) in [("address", &self.address), ("verified", &self.verified)] {
            if let Some(value) = value {
                members.insert(name.to_owned(), value.as_str().into());
            }
        }
        format!("{}\n", Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_come_back_and_belong_to_one_key() {
        let notes = Notes {
            address: Some("host:7".to_owned()),
            verified: Some("2027-01-01T00:00:00.000Z".to_owned()),
        };
        let text = notes.to_text("KEY");
        assert_eq!(Notes::parse(text.as_bytes(), "KEY"), Some(notes.clone()));
        let other = Notes::parse(text.as_bytes(), "OTHER").unwrap();
        assert_eq!(other, Notes { verified: None, ..notes }, "another key was not compared");
        assert_eq!(Notes::parse(b"[]", "KEY"), None);
        assert_eq!(Notes::parse(b"{}", "KEY"), Some(Notes::default()));
    }
}
