//! Scripts: what happens to a machine, as the octets of a fuzzer's input say.

use super::damage::{apply, number, position};
use super::record::recording;
use arbitrary::{Arbitrary, Result, Unstructured};
use sdmp_handshake::{Profile, Role, Verdict};
use std::time::Duration;

/// What happens to a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// These octets arrive.
    Receive(Vec<u8>),
    /// The stream ends.
    End,
    /// Time passes.
    Wait(Duration),
    /// The application sends one of the containers.
    Send(usize),
    /// The application closes.
    Close,
    /// The application answers what it is asked: with an identity, and a verdict.
    Answer { identity: Option<&'static str>, verdict: Verdict },
    /// The identities expire.
    Expire,
}

/// A machine and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) role: Role,
    pub(crate) profile: Profile,
    /// Whether the application is asked about the peer.
    pub(crate) asks: bool,
    /// How many octets arrive at once.
    pub(crate) chunk: usize,
    pub(crate) actions: Vec<Action>,
}

/// More than any machine takes before it fails or is done.
const LONGEST: usize = 48;

impl<'a> Arbitrary<'a> for Script {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let flags = input.arbitrary::<u8>()?;
        let chunk = number(input).max(1);
        let mut script = Self {
            role: if flags & 1 == 0 { Role::Initiator } else { Role::Responder },
            profile: if flags & 2 == 0 { Profile::Hardened } else { Profile::Published },
            asks: flags & 4 != 0,
            chunk,
            actions: Vec::new(),
        };
        while !input.is_empty() && script.actions.len() < LONGEST {
            let action = script.action(input)?;
            script.actions.push(action);
        }
        Ok(script)
    }
}

impl Script {
    /// Reads a script; an input that is too short is none.
    pub(crate) fn read(octets: &[u8]) -> Option<Self> {
        Self::arbitrary(&mut Unstructured::new(octets)).ok()
    }

    fn action(&self, input: &mut Unstructured<'_>) -> Result<Action> {
        Ok(match input.arbitrary::<u8>()? % 8 {
            0 | 1 => Action::Receive(self.letter(input).to_vec()),
            2 | 3 => {
                let letter = self.letter(input);
                Action::Receive(apply(input, letter))
            }
            4 => {
                let length = number(input).min(input.len());
                Action::Receive(input.bytes(length)?.to_vec())
            }
            5 => {
                let (head, tail) = (self.letter(input), self.letter(input));
                let (end, start) = (position(input, head.len()), position(input, tail.len()));
                let head = head.get(..end).unwrap_or_default();
                Action::Receive([head, tail.get(start..).unwrap_or_default()].concat())
            }
            6 => {
                let space = [*input.choose(b"\n \t\r")?].repeat(number(input) % 20);
                Action::Receive([&space, self.letter(input)].concat())
            }
            _ => control(input),
        })
    }

    /// A message of the recorded sessions.
    fn letter(&self, input: &mut Unstructured<'_>) -> &'static [u8] {
        let letters = &recording(self.profile).letters;
        letters.iter().cycle().nth(number(input)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What the application, the clock or the carrier does.
fn control(input: &mut Unstructured<'_>) -> Action {
    match number(input) % 8 {
        0 => Action::End,
        1 => Action::Wait(Duration::from_millis(50 * u64::try_from(number(input)).unwrap_or(0))),
        2 | 3 => Action::Send(number(input)),
        4 => Action::Close,
        5 | 6 => {
            let answer = number(input);
            let identity = match answer % 4 {
                0 | 1 => Some("peer"),
                2 => Some("mallory"),
                _ => None,
            };
            let verdict = if answer & 4 == 0 { Verdict::Trust } else { Verdict::Refuse };
            Action::Answer { identity, verdict }
        }
        _ => Action::Expire,
    }
}
