//! What M1 and M2 may not hold (R23, R25, R27, R28, R40): each refusal by its own code, before
//! anything is computed, answered by `bad_request` in plaintext (R37).

use sdmp_container::b64url;
use sdmp_container::closed::Rejection;
use sdmp_crypto::dh::Groups;
use sdmp_handshake::{Config, Connection, Profile};
use sdmp_testkit::{hex, pair::*};

fn responder(config: Config) -> Connection {
    Connection::respond(config, at(0), Box::new(Seeded::new(9)))
}

fn bob_config() -> Config {
    config(&bob(), &[&alice()], Profile::Hardened)
}

/// The safe prime of 2048 bits of RFC 5054 (SRP), which is none of the named groups.
const SAFE: &str = "\
    AC6BDB41324A9A9BF166DE5E1389582FAF72B6651987EE07FC3192943DB56050A37329CBB4A099ED8193E0757767A13D\
    D52312AB4B03310DCD7F48A9DA04FD50E8083969EDB767B0CF6095179A163AB3661A05FBD5FAAAE82918A9962F0B93B8\
    55F97993EC975EEAA80D740ADBF4FF747359D041D5C33EA71D281E446B14773BCA97B43A23FB801676BD207A436C6481\
    F1D2B9078717461A5B9D32E688F87748544523B524B0D57D5EA77A2775D2ECFA032CFBDBF52FB3786160279004E57AE6\
    AF874E7303CE53299CCC041C7BC308D82A5698F3A8D0C38271AE35F8E9DBFBB694B5C803D89F7AE435DE236D525F5475\
    9B65E372FCD68EF20FA7111F9E4AFF73";

fn less_one(mut number: Vec<u8>) -> Vec<u8> {
    *number.last_mut().unwrap() -= 1;
    number
}

