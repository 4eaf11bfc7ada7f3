//! The carrier that does wrong.

use std::collections::VecDeque;

use sdmp_handshake::Role;

/// Decisions from a seed (SplitMix64).
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % (limit.max(1) as u64)) as usize
    }

    pub fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// What may be done to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Drop,
    Duplicate,
    /// It arrives after the next object of its direction.
    Swap,
    /// By milliseconds; long enough to run into a time limit, at times.
    Delay(u64),
    /// One octet, at this place, becomes another.
    Corrupt(usize),
    /// Only so many octets arrive; then the stream ends.
    Cut(usize),
    /// Octets that were not sent come before it.
    Insert,
    /// The object with the same number of another session of the same peers takes its place.
    Foreign,
    /// The sender gets it back.
    Reflect,
}

/// Something that reaches a side.
#[derive(Debug)]
pub enum Arrival {
    Octets(Vec<u8>),
    End,
}

/// One direction.
#[derive(Debug, Default)]
struct Line {
    queue: VecDeque<(u64, Arrival)>,
    /// When the last octet so far arrives.
    last: u64,
    objects: usize,
    swapped: Option<Vec<u8>>,
    ended: bool,
}

#[derive(Debug)]
pub struct Carrier {
    dice: Dice,
    /// From the initiator, from the responder.
    lines: [Line; 2],
    others: &'static [Vec<String>; 2],
    /// One object in so many is disturbed; 0: none.
    rate: usize,
    /// Longest piece, in octets.
    piece: usize,
    pub faults: Vec<(Role, Fault)>,
}

fn index(role: Role) -> usize {
    usize::from(role == Role::Responder)
}

impl Carrier {
    pub fn new(dice: &mut Dice, others: &'static [Vec<String>; 2]) -> Self {
        let rate = [0, 3, 6, 9][dice.below(4)];
        let piece = [64, 700, 5_000, 100_000][dice.below(4)];
        let dice = Dice::new(dice.next());
        Self { dice, lines: Default::default(), others, rate, piece, faults: Vec::new() }
    }

    /// Takes an object from the side `from`.
    pub fn send(&mut self, time: u64, from: Role, object: &str) {
        let number = self.lines[index(from)].objects;
        self.lines[index(from)].objects += 1;
        let mut octets = object.as_bytes().to_vec();
        let disturbed = self.rate > 0 && self.dice.one_in(self.rate);
        if disturbed {
            let fault = self.choose(octets.len());
            self.faults.push((from, fault));
            let held = self.lines[index(from)].swapped.take();
            self.disturb(time, from, number, fault, &mut octets);
            if let Some(held) = held {
                self.put(time, from, held);
            }
            return;
        }
        self.put_line(time, from, octets);
        if let Some(held) = self.lines[index(from)].swapped.take() {
            self.put_line(time, from, held);
        }
    }

    fn choose(&mut self, length: usize) -> Fault {
        match self.dice.below(9) {
            0 => Fault::Drop,
            1 => Fault::Duplicate,
            2 => Fault::Swap,
            3 => Fault::Delay(self.dice.next() % 12_000),
            4 => Fault::Corrupt(self.dice.below(length)),
            5 => Fault::Cut(self.dice.below(length + 1)),
            6 => Fault::Insert,
            7 => Fault::Foreign,
            _ => Fault::Reflect,
        }
    }

    fn disturb(
        &mut self,
        time: u64,
        from: Role,
        number: usize,
        fault: Fault,
        octets: &mut Vec<u8>,
    ) {
        let object = std::mem::take(octets);
        match fault {
            Fault::Drop => {}
            Fault::Duplicate => {
                self.put_line(time, from, object.clone());
                self.put_line(time, from, object);
            }
            Fault::Swap => self.lines[index(from)].swapped = Some(object),
            Fault::Delay(by) => self.put_line(time + by, from, object),
            Fault::Corrupt(place) => {
                let mut object = object;
                object[place] ^= 1 + (self.dice.below(255) as u8);
                self.put_line(time, from, object);
            }
            Fault::Cut(length) => {
                self.put(time, from, object[..length].to_vec());
                self.end(time, from);
            }
            Fault::Insert => {
                let garbage = [&b"                  "[..], b"{}", b"]", b"\xff", b"\"{\""];
                let choice = self.dice.below(garbage.len());
                self.put(time, from, garbage[choice].to_vec());
                self.put_line(time, from, object);
            }
            Fault::Foreign => match self.others[index(from)].get(number) {
                Some(other) => self.put_line(time, from, other.as_bytes().to_vec()),
                None => self.put_line(time, from, object),
            },
            Fault::Reflect => {
                self.put_line(time, from.other(), object.clone());
                self.put_line(time, from, object);
            }
        }
    }

    /// An object and, mostly, the line feed after it (R43).
    fn put_line(&mut self, time: u64, from: Role, mut object: Vec<u8>) {
        if !self.dice.one_in(4) {
            object.push(b'\n');
        }
        self.put(time, from, object);
    }

    /// Octets, in pieces, each a little later than the one before.
    fn put(&mut self, time: u64, from: Role, octets: Vec<u8>) {
        let mut rest = octets.as_slice();
        while !rest.is_empty() {
            let size = 1 + self.dice.below(self.piece.min(rest.len()));
            let (piece, later) = rest.split_at(size);
            rest = later;
            let wait = u64::from(self.dice.one_in(3));
            let line = &mut self.lines[index(from)];
            if line.ended {
                return;
            }
            line.last = line.last.max(time) + wait;
            line.queue.push_back((line.last, Arrival::Octets(piece.to_vec())));
        }
    }

    /// The side `from` writes nothing more.
    pub fn end(&mut self, time: u64, from: Role) {
        if let Some(held) = self.lines[index(from)].swapped.take() {
            self.put_line(time, from, held);
        }
        let line = &mut self.lines[index(from)];
        if !line.ended {
            line.ended = true;
            line.last = line.last.max(time) + 1;
            line.queue.push_back((line.last, Arrival::End));
        }
    }

    pub fn end_all(&mut self, time: u64) {
        self.end(time, Role::Initiator);
        self.end(time, Role::Responder);
    }

    /// When something arrives next.
    pub fn next_time(&self) -> Option<u64> {
        self.lines.iter().filter_map(|line| line.queue.front()).map(|(time, _)| *time).min()
    }

    /// What has reached the side `to` at `time`.
    pub fn arrivals(&mut self, to: Role, time: u64) -> Vec<Arrival> {
        let queue = &mut self.lines[index(to.other())].queue;
        let due = queue.iter().take_while(|(at, _)| *at <= time).count();
        queue.drain(..due).map(|(_, arrival)| arrival).collect()
    }
}
