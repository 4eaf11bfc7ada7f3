//! Which published addresses are dialled (N35).

use std::net::SocketAddr;

use sdmp_journal::sync::{MAX_ADDRESSES, Prefix, addresses};

fn dialled(published: &[&str], own: bool, interfaces: &[(&str, u8)]) -> Vec<String> {
    let interfaces: Vec<Prefix> =
        interfaces.iter().map(|(ip, length)| Prefix::new(ip.parse().unwrap(), *length)).collect();
    let found: Vec<SocketAddr> = addresses(published.iter().copied(), own, &interfaces);
    found.iter().map(ToString::to_string).collect()
}

fn of_other(address: &str) -> bool {
    !dialled(&[address], false, &[]).is_empty()
}

#[test]
fn n35_addresses_have_one_of_two_forms_and_no_names() {
    let right = ["9.9.9.9:4000", "[2620:fe::fe]:4000"];
    assert_eq!(dialled(&right, true, &[]), right);
    let wrong = [
        "example.org:4000",
        "localhost:1",
        "9.9.9.9",
        "9.9.9.9:0",
        "9.9.9.9:65536",
        "2620:fe::fe:4000",
        "[2620:fe::fe]",
        "[fe80::1%1]:4000",
        "[fe80::1%eth0]:4000",
        "9.9.9:4000",
        "9.9.9.9:4000 ",
        "09.9.9.9:4000",
        "0x9.9.9.9:4000",
        "9.9.9.9:",
        "",
    ];
    for one in wrong {
        assert!(dialled(&[one], true, &[]).is_empty(), "{one}");
    }
}

#[test]
fn n35_only_the_first_8_count_and_each_once() {
    let many: Vec<String> = (1..=12).map(|n| format!("9.9.9.{n}:1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(dialled(&many, false, &[]), many[..MAX_ADDRESSES]);
    let after = ["a:1", "b:1", "c:1", "d:1", "e:1", "f:1", "g:1", "h:1", "9.9.9.9:1"];
    assert!(dialled(&after, false, &[]).is_empty(), "what is passed over counts too");
    assert_eq!(dialled(&["9.9.9.9:1", "[::ffff:9.9.9.9]:1"], false, &[]), ["9.9.9.9:1"]);
}

#[test]
fn n35_of_other_users_only_global_unicast_is_dialled() {
    let global = [
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "[2000::1]",
        "[2001:200::1]",
        "[2620:fe::fe]",
    ];
    for one in global {
        assert!(of_other(&format!("{one}:1")), "{one}");
    }
    let special = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[2001::1]",
        "[2001:1ff::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[4000::1]",
        "[100::1]",
        "[64:ff9b:1::1]",
        "[fec0::1]",
    ];
    for one in special {
        let address = format!("{one}:1");
        assert!(!of_other(&address), "{one}");
        assert!(!dialled(&[&address], true, &[]).is_empty(), "{one}: an own node's");
    }
}

#[test]
fn n35_ipv4_embedded_in_ipv6_counts_as_ipv4() {
    for before in ["::ffff:", "::", "64:ff9b::"] {
        assert!(of_other(&format!("[{before}9.9.9.9]:1")), "{before}");
        for inside in ["127.0.0.1", "10.0.0.1", "169.254.169.254"] {
            assert!(!of_other(&format!("[{before}{inside}]:1")), "{before}{inside}");
        }
    }
    // 6to4: 2002:AABB:CCDD::/48 is 170.187.204.221.
    assert!(!of_other("[2002:7f00:1::1]:1") && !of_other("[2002:a00:1::1]:1"));
    assert!(of_other("[2002:909:909::1]:1"));
    assert!(dialled(&["[2002:909:909::1]:1"], false, &[("9.9.9.1", 24)]).is_empty());
    assert_eq!(dialled(&["[::ffff:9.9.9.9]:1"], false, &[]), ["9.9.9.9:1"]);
}

#[test]
fn n35_what_is_in_a_network_of_an_own_interface_is_not_dialled_for_others() {
    let nets = [("9.9.8.1", 23), ("2620:fe::1", 64), ("8.8.8.8", 32)];
    for inside in ["9.9.9.9:1", "[::ffff:9.9.8.7]:1", "[2620:fe::fe]:1", "8.8.8.8:1"] {
        assert!(dialled(&[inside], false, &nets).is_empty(), "{inside}");
        assert_eq!(dialled(&[inside], true, &nets).len(), 1, "{inside}: an own node's");
    }
    for outside in ["9.9.10.1:1", "9.9.7.255:1", "[2620:fe:0:1::1]:1", "8.8.8.9:1"] {
        assert_eq!(dialled(&[outside], false, &nets).len(), 1, "{outside}");
    }
    assert!(dialled(&["9.9.9.9:1"], false, &[("1.2.3.4", 0)]).is_empty(), "all is one network");
    assert!(dialled(&["9.9.9.9:1"], false, &[("::ffff:9.9.9.1", 120)]).is_empty());
}