/// A big-endian number in decimal digits.
fn decimal(number: &[u8]) -> String {
    let mut digits = vec![0_u32];
    for octet in number {
        let mut carry = u32::from(*octet);
        for digit in &mut digits {
            carry += *digit * 256;
            (*digit, carry) = (carry % 10, carry / 10);
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    digits.iter().rev().map(u32::to_string).collect()
}

/// A correct M1 over ffdhe2048.
fn m1() -> String {
    let config = config(&alice(), &[&bob()], Profile::Hardened);
    let mut connection = Connection::initiate(config, at(0), Box::new(Seeded::new(1))).unwrap();
    connection.poll_output().unwrap()
}

fn with(name: &str, octets: &[u8]) -> String {
    let m1 = m1();
    m1.replace(member(&m1, name), &b64url::encode(octets))
}

fn p() -> Vec<u8> {
    b64url::decode(member(&m1(), "p")).unwrap()
}

/// What Bob says to this M1: his error's code and what he sends.
fn answer(m1: &str) -> (Option<&'static str>, Vec<String>) {
    let mut bob = responder(bob_config());
    let mut events = Vec::new();
    feed(&mut bob, m1.as_bytes(), &mut events);
    let mut sent = Vec::new();
    while let Some(object) = bob.poll_output() {
        sent.push(object);
    }
    (failure(&events), sent)
}

fn refused(m1: &str) -> &'static str {
    let (code, sent) = answer(m1);
    assert_eq!(sent, [Rejection::BAD_REQUEST], "{code:?}");
    code.unwrap()
}

#[test]
fn a_correct_m1_is_answered() {
    let (code, sent) = answer(&m1());
    assert_eq!(code, None);
    assert_eq!(member(&sent[0], "p"), member(&m1(), "p"));
}

#[test]
fn r25_public_values_outside_the_range_are_refused() {
    let p = p();
    let less = |by: u8| {
        let mut octets = p.clone();
        *octets.last_mut().unwrap() -= by;
        octets
    };
    let mut more = p.clone();
    // p ends in ones: p + 1 carries.
    for octet in more.iter_mut().rev() {
        *octet = octet.wrapping_add(1);
        if *octet != 0 {
            break;
        }
    }
    assert!(more > p && more.len() == p.len());
    for (name, n, code) in [
        ("no octets", vec![], "exchange.small"),
        ("0", vec![0], "exchange.small"),
        ("0 at full length", vec![0; p.len()], "exchange.small"),
        ("1", vec![1], "exchange.small"),
        ("p-1", less(1), "exchange.large"),
        ("p", p.clone(), "exchange.large"),
        ("p+1", more, "exchange.large"),
        ("all ones", vec![0xff; p.len()], "exchange.large"),
        ("longer than p", [&[1], &p[..]].concat(), "exchange.long"),
        ("2, longer than p", [vec![0; p.len()], vec![2]].concat(), "exchange.long"),
    ] {
        assert_eq!(refused(&with("N", &n)), code, "{name}");
    }
    assert_eq!(answer(&with("N", &less(2))).0, None);
    assert_eq!(answer(&with("N", &[2])).0, None);
}

#[test]
fn r23_unknown_groups_are_refused_each_by_its_own_code() {
    let mut p = p();
    let mut leading_zero = vec![0];
    leading_zero.extend(&p);
    assert_eq!(refused(&with("p", &leading_zero)), "closed.leading_zero_octet");
    // A composite, or another safe prime: a peer is not told which, and we do not compute it.
    p[9] ^= 1;
    assert_eq!(Groups::new().register(&p, 2).unwrap_err().code(), "group.not_safe_prime");
    assert_eq!(refused(&with("p", &p)), "group.unknown");
    let safe = hex::decode(SAFE);
    assert!(Groups::new().register(&safe, 2).is_ok());
    assert_eq!(refused(&with("p", &safe)), "group.unknown");
    *p.last_mut().unwrap() &= 0xfe;
    assert_eq!(refused(&with("p", &p)), "group.even");
    assert_eq!(refused(&with("p", &p[..128])), "group.too_short");
    assert_eq!(refused(&with("p", &[0xff; 2048])), "group.too_long");
}

#[test]
fn r23_generators_must_be_the_groups_own_integer() {
    let m1 = m1();
    for (g, expected) in [
        ("0", "group.generator"),
        ("1", "group.generator"),
        ("3", "group.unknown"),
        ("18446744073709551615", "group.unknown"),
    ] {
        assert_eq!(refused(&m1.replace("\"g\":2", &format!("\"g\":{g}"))), expected, "{g}");
    }
    // Among them p-1, as the integer that it is.
    for g in
        [&decimal(&less_one(p())), "\"2\"", "2.0", "2e0", "-2", "-0", "1e999", "02", "null", "[2]"]
    {
        let code = refused(&m1.replace("\"g\":2", &format!("\"g\":{g}")));
        assert!(!code.starts_with("group."), "{g}: not an integer at all, {code}");
    }
}

#[test]
fn r23_a_group_above_the_policy_is_refused() {
    for (bits, refused) in [(2047, Some("incompatible.group_too_large")), (2048, None)] {
        let mut policy = policy(Profile::Hardened);
        policy.max_group_bits = bits;
        let mut bob = responder(bob_config().with_policy(policy));
        let mut events = Vec::new();
        feed(&mut bob, m1().as_bytes(), &mut events);
        assert_eq!(failure(&events), refused, "{bits}");
    }
}

#[test]
fn r40_additional_members_are_refused_at_every_level() {
    let m1 = m1();
    for (from, to) in [
        ("{\"sdmp\":{", "{\"x\":1,\"sdmp\":{"),
        ("{\"version\"", "{\"x\":1,\"version\""),
        ("{\"g\":2", "{\"x\":1,\"g\":2"),
    ] {
        assert_eq!(refused(&m1.replace(from, to)), "closed.extra_member", "{to}");
    }
    for (from, to) in [
        ("{\"g\":2", "{\"g\":2,\"g\":2"),
        ("{\"g\":2", "{\"g\":2,\"\\u0067\":2"),
        ("\"version\":\"0.12.0\"", "\"version\":\"0.12.0\",\"version\":\"0.12.0\""),
    ] {
        assert_eq!(refused(&m1.replace(from, to)), "json.duplicate_member", "{to}");
    }
}

#[test]
fn r27_the_other_schema_name_and_other_orders_are_accepted() {
    let m1 = m1();
    assert_eq!(answer(&m1.replace("shared_key", "connection")).0, None);
    let (p, n) = (member(&m1, "p").to_owned(), member(&m1, "N").to_owned());
    let reordered = format!(
        "{{\"connection\":{{\"N\":\"{n}\",\"p\":\"{p}\",\"g\":2}},\
         \"sdmp\":{{\"schemas\":[\"shared_key\"],\"version\":\"0.12.9\"}}}}"
    );
    assert_eq!(answer(&reordered).0, None);
    for (from, to) in [
        ("[\"shared_key\"]", "[\"shared_key\",\"connection\"]"),
        ("[\"shared_key\"]", "[\"message\"]"),
        ("0.12.0", "0.11.0"),
        ("0.12.0", "0.12"),
    ] {
        refused(&m1.replace(from, to));
    }
}

#[test]
fn r42_an_m1_over_the_limit_is_refused_as_malformed() {
    let m1 = m1();
    let pad = 4096 - m1.len();
    assert_eq!(answer(&m1.replace("\"g\":2", &format!("\"g\":2{}", " ".repeat(pad)))).0, None);
    let over = m1.replace("\"g\":2", &format!("\"g\":2{}", " ".repeat(pad + 1)));
    assert_eq!(refused(&over), "misbehaved.too_long");
    // Never more than the limit is looked at: an input without an end is refused at once.
    assert_eq!(refused(&format!("{{\"{}", "a".repeat(1 << 20))), "misbehaved.too_long");
}

#[test]
fn r43_what_is_no_object_is_refused() {
    for garbage in ["GET / HTTP/1.1\r\n", "[]", "\u{feff}{}", "\0", "                 {}"] {
        assert_eq!(refused(garbage), "misbehaved.framing", "{garbage:?}");
        let (code, sent) = initiator(garbage);
        assert_eq!(code, Some("misbehaved.framing"), "in place of M2: {garbage:?}");
        assert_eq!(sent, [Rejection::BAD_REQUEST], "{garbage:?}");
    }
}

/// Alice's reaction to an M2.
fn initiator(m2: &str) -> (Option<&'static str>, Vec<String>) {
    initiator_of(Profile::Hardened, m2)
}

fn initiator_of(profile: Profile, m2: &str) -> (Option<&'static str>, Vec<String>) {
    let config = config(&alice(), &[&bob()], profile);
    let mut alice = Connection::initiate(config, at(0), Box::new(Seeded::new(1))).unwrap();
    alice.poll_output().unwrap();
    let mut events = Vec::new();
    feed(&mut alice, m2.as_bytes(), &mut events);
    (failure(&events), std::iter::from_fn(|| alice.poll_output()).collect())
}

#[test]
fn r28_m2_must_have_the_group_of_m1() {
    let (_, sent) = answer(&m1());
    let m2 = &sent[0];
    assert_eq!(initiator(m2).0, None);
    let (code, sent) = initiator(&m2.replace("\"g\":2", "\"g\":3"));
    assert_eq!(code, Some("misbehaved.other_group"));
    assert_eq!(sent, [Rejection::BAD_REQUEST]);
}

#[test]
fn r25_an_echo_of_m1_is_refused() {
    for profile in [Profile::Hardened, Profile::Published] {
        let (code, sent) = initiator_of(profile, &m1());
        assert_eq!(code, Some("exchange.own"), "{profile:?}");
        assert_eq!(sent, [Rejection::BAD_REQUEST]);
    }
}

#[test]
fn r38_a_plaintext_refusal_in_place_of_m2_is_not_answered() {
    assert_eq!(initiator(Rejection::BAD_REQUEST), (Some("rejected.plaintext"), vec![]));
    // `not_found` may not stand here: that is a malformed M2.
    let (code, sent) = initiator(Rejection::NOT_FOUND);
    assert_ne!(code, Some("rejected.plaintext"));
    assert_eq!(sent, [Rejection::BAD_REQUEST]);
}
