//! Which published addresses of a node are dialled (N35).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// So many addresses of a `node` resource are looked at.
pub const MAX_ADDRESSES: usize = 8;

/// The addresses that all of one network share: an address of an own interface, and how many of its
/// leading bits are the network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// The network of an interface; `length` counts bits. An IPv4 address that is embedded in IPv6
    /// stands for itself, if the network is not larger than the embedding.
    #[must_use]
    pub fn new(address: IpAddr, length: u8) -> Self {
        match (address, embedded(address)) {
            // One form for one network, or a mapped address would pass as a foreign one.
            (IpAddr::V6(_), IpAddr::V4(v4)) if length >= 96 => {
                Self { address: IpAddr::V4(v4), length: length.saturating_sub(96) }
            }
            _ => Self { address, length },
        }
    }

    /// Whether this address is of the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let shift = |width: u32| width.saturating_sub(u32::from(self.length));
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.checked_shr(shift(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.checked_shr(shift(128)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// The addresses under which a node may be dialled, of those that its `node` resource lists.
///
/// Only the first [`MAX_ADDRESSES`] count. They have the form `a.b.c.d:port` or `[v6]:port`, with a
/// port that is not 0; names, zones and anything else are passed over. Of nodes of other users
/// (`own` is false) only global unicast addresses that are in no network of an own interface are
/// dialled, and IPv6 addresses that embed an IPv4 one are judged by that: a stranger is not to make this node reach into the networks around it.
#[must_use]
pub fn addresses<'a>(
    published: impl IntoIterator<Item = &'a str>,
    own: bool,
    interfaces: &[Prefix],
) -> Vec<SocketAddr> {
    // A stranger's list must not make us dial the whole network.
    let first = published.into_iter().take(MAX_ADDRESSES);
    let mut dialled = Vec::new();
    for address in first.filter_map(read) {
        let (ip, judged) = (address.ip(), embedded(address.ip()));
        let near = |net: &Prefix| net.contains(ip) || net.contains(judged);
        // Another user's node could name addresses inside our network and have us probe it.
        let foreign = || is_global(judged) && !interfaces.iter().any(near);
        if (own || foreign()) && !dialled.contains(&address) {
            dialled.push(address);
        }
    }
    dialled
}

fn read(text: &str) -> Option<SocketAddr> {
    // A zone belongs to the machine that wrote it.
    if text.contains('%') {
        return None;
    }
    let address: SocketAddr = text.parse().ok()?;
    (address.port() != 0).then(|| SocketAddr::new(address.ip().to_canonical(), address.port()))
}

/// The IPv4 address within an IPv6 one (mapped, compatible, NAT64, 6to4), else the address itself.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| {
        IpAddr::V4(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)))
    };
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        (0, 0, 0, 0, 0, 0) if g != 0 => v4(g, h),
        (0x2002, ..) => v4(b, c),
        _ => address,
    }
}

/// Whether an address is global unicast, by IANA's registries of special-purpose addresses.
fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

fn is_global_v4(v4: Ipv4Addr) -> bool {
    let special = match v4.octets() {
        // "This network", private, loopback, class E with broadcast, and multicast.
        [0 | 10 | 127 | 224..=255, ..] => true,
        // Shared by carriers, link-local, private, protocol assignments and documentation.
        [100, 64..=127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] => true,
        [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Relays of 6to4, and benchmarking.
        [192, 88, 99, _] | [198, 18 | 19, ..] => true,
        _ => false,
    };
    !special
}

fn is_global_v6(v6: Ipv6Addr) -> bool {
    // All that is assigned as global unicast is in 2000::/3; of it these are special.
    let special = match v6.segments() {
        // Protocol assignments with Teredo and ORCHID, documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => true,
        [first, ..] => first & 0xe000 != 0x2000,
    };
    !special
}
