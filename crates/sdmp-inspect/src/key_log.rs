//! The secrets of sessions, as nodes log them on request: the format, its reader and its writer.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use sdmp_crypto::secret::Secret;
use sdmp_envelope::ContentKey;
use sdmp_handshake::{KeyLog, Role, labels};
use zeroize::Zeroizing;

/// The most sessions that are taken from one key log.
const SESSIONS: usize = 4096;

/// What names a session in a key log: the first half of T1.
pub type Handshake = [u8; 32];

type Map = BTreeMap<Handshake, BTreeMap<&'static str, Zeroizing<Vec<u8>>>>;

/// A key log in memory, wiped when it is dropped.
#[derive(Default)]
pub struct SessionKeys(Mutex<Map>);

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKeys(redacted)")
    }
}

impl KeyLog for SessionKeys {
    fn log(&self, label: &'static str, handshake: &Handshake, secret: &[u8]) {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.entry(*handshake).or_default().insert(label, Zeroizing::new(secret.to_vec()));
    }
}

/// Which key sealed an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Handshake,
    Traffic,
    Published,
}

impl SessionKeys {
    /// Reads a key log; what is wrong with single lines is told and does not matter to others.
    pub fn parse(text: &[u8]) -> (Self, Vec<String>) {
        let (secrets, mut notes) = (Self::default(), Vec::new());
        let mut bad = 0_u64;
        for (number, line) in (1_u64..).zip(text.split(|octet| *octet == b'\n')) {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            if secrets.read_line(line).is_none() {
                bad += 1;
                if bad == 1 {
                    notes.push(format!(
                        "line {number} of the key log is not LABEL HANDSHAKE SECRET, or cut; it is left out"
                    ));
                }
            }
        }
        if bad > 1 {
            notes.push(format!("{} more lines of the key log are left out", bad - 1));
        }
        (secrets, notes)
    }

    /// Whether a text begins as a key log does.
    pub fn is_key_log(octets: &[u8]) -> bool {
        labels::KEY_LOG.iter().any(|(label, _)| {
            octets.strip_prefix(label.as_bytes()).is_some_and(|rest| rest.starts_with(b" "))
        })
    }

    fn read_line(&self, line: &[u8]) -> Option<()> {
        let mut words = std::str::from_utf8(line).ok()?.split(' ');
        let (label, handshake, secret) = (words.next()?, words.next()?, words.next()?);
        let &(label, length) = labels::KEY_LOG.iter().find(|(known, _)| *known == label)?;
        let handshake: Handshake = hexadecimal(handshake)?.as_slice().try_into().ok()?;
        let secret = hexadecimal(secret)?;
        // A line that was cut, or written by another program, would only give wrong keys.
        if words.next().is_some() || secret.len() != length {
            return None;
        }
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A key log may be years old; the memory for it has a bound.
        if map.len() >= SESSIONS && !map.contains_key(&handshake) {
            return None;
        }
        map.entry(handshake).or_default().insert(label, secret);
        Some(())
    }

    /// Whether no secret is in it.
    pub fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The sessions whose secrets are here.
    pub(crate) fn handshakes(&self) -> Vec<Handshake> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    pub(crate) fn knows(&self, handshake: &Handshake) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(handshake)
    }

    fn secret<const N: usize>(&self, handshake: &Handshake, label: &str) -> Option<Secret<N>> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Secret::from_slice(map.get(handshake)?.get(label)?).ok()
    }

    /// The key that seals what `from` sends.
    pub(crate) fn key(&self, handshake: &Handshake, slot: Slot, from: Role) -> Option<ContentKey> {
        let label = match (slot, from) {
            (Slot::Handshake, Role::Initiator) => labels::HS_I2R,
            (Slot::Handshake, Role::Responder) => labels::HS_R2I,
            (Slot::Traffic, Role::Initiator) => labels::AP_I2R,
            (Slot::Traffic, Role::Responder) => labels::AP_R2I,
            (Slot::Published, _) => {
                return self
                    .secret(handshake, labels::PUBLISHED_K)
                    .map(ContentKey::unauthenticated);
            }
        };
        self.secret(handshake, label).map(ContentKey::authenticated)
    }

    /// The public name of the session (R44).
    pub(crate) fn session_id(&self, handshake: &Handshake) -> Option<[u8; 32]> {
        self.secret::<32>(handshake, labels::SESSION_ID).map(|id| *id.expose())
    }
}

/// One line of a key log: `LABEL HANDSHAKE SECRET` and a line end, both values in lower-case
/// hexadecimal.
#[must_use]
pub fn line(label: &str, handshake: &Handshake, secret: &[u8]) -> Zeroizing<String> {
    // Room for all of it at once: a string that grows leaves copies of the secret behind.
    let octets = handshake.len().saturating_add(secret.len());
    let length = octets.saturating_mul(2).saturating_add(label.len()).saturating_add(3);
    let mut line = Zeroizing::new(String::with_capacity(length));
    line.push_str(label);
    for octets in [handshake.as_slice(), secret] {
        line.push(' ');
        line.extend(octets.iter().flat_map(|octet| {
            [octet >> 4, octet & 15]
                .into_iter()
                .filter_map(|half| char::from_digit(half.into(), 16))
        }));
    }
    line.push('\n');
    line
}

fn hexadecimal(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 128 {
        return None;
    }
    let mut octets = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.chunks_exact(2) {
        let [high, low] = pair else { return None };
        let value = char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?;
        octets.push(u8::try_from(value).ok()?);
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(label: &str, secret: usize) -> String {
        format!("{label} {} {}\n", "0a".repeat(32), "Ff".repeat(secret))
    }

    #[test]
    fn a_key_log_is_read_line_by_line() {
        let text = format!("# note\n\n{}{}", line("HS_I2R", 64), line("SESSION_ID", 32));
        let (secrets, notes) = SessionKeys::parse(text.as_bytes());
        assert_eq!(notes, [""; 0]);
        assert_eq!(secrets.handshakes(), [[10; 32]]);
        assert_eq!(secrets.session_id(&[10; 32]), Some([255; 32]));
        assert!(secrets.key(&[10; 32], Slot::Handshake, Role::Initiator).is_some());
        assert!(secrets.key(&[10; 32], Slot::Handshake, Role::Responder).is_none());
    }

    #[test]
    fn bad_lines_are_counted_and_left_out() {
        let text = [
            line("HS_I2R", 63),
            line("SSLKEY", 64),
            "HS_I2R zz".to_owned(),
            "\u{ff}\n".to_owned(),
            line("AP_I2R", 64),
        ];
        let (secrets, notes) = SessionKeys::parse(text.concat().as_bytes());
        assert_eq!(secrets.handshakes().len(), 1);
        assert_eq!(notes.len(), 2);
        assert!(notes[0].starts_with("line 1 ") && notes[1].starts_with("2 more"));
        assert!(format!("{secrets:?}").contains("redacted"));
    }
}
