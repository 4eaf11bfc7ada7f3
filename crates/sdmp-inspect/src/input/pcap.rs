//! Reading captures of network traffic (pcap and pcapng): the TCP connections that carry SDMP.

mod packets;
mod tcp;

use std::collections::BTreeMap;

use sdmp_container::Timestamp;
use sdmp_handshake::{Deframer, Role};

use super::budget::{Budget, OBJECT_LIMIT};
use crate::transcript::{Piece, Seen, Transcript};
use packets::Packets;
use tcp::{Endpoint, Segment, Stream};

/// More connections than this of one capture are not followed.
const CONNECTIONS: usize = 4096;

/// Whether a file is a capture.
pub(crate) fn is_capture(octets: &[u8]) -> bool {
    Packets::new(octets).is_some()
}

/// Reads a capture: one session for each connection that carries objects.
pub(crate) fn read(octets: &[u8]) -> (Vec<Transcript>, Vec<String>) {
    let Some(mut packets) = Packets::new(octets) else { return (Vec::new(), Vec::new()) };
    let mut connections: BTreeMap<(Endpoint, Endpoint), Connection> = BTreeMap::new();
    let mut order = Vec::new();
    let mut budget = Budget::new();
    let mut notes = Vec::new();
    for packet in packets.by_ref() {
        let Some(segment) = Segment::parse(packet.link, packet.octets) else { continue };
        let name = segment.connection();
        if !connections.contains_key(&name) {
            // A capture of a whole network may hold millions of connections.
            if connections.len() >= CONNECTIONS {
                continue;
            }
            connections.insert(name, Connection::new(&segment, packet.micros));
            order.push(name);
        }
        if let Some(connection) = connections.get_mut(&name) {
            connection.segment(&segment, packet.micros, &mut budget);
        }
    }
    if packets.is_cut() {
        notes.push("the capture ends inside a packet; the rest is lost".to_owned());
    }
    let mut others = 0_usize;
    let mut captures = Vec::new();
    for name in order {
        match connections.remove(&name).and_then(Connection::finish) {
            Some(capture) => captures.push(capture),
            None => others += 1,
        }
    }
    if others > 0 {
        let which = match others {
            1 => "a connection that does not carry objects is",
            _ => &format!("{others} connections that do not carry objects are"),
        };
        notes.push(format!("{which} left out"));
    }
    notes.extend(budget.note());
    (captures, notes)
}

/// One connection, both directions.
struct Connection {
    /// Who opened it, or whose data came first.
    opener: Option<Endpoint>,
    names: (Endpoint, Endpoint),
    began: u64,
    streams: BTreeMap<Endpoint, (Stream, Option<Deframer>)>,
    pieces: Vec<(Endpoint, f64, Seen)>,
}

impl Connection {
    fn new(segment: &Segment<'_>, micros: u64) -> Self {
        Self {
            opener: None,
            names: (segment.from, segment.to),
            began: micros,
            streams: BTreeMap::new(),
            pieces: Vec::new(),
        }
    }

    fn segment(&mut self, segment: &Segment<'_>, micros: u64, budget: &mut Budget) {
        if self.opener.is_none() && segment.opens() {
            self.opener = Some(segment.from);
        }
        let ms =
            f64::from(u32::try_from(micros.saturating_sub(self.began) / 10).unwrap_or(u32::MAX))
                / 100.0;
        let (stream, deframer) = self
            .streams
            .entry(segment.from)
            .or_insert_with(|| (Stream::default(), Some(Deframer::new())));
        let data = stream.take(segment);
        let mut rest = data.as_slice();
        while let Some(framing) = deframer {
            match framing.next(&mut rest, OBJECT_LIMIT) {
                Ok(Some(object)) if budget.spend() => {
                    self.pieces.push((segment.from, ms, Seen::Object(object)));
                }
                // The budget is spent: later objects are neither framed nor kept.
                Ok(Some(_)) => *deframer = None,
                Ok(None) => break,
                Err(_) => {
                    let kept = rest.get(..4096).unwrap_or(rest).to_vec();
                    self.pieces.push((segment.from, ms, Seen::Unframed(kept)));
                    *deframer = None;
                }
            }
        }
        if stream.ends() {
            let whole = deframer.as_ref().is_some_and(Deframer::is_between_objects);
            self.pieces.push((segment.from, ms, Seen::End { whole }));
        }
    }

