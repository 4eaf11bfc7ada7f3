//! From a captured packet to the octets of a TCP stream, in order.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Endpoint {
    ip: IpAddr,
    port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.ip, self.port).fmt(f)
    }
}

/// A segment of TCP.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    pub(super) from: Endpoint,
    pub(super) to: Endpoint,
    sequence: u32,
    flags: u8,
    data: &'a [u8],
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

impl<'a> Segment<'a> {
    /// Takes off the layers around it; `None` for whatever is not TCP over IP, and for fragments.
    pub(super) fn parse(link: u32, packet: &'a [u8]) -> Option<Self> {
        let ip = match link {
            // Loopback of BSD: four octets of address family.
            0 | 108 => packet.get(4..)?,
            1 => ethernet(packet)?,
            12 | 14 | 101 | 228 | 229 => packet,
            // Linux "any", in its two versions.
            113 => packet.get(16..)?,
            276 => packet.get(20..)?,
            _ => return None,
        };
        let (from, to, tcp) = match ip.first()? >> 4 {
            4 => version_4(ip)?,
            6 => version_6(ip)?,
            _ => return None,
        };
        let (ports, rest) = tcp.split_first_chunk::<4>()?;
        let [a, b, c, d] = *ports;
        let (sequence, _) = rest.split_first_chunk::<4>()?;
        let offset = usize::from(tcp.get(12)? >> 4) * 4;
        Some(Self {
            from: Endpoint { ip: from, port: u16::from_be_bytes([a, b]) },
            to: Endpoint { ip: to, port: u16::from_be_bytes([c, d]) },
            sequence: u32::from_be_bytes(*sequence),
            flags: *tcp.get(13)?,
            data: tcp.get(offset.max(20)..)?,
        })
    }

    /// The same name for both directions.
    pub(super) fn connection(&self) -> (Endpoint, Endpoint) {
        (self.from.min(self.to), self.from.max(self.to))
    }

    /// Whether its sender opens the connection with it.
    pub(super) fn opens(&self) -> bool {
        self.flags & (SYN | ACK) == SYN
    }
}

fn ethernet(packet: &[u8]) -> Option<&[u8]> {
    let mut rest = packet.get(12..)?;
    loop {
        let (kind, inner) = rest.split_first_chunk::<2>()?;
        match u16::from_be_bytes(*kind) {
            0x8100 | 0x88a8 => rest = inner.get(2..)?,
            0x0800 | 0x86dd => return Some(inner),
            _ => return None,
        }
    }
}

type Layer<'a> = (IpAddr, IpAddr, &'a [u8]);

fn version_4(ip: &[u8]) -> Option<Layer<'_>> {
    let header = usize::from(ip.first()? & 15) * 4;
    let total = usize::from(u16::from_be_bytes(*ip.get(2..)?.first_chunk::<2>()?));
    let fragment = u16::from_be_bytes(*ip.get(6..)?.first_chunk::<2>()?) & 0x3fff;
    if *ip.get(9)? != 6 || fragment != 0 {
        return None;
    }
    let address =
        |at: usize| Some(IpAddr::from(Ipv4Addr::from(*ip.get(at..)?.first_chunk::<4>()?)));
    // With segmentation offload the kernel leaves the length open.
    let end = if total == 0 { ip.len() } else { total.min(ip.len()) };
    Some((address(12)?, address(16)?, ip.get(header.max(20)..end)?))
}

fn version_6(ip: &[u8]) -> Option<Layer<'_>> {
    let address =
        |at: usize| Some(IpAddr::from(Ipv6Addr::from(*ip.get(at..)?.first_chunk::<16>()?)));
    let (from, to) = (address(8)?, address(24)?);
    let length = usize::from(u16::from_be_bytes(*ip.get(4..)?.first_chunk::<2>()?));
    let rest = ip.get(40..)?;
    let mut rest = if length == 0 { rest } else { rest.get(..length).unwrap_or(rest) };
    let mut kind = *ip.get(6)?;
    loop {
        match kind {
            6 => return Some((from, to, rest)),
            // Hop by hop, routing, destination options.
            0 | 43 | 60 => {
                kind = *rest.first()?;
                rest = rest.get(usize::from(*rest.get(1)?) * 8 + 8..)?;
            }
            _ => return None,
        }
    }
}

/// One direction: gives octets in their order, each once.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The number of the next octet.
    next: Option<u32>,
    /// What came too early, by its distance from the stream's beginning.
    early: BTreeMap<u64, Vec<u8>>,
    /// How many octets were given.
    given: u64,
    /// Where the stream ends.
    end: Option<u64>,
    ended: bool,
}

impl Stream {
    /// Takes a segment, and gives the octets that are now known without a gap.
    pub(super) fn take(&mut self, segment: &Segment<'_>) -> Vec<u8> {
        let begins = segment.flags & SYN != 0;
        let first = segment.sequence.wrapping_add(u32::from(begins));
        let next = *self.next.get_or_insert(first);
        // Numbers wrap around: what is less than half the circle ahead is ahead.
        let ahead = first.wrapping_sub(next);
        let at = if ahead < 1 << 31 {
            self.given.saturating_add(u64::from(ahead))
        } else {
            let Some(at) = self.given.checked_sub(u64::from(next.wrapping_sub(first))) else {
                return Vec::new();
            };
            at
        };
        let length = u64::try_from(segment.data.len()).unwrap_or(u64::MAX);
        if segment.flags & (FIN | RST) != 0 {
            self.end.get_or_insert(at.saturating_add(length));
        }
        if !segment.data.is_empty() {
            let known = self.early.get(&at).map_or(0, Vec::len);
            if segment.data.len() > known {
                self.early.insert(at, segment.data.to_vec());
            }
        }
        self.drain()
    }

    fn drain(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(entry) = self.early.first_entry() {
            let Some(old) = self.given.checked_sub(*entry.key()) else { break };
            let data = entry.remove();
            let new = data.get(usize::try_from(old).unwrap_or(usize::MAX)..).unwrap_or_default();
            out.extend_from_slice(new);
            let count = u32::try_from(new.len()).unwrap_or_default();
            self.given = self.given.saturating_add(u64::from(count));
            self.next = self.next.map(|next| next.wrapping_add(count));
        }
        out
    }

    /// Whether everything up to the end was given; true once.
    pub(super) fn ends(&mut self) -> bool {
        let now = !self.ended && self.end.is_some_and(|end| end <= self.given);
        self.ended |= now;
        now
    }

    /// Whether something is missing before what came later.
    pub(super) fn has_gap(&self) -> bool {
        !self.early.is_empty()
    }
}
