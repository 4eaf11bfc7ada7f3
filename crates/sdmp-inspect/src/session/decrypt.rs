//! Opening sealed objects with the keys of a key log, and finding out why one does not open.

use sdmp_envelope::network::Sealed;
use sdmp_handshake::{Profile, Role};

use super::inspector::SessionInspector;
use crate::key_log::{Handshake, Slot};
use crate::report::Checks;

/// How far before and after the expected number an object is looked for.
const WINDOW: u64 = 64;

/// What became of a sealed object.
#[derive(Debug)]
pub(super) enum Opened {
    /// The text without its padding, and how it was reached.
    Text { text: Vec<u8>, slot: Slot, number: u64 },
    /// It stays closed; the checks say why.
    Closed,
}

const TAG: &str = "the tag is right for this key and this number, checked before decryption";
const PADDING: &str = "padded with zeros to a multiple of 8,192 octets";

impl SessionInspector<'_> {
    /// Which key and number the rules give an object: the first is the usual one.
    fn expected(&self, from: Role, place: u64) -> Vec<(Slot, u64)> {
        match (self.profile, place, from) {
            (Profile::Published, _, _) => vec![(Slot::Published, 0)],
            (Profile::Hardened, 0 | 1, _) => vec![(Slot::Handshake, 0)],
            // FIN, or a refusal under the key of the handshake (R37).
            (Profile::Hardened, 2, _) => {
                vec![(Slot::Traffic, self.next_number(from)), (Slot::Handshake, 1)]
            }
            (Profile::Hardened, _, _) => vec![(Slot::Traffic, self.next_number(from))],
        }
    }

    pub(super) fn open(
        &mut self,
        sealed: &Sealed,
        octets: usize,
        from: Role,
        place: u64,
        checks: &mut Checks,
    ) -> Opened {
        if self.handshake.is_none() && self.t1.is_none() {
            self.handshake = self.find_handshake(sealed, octets, from);
        }
        let Some(handshake) = self.handshake else {
            self.stays_closed(checks);
            return Opened::Closed;
        };
        if self.profile == Profile::Published {
            return self.open_published(&handshake, sealed, checks);
        }
        let mut any_key = false;
        for (slot, number) in self.expected(from, place) {
            let Some(key) = self.secrets.key(&handshake, slot, from) else { continue };
            any_key = true;
            if !sealed.is_sealed_with(&key, number) {
                continue;
            }
            if slot == Slot::Traffic {
                *self.numbers.of_mut(from) = Some(number.saturating_add(1));
            }
            checks.holds("R35", TAG);
            return match checks.result("R33", PADDING, sealed.clone().open(&key, number)) {
                Some(text) => {
                    self.opened += 1;
                    Opened::Text { text, slot, number }
                }
                None => Opened::Closed,
            };
        }
        if any_key {
            let why = self.diagnose(&handshake, sealed, octets, from);
            checks.fails("R35", TAG, why);
        } else {
            checks.open("R35", TAG, "the key log does not hold the key of this object");
        }
        Opened::Closed
    }

    fn open_published(
        &mut self,
        handshake: &Handshake,
        sealed: &Sealed,
        checks: &mut Checks,
    ) -> Opened {
        let Some(key) = self.secrets.key(handshake, Slot::Published, Role::Initiator) else {
            checks.open("R36", PADDING, "the key log holds keys of the other profile only");
            return Opened::Closed;
        };
        match checks.result("R36", PADDING, sealed.clone().open(&key, 0)) {
            Some(text) => {
                self.opened += 1;
                Opened::Text { text, slot: Slot::Published, number: 0 }
            }
            None => Opened::Closed,
        }
    }

    fn stays_closed(&self, checks: &mut Checks) {
        let why = if self.tries.are_over() {
            "it is sealed, and not all keys were tried: too many objects fit no key"
        } else if self.secrets.is_empty() {
            "it is sealed, and no key log was given"
        } else {
            "it is sealed, and the key log does not hold the keys of this session"
        };
        match self.profile {
            Profile::Hardened => checks.open("R35", TAG, why),
            Profile::Published => checks.open("R36", PADDING, why),
        }
    }

    /// Where M1 or M2 is missing, the session is found by trying all that the key log holds.
    fn find_handshake(&mut self, sealed: &Sealed, octets: usize, from: Role) -> Option<Handshake> {
        if self.tries.are_over() {
            return None;
        }
        self.secrets.handshakes().into_iter().find(|handshake| {
            [(Slot::Handshake, 0), (Slot::Traffic, 0)]
                .into_iter()
                .any(|(slot, number)| self.fits(handshake, slot, number, sealed, octets, from))
        })
    }

    fn fits(
        &mut self,
        handshake: &Handshake,
        slot: Slot,
        number: u64,
        sealed: &Sealed,
        octets: usize,
        from: Role,
    ) -> bool {
        if !self.tries.spend(octets) {
            return false;
        }
        let key = self.secrets.key(handshake, slot, from);
        key.is_some_and(|key| sealed.is_sealed_with(&key, number))
    }

    /// Why the tag does not fit, as far as trying other keys and numbers tells.
    fn diagnose(
        &mut self,
        handshake: &Handshake,
        sealed: &Sealed,
        octets: usize,
        from: Role,
    ) -> String {
        let expected = self.next_number(from);
        let numbers = expected.saturating_sub(WINDOW)..expected.saturating_add(WINDOW);
        for number in numbers.clone() {
            if self.fits(handshake, Slot::Traffic, number, sealed, octets, from) {
                if number < expected {
                    return format!("it is number {number} again, where {expected} should stand");
                }
                *self.numbers.of_mut(from) = Some(number.saturating_add(1));
                let lost = number - expected;
                let lost = match lost {
                    1 => "an object is missing".to_owned(),
                    several => format!("{several} objects are missing"),
                };
                return format!(
                    "it is number {number}, where {expected} should stand: {lost} before it"
                );
            }
        }
        let other = from.other();
        let reflected = [Slot::Handshake, Slot::Traffic].into_iter().any(|slot| {
            numbers.clone().any(|number| self.fits(handshake, slot, number, sealed, octets, other))
        });
        if reflected {
            return format!("it is an object of the {}, sent back", other.name());
        }
        if self.tries.are_over() {
            return "no key fits as far as was tried: it was altered, or numbers are missing"
                .to_owned();
        }
        "no key of the session fits: it was altered, or is of another session".to_owned()
    }
}
