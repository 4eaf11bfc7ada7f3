//! The networks around this node: there it dials no published address of another user's node (N35).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sdmp_journal::sync::Prefix;

/// The networks of the own interfaces, as the system's routes without a gateway tell them. Elsewhere than
/// on Linux the program names them.
pub(crate) fn own_networks() -> Vec<Prefix> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let mut networks = networks_v4(&read("/proc/net/route"));
    networks.extend(networks_v6(&read("/proc/net/ipv6_route")));
    networks
}

/// `Iface Destination Gateway Flags RefCnt Use Metric Mask ...`, addresses as the machine holds them.
fn networks_v4(table: &str) -> Vec<Prefix> {
    let network = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let mut number = |skipped: usize| u32::from_str_radix(words.nth(skipped)?, 16).ok();
        let (destination, gateway, mask) = (number(0)?, number(0)?, number(4)?);
        let address = IpAddr::V4(Ipv4Addr::from(destination.to_le_bytes()));
        let length = u8::try_from(mask.count_ones()).ok()?;
        (gateway == 0 && length > 0).then(|| Prefix::new(address, length))
    };
    table.lines().filter_map(network).collect()
}

/// `destination length source length next-hop ...`.
fn networks_v6(table: &str) -> Vec<Prefix> {
    let network = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let address = |word: &str| u128::from_str_radix(word, 16).ok();
        let (destination, next_hop) = (address(words.first()?)?, address(words.get(4)?)?);
        let length = u8::from_str_radix(words.get(1)?, 16).ok()?;
        let address = IpAddr::V6(Ipv6Addr::from_bits(destination));
        (next_hop == 0 && length > 0).then(|| Prefix::new(address, length))
    };
    table.lines().filter_map(network).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n35_routes_without_a_gateway_are_own_networks() {
        let table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
            eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n\
            tun0\t0A0201CB\t0100000A\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        // The numbers are written as this machine holds them; the table above is of a little one.
        assert_eq!(networks_v4(table), [Prefix::new("172.17.0.0".parse().unwrap(), 16)]);
        assert!(networks_v4("rubbish\n\neth0 x y").is_empty());
    }

    #[test]
    fn n35_also_of_ipv6() {
        let zero = "00000000000000000000000000000000";
        let own = "20010db8000100000000000000000000";
        let line = |destination, length, hop| {
            format!(
                "{destination} {length} {zero} 00 {hop} 00000100 00000001 00000000 00000001 eth0\n"
            )
        };
        let table = [line(own, "40", zero), line(zero, "00", own), line(own, "30", own)].concat();
        assert_eq!(networks_v6(&table), [Prefix::new("2001:db8:1::".parse().unwrap(), 64)]);
        assert!(networks_v6("rubbish\n\n1 2 3").is_empty());
    }
}