    /// The session, unless no object was seen.
    fn finish(self) -> Option<Transcript> {
        let object = |(_, _, seen): &&(Endpoint, f64, Seen)| matches!(seen, Seen::Object(_));
        let (first, _, _) = self.pieces.iter().find(object)?;
        // A capture that begins later has no SYN; in the protocol the initiator speaks first.
        let opener = self.opener.unwrap_or(*first);
        let (one, two) = self.names;
        let other = if one == opener { two } else { one };
        let mut notes = Vec::new();
        if self.streams.values().any(|(stream, _)| stream.has_gap()) {
            notes.push("segments of TCP are missing from the capture".to_owned());
        }
        let millis = i64::try_from(self.began / 1000).ok();
        let pieces = self.pieces.into_iter().map(|(from, ms, seen)| {
            let side = if from == opener { Role::Initiator } else { Role::Responder };
            Piece { from: Some(side), ms: Some(ms), seen }
        });
        Some(Transcript {
            title: format!("connection of {opener} to {other}"),
            profile: None,
            time: millis.and_then(Timestamp::from_unix_millis),
            pieces: pieces.collect(),
            notes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An Ethernet frame with an IPv4 packet with a segment.
    fn frame(from: (u8, u16), to: (u8, u16), sequence: u32, flags: u8, data: &[u8]) -> Vec<u8> {
        let mut out = vec![0; 12];
        out.extend([8, 0, 0x45, 0]);
        out.extend(u16::try_from(40 + data.len()).unwrap().to_be_bytes());
        out.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, from.0, 10, 0, 0, to.0]);
        out.extend(from.1.to_be_bytes());
        out.extend(to.1.to_be_bytes());
        out.extend(sequence.to_be_bytes());
        out.extend([0, 0, 0, 0, 0x50, flags, 1, 0, 0, 0, 0, 0]);
        out.extend(data);
        out
    }

    fn pcap(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut out = vec![
            0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
        ];
        for (second, frame) in (1_u32..).zip(frames) {
            out.extend(second.to_le_bytes());
            out.extend(7_u32.to_le_bytes());
            let length = u32::try_from(frame.len()).unwrap().to_le_bytes();
            out.extend([length, length].concat());
            out.extend(frame);
        }
        out
    }

    const A: (u8, u16) = (1, 40_000);
    const B: (u8, u16) = (2, 7667);

    fn texts(capture: &Transcript) -> Vec<(Option<Role>, String)> {
        capture
            .pieces
            .iter()
            .filter_map(|piece| match &piece.seen {
                Seen::Object(object) => {
                    Some((piece.from, String::from_utf8_lossy(object).into_owned()))
                }
                _ => None,
            })
            .collect()
    }

    /// Segments cut anywhere, repeated, overlapping and out of order, and another protocol beside.
    #[test]
    fn objects_are_put_together() {
        let frames = [
            frame(A, B, 99, 2, b""),
            frame((3, 1), (4, 80), 1, 0x18, b"GET / HTTP/1.1"),
            frame(A, B, 103, 0x18, b"\":1}\n{"),
            frame(A, B, 100, 0x18, b"{\"a"),
            frame(A, B, 100, 0x18, b"{\"a"),
            frame(B, A, u32::MAX, 0x18, b"{}"),
            frame(A, B, 105, 0x18, b"1}\n{\"b\":2}"),
            frame(B, A, 1, 0x18, b"\n{\"c\":3}"),
            frame(A, B, 115, 0x11, b""),
        ];
        let file = pcap(&frames);
        assert!(is_capture(&file));
        let (captures, notes) = read(&file);
        assert_eq!(notes, ["a connection that does not carry objects is left out"]);
        let [capture] = captures.as_slice() else { panic!("one session") };
        assert_eq!(capture.title, "connection of 10.0.0.1:40000 to 10.0.0.2:7667");
        assert_eq!(capture.notes, [""; 0]);
        let (i, r) = (Some(Role::Initiator), Some(Role::Responder));
        let expected = [(i, "{\"a\":1}"), (r, "{}"), (i, "{\"b\":2}"), (r, "{\"c\":3}")];
        assert_eq!(texts(capture), expected.map(|(from, text)| (from, text.to_owned())));
        assert!(matches!(capture.pieces.last().unwrap().seen, Seen::End { whole: true }));
        assert_eq!(capture.time.unwrap().to_string(), "1970-01-01T00:00:01.000Z");
        let (captures, _) = read(&pcap(&[frames[0].clone(), frames[2].clone(), frames[5].clone()]));
        assert!(captures[0].notes[0].contains("missing"), "a gap is told");
    }

    proptest! {
        #[test]
        fn any_capture_is_read(octets in prop::collection::vec(any::<u8>(), 0..400), kind in 0_usize..4) {
            let magic: [&[u8]; 4] = [
                &[0xd4, 0xc3, 0xb2, 0xa1], &[0xa1, 0xb2, 0x3c, 0x4d], &[0x0a, 0x0d, 0x0d, 0x0a], &[],
            ];
            read(&[magic[kind], &octets].concat());
        }

        #[test]
        fn a_damaged_capture_is_read(place in any::<prop::sample::Index>(), octet in any::<u8>(), cut in 0_usize..200) {
            let mut file = pcap(&[
                frame(A, B, 1, 2, b""), frame(A, B, 2, 0x18, b"{\"a\":1}"), frame(B, A, 5, 0x18, b"{}"),
            ]);
            let place = place.index(file.len());
            file[place] = octet;
            file.truncate(file.len() - cut.min(file.len()));
            read(&file);
        }
    }
}
