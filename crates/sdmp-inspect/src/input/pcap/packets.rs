//! The packets of a capture file: pcap, in both orders of octets, and pcapng.

/// A packet as it was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    /// The link type, as tcpdump.org numbers them.
    pub(super) link: u32,
    /// Microseconds since 1970.
    pub(super) micros: u64,
    pub(super) octets: &'a [u8],
}

/// Walks through a file.
#[derive(Debug)]
pub(super) struct Packets<'a> {
    rest: &'a [u8],
    form: Form,
    little: bool,
    cut: bool,
}

#[derive(Debug)]
enum Form {
    Classic {
        link: u32,
        nanos: bool,
    },
    /// The link types of the interfaces, and how many of their ticks make a second.
    Blocks(Vec<(u32, u64)>),
}

/// A section header block of pcapng.
const SECTION: u32 = 0x0a0d_0d0a;

fn u32_of(octets: &[u8], little: bool) -> Option<(u32, &[u8])> {
    let (first, rest) = octets.split_first_chunk::<4>()?;
    Some((if little { u32::from_le_bytes(*first) } else { u32::from_be_bytes(*first) }, rest))
}

fn u16_of(octets: &[u8], little: bool) -> Option<(u16, &[u8])> {
    let (first, rest) = octets.split_first_chunk::<2>()?;
    Some((if little { u16::from_le_bytes(*first) } else { u16::from_be_bytes(*first) }, rest))
}

impl<'a> Packets<'a> {
    /// `None` for what is no capture.
    pub(super) fn new(octets: &'a [u8]) -> Option<Self> {
        let (magic, _) = u32_of(octets, true)?;
        let (little, nanos) = match magic {
            0xa1b2_c3d4 => (true, false),
            0xa1b2_3c4d => (true, true),
            0xd4c3_b2a1 => (false, false),
            0x4d3c_b2a1 => (false, true),
            SECTION => {
                let form = Form::Blocks(Vec::new());
                return Some(Self { rest: octets, form, little: true, cut: false });
            }
            _ => return None,
        };
        let (link, rest) = u32_of(octets.get(20..)?, little)?;
        let form = Form::Classic { link: link & 0xffff, nanos };
        Some(Self { rest, form, little, cut: false })
    }

    /// Whether the file ended inside a packet, or in what is none.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    fn classic(&mut self, link: u32, nanos: bool) -> Option<Packet<'a>> {
        let (seconds, rest) = u32_of(self.rest, self.little)?;
        let (fraction, rest) = u32_of(rest, self.little)?;
        let (length, rest) = u32_of(rest, self.little)?;
        let (_, rest) = u32_of(rest, self.little)?;
        let (octets, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        let fraction = u64::from(fraction) / if nanos { 1000 } else { 1 };
        let micros = u64::from(seconds).saturating_mul(1_000_000).saturating_add(fraction);
        Some(Packet { link, micros, octets })
    }

    /// The next block of pcapng: a packet, or nothing for a block of another kind.
    fn block(&mut self) -> Option<Option<Packet<'a>>> {
        let (kind, rest) = u32_of(self.rest, self.little)?;
        if kind == SECTION {
            // Each section says its own order of octets.
            let (order, _) = u32_of(rest.get(4..)?, true)?;
            self.little = order == 0x1a2b_3c4d;
            self.form = Form::Blocks(Vec::new());
        }
        let (length, _) = u32_of(rest, self.little)?;
        let length = usize::try_from(length).ok()?;
        let (block, rest) = self.rest.split_at_checked(length)?;
        let body = block.get(8..length.checked_sub(4)?)?;
        self.rest = rest;
        let little = self.little;
        let Form::Blocks(interfaces) = &mut self.form else { return None };
        match kind {
            1 => {
                let (link, options) = u16_of(body, little)?;
                interfaces.push((u32::from(link), resolution(options.get(6..)?, little)));
                Some(None)
            }
            6 => Some(enhanced(body, little, interfaces)),
            _ => Some(None),
        }
    }
}

/// How many ticks make a second: the option 9 of an interface, else a million.
fn resolution(mut options: &[u8], little: bool) -> u64 {
    const USUAL: u64 = 1_000_000;
    while let Some((code, rest)) = u16_of(options, little) {
        let Some((length, rest)) = u16_of(rest, little) else { return USUAL };
        let length = usize::from(length);
        match (code, rest.first()) {
            (0, _) => return USUAL,
            (9, Some(exponent)) => {
                let power = u32::from(exponent & 0x7f);
                let base: u64 = if exponent & 0x80 == 0 { 10 } else { 2 };
                return base.checked_pow(power).unwrap_or(USUAL);
            }
            _ => options = rest.get(length.next_multiple_of(4)..).unwrap_or_default(),
        }
    }
    USUAL
}

fn enhanced<'a>(body: &'a [u8], little: bool, interfaces: &[(u32, u64)]) -> Option<Packet<'a>> {
    let (interface, rest) = u32_of(body, little)?;
    let (high, rest) = u32_of(rest, little)?;
    let (low, rest) = u32_of(rest, little)?;
    let (length, rest) = u32_of(rest, little)?;
    let octets = rest.get(4..)?.get(..usize::try_from(length).ok()?)?;
    let (link, ticks) = *interfaces.get(usize::try_from(interface).ok()?)?;
    let time = u128::from(high) << 32 | u128::from(low);
    let micros = u64::try_from(time * 1_000_000 / u128::from(ticks.max(1))).ok()?;
    Some(Packet { link, micros, octets })
}

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        loop {
            if self.rest.is_empty() || self.cut {
                return None;
            }
            let packet = match &self.form {
                Form::Classic { link, nanos } => {
                    let (link, nanos) = (*link, *nanos);
                    self.classic(link, nanos).map(Some)
                }
                Form::Blocks(_) => self.block(),
            };
            match packet {
                Some(Some(packet)) => return Some(packet),
                Some(None) => {}
                None => self.cut = true,
            }
        }
    }
}
