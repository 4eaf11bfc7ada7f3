//! Ways to break the parser that were thought of, each tried.
//!
//! 1. Find a text that it reads otherwise than another parser does: every short text there is, and
//!    every escape of four digits, is given to both.
//! 2. Make it use more memory or stack than a small multiple of the text.
//! 3. Make an error repeat what the peer wrote, into a log or a terminal.
//! 4. Ask where a fault stands in a text that is not the one that was refused.
//! 5. Hide a second meaning in a closed object, in spellings that compare equal only after unescaping.
//! 6. Give one thing two names, so that a list of names that are refused or trusted is evaded.

use proptest::collection::vec;
use proptest::prelude::*;
use sdmp_container::closed::{EncryptedObject, Rejection, SessionCreation};
use sdmp_container::strict::{self, Value};
use sdmp_container::{Container, CoreSchema, ErrorKind, Fingerprint, Limits, SchemaName, kind};

/// Both parsers accept the text, or neither does.
fn agree(text: &str) {
    let ours = strict::parse(text.as_bytes(), &Limits::DEFAULT);
    let theirs = serde_json::from_str::<serde_json::Value>(text);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            let again: serde_json::Value = serde_json::from_str(&ours.to_text()).unwrap();
            let numbers = text.contains(|c: char| c.is_ascii_digit());
            assert!(numbers || again == *theirs, "{text:?}");
        }
        (Err(error), Ok(_)) => {
            assert_eq!(error.kind(), ErrorKind::DuplicateMember, "{text:?}");
        }
        (Ok(_), Err(error)) => panic!("accepted {text:?}: {error}"),
        (Err(_), Err(_)) => {}
    }
}

#[test]
fn every_short_text_is_read_as_serde_json_reads_it() {
    const PIECES: [&str; 21] = [
        "{", "}", "[", "]", ":", ",", "\"", "\\", "\"a\"", "1", "0", "-", "e", ".", "+", " ", "\n",
        "null", "u00e9", "\u{e9}", "\u{0}",
    ];
    for length in 0..=4_u32 {
        for number in 0..PIECES.len().pow(length) {
            let mut rest = number;
            let mut middle = String::new();
            for _ in 0..length {
                middle.push_str(PIECES[rest % PIECES.len()]);
                rest /= PIECES.len();
            }
            agree(&format!("{{\"a\":{middle}}}"));
            if length < 4 {
                agree(&format!("{{{middle}}}"));
                agree(&format!("{{}}{middle}"));
                agree(&format!("{{\"{middle}\":1}}"));
                agree(&format!("{{\"b\":[{middle}]}}"));
            }
        }
    }
}

#[test]
fn every_escape_of_four_digits_is_read_as_serde_json_reads_it() {
    for unit in 0..=0xffff_u32 {
        let text = format!("{{\"a\":\"\\u{unit:04x}\"}}");
        let parsed = strict::parse(text.as_bytes(), &Limits::DEFAULT);
        match char::from_u32(unit) {
            Some(character) => {
                let value = parsed.unwrap();
                let found =
                    value.as_object().and_then(|root| root.get("a")).and_then(Value::as_str);
                assert_eq!(found, Some(character.to_string().as_str()));
            }
            None => assert_eq!(parsed.unwrap_err().code(), "json.lone_surrogate"),
        }
        if unit % 257 == 0 {
            for second in [0, 0x41, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000] {
                agree(&format!("{{\"a\":\"\\u{unit:04X}\\u{second:04x}\"}}"));
            }
        }
    }
}

#[test]
fn values_are_small_whatever_the_text() {
    // The least text for the most values: two octets for each element.
    assert!(size_of::<Value<'_>>() <= 40, "{}", size_of::<Value<'_>>());
    let most = Limits::DEFAULT.members * (size_of::<Value<'_>>() + size_of::<String>());
    assert!(most <= 16 << 20, "no more than the longest text again: {most}");
}

#[test]
fn the_deepest_value_can_be_read_copied_compared_written_and_dropped() {
    let limits = Limits { depth: Limits::MAX_DEPTH, ..Limits::DEFAULT };
    let half = Limits::MAX_DEPTH / 2;
    let text = format!("{}1{}", "{\"a\":[".repeat(half), "]}".repeat(half));
    // A small stack, such as that of a thread in a server.
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(move || {
        let value = strict::parse(text.as_bytes(), &limits).unwrap();
        let owned = value.clone().into_owned();
        assert_eq!(owned, value);
        assert_eq!(owned.to_text(), text);
        let error = strict::parse(format!("[{text}]").as_bytes(), &limits).unwrap_err();
        assert_eq!(error.code(), "json.too_deep");
    });
    thread.unwrap().join().unwrap();
}

/// A text with which an attacker fills every place that a peer fills.
const MARK: &str = "\u{1b}[2JMARK";

#[test]
fn no_error_repeats_what_a_peer_wrote() {
    let escaped = "\\u001b[2JMARK";
    let mut texts = vec![
        format!("{{\"{escaped}\":1,\"{escaped}\":2}}"),
        format!("{{\"sdmp\":{{\"version\":\"{escaped}\",\"schemas\":[\"message\"]}}}}"),
        format!("{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"{escaped}\"]}}}}"),
        format!("{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"sdmp://{escaped}\"]}}}}"),
        format!(
            "{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"message\"],\"{escaped}\":1}}}}"
        ),
    ];
    for schema in CoreSchema::ALL {
        let (name, member) = (schema.name(), schema.member());
        let fields = "type expires key fingerprint identifier payload signatures iv recipients g p N user \
                      trust since entries limit author resource status data name ips about trustee \
                      authorization version";
        let fields: Vec<String> =
            fields.split(' ').map(|field| format!("\"{field}\":\"{escaped}\"")).collect();
        for field in 0..fields.len() {
            let mut fields = fields.clone();
            fields.rotate_left(field);
            for inner in [fields.join(","), format!("\"{escaped}\":0")] {
                texts.push(format!(
                    "{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"{name}\"]}},\"{member}\":{{{inner}}}}}"
                ));
            }
        }
    }
    let mut errors = 0;
    for text in texts {
        let octets = text.as_bytes();
        let found = [
            Container::parse(octets).and_then(|container| container.check_core()),
            SessionCreation::parse(octets).map(drop),
            EncryptedObject::parse(octets, &Limits::DEFAULT).map(drop),
            Rejection::parse(octets).map(drop),
        ];
        for error in found.into_iter().filter_map(Result::err) {
            errors += 1;
            let shown = format!("{error} {error:?} {:?}", error.pointer());
            assert!(!shown.contains("MARK") && !shown.contains('\u{1b}'), "{shown}");
            assert!(!MARK.is_empty() && error.to_string().chars().all(|c| !c.is_control()));
        }
    }
    assert!(errors > 1000, "{errors}");
}

#[test]
fn every_error_text_is_one_lower_case_sentence_with_a_code_of_its_own() {
    let mut codes = std::collections::BTreeSet::new();
    for kind in ErrorKind::ALL {
        let text = kind.to_string();
        assert!(codes.insert(kind.code()), "{}", kind.code());
        assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
        let names_json = ["JSON", "SDMP"].iter().any(|name| text.starts_with(name));
        assert!(names_json || !text.starts_with(char::is_uppercase), "{text}");
        let (area, leaf) = kind.code().split_once('.').unwrap();
        assert!([area, leaf].iter().all(|part| {
            part.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        }));
    }
}

/// What is wrong, and where, as the octet or as a pointer to the member.
#[test]
fn an_error_says_where() {
    let message = |header: &str, rest: &str| {
        let text = format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":[{header}]}}{rest}}}"#);
        let checked = Container::parse(text.as_str());
        checked.and_then(|container| container.check_core()).unwrap_err()
    };
    let error = message(r#""message""#, r#","message":7"#);
    assert_eq!(error.to_string(), format!("{} (at /message)", error.kind()));
    let error = message(r#""message""#, ",");
    assert_eq!(error.to_string(), format!("{} (at octet 51)", error.kind()));
    let error = strict::parse(&[b' '; 5000], &Limits::CLOSED_PLAIN).unwrap_err();
    assert_eq!(error.to_string(), error.kind().to_string());
}

/// R4, R42.
#[test]
fn limits_are_those_of_the_rules() {
    let octets = [
        Limits::CLOSED_PLAIN,
        Limits::CLOSED_HANDSHAKE,
        Limits::CLOSED_TRAFFIC,
        Limits::DEFAULT,
        Limits::default(),
    ]
    .map(|limits| limits.octets);
    assert_eq!(octets, [4096, 12_288, 16_777_216, 16_777_216, 16_777_216]);
    assert_eq!((Limits::DEFAULT.depth, Limits::DEFAULT.members), (32, 262_144));
}

proptest! {
    #[test]
    fn places_are_looked_up_in_any_text_without_harm(
        octets in vec(prop_oneof![prop::sample::select(&b"{}[]:,\"\\ 1a/"[..]), any::<u8>()], 0..40),
        pointer in "(/[a01~/]{0,3}){0,4}",
        other in "\\{\"a\":[\\[\\]{}:,\"1]{0,20}\\}",
    ) {
        let _ = strict::position_of(&octets, &pointer);
        let _ = strict::position_of(other.as_bytes(), &pointer);
        if let Err(error) = Container::parse(octets.as_slice()) {
            let _ = error.position(other.as_bytes());
            let _ = error.position(b"");
        }
    }

    /// Whatever the root is made of, every reader takes it or refuses it, and none panics.
    #[test]
    fn any_members_are_read_or_refused(
        values in vec(prop_oneof![
            Just("null".to_owned()), Just("-0".to_owned()), Just("1e308".to_owned()), Just("[]".to_owned()),
            Just("[null]".to_owned()), Just("[{}]".to_owned()), Just("{}".to_owned()), Just("\"\"".to_owned()),
            Just("\"AAAA\"".to_owned()), Just("\"node\"".to_owned()), Just("\"ok\"".to_owned()),
        ], 6),
        schema in prop::sample::select(&CoreSchema::ALL[..]),
    ) {
        let names = "identity signature encrypted connection resource journal request response information user trust revoke private_key type status payload";
        let names: Vec<&str> = names.split(' ').collect();
        let inner: Vec<String> = values.iter().zip(names.iter().cycle().skip(13)).map(|(value, name)| format!("\"{name}\":{value}")).collect();
        let text = format!(
            "{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"{schema}\"]}},\"{}\":{{{}}}}}",
            schema.member(), inner.join(",")
        );
        if let Ok(container) = Container::parse(text.as_str())
            && let Err(error) = kind::check(&container, schema)
        {
            prop_assert!(error.position(text.as_bytes()).is_some());
            prop_assert!(error.pointer().is_some());
        }
    }
}

#[test]
fn spellings_that_unescape_alike_are_one_name() {
    let text = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"not_found","identifier":"","\u0073tatus":"bad_request"}}"#;
    assert_eq!(Rejection::parse(text.as_bytes()).unwrap_err().code(), "json.duplicate_member");
    let text = r#"{"\u0073dmp":{"v\u0065rsion":"0.12\u002e0","schem\u0061s":["r\u0065sponse"]},"response":{"status":"not\u005ffound","identifier":""}}"#;
    assert_eq!(Rejection::parse(text.as_bytes()).map(|status| status.name()), Ok("not_found"));
}

#[test]
fn nothing_has_two_names() {
    let fingerprint = Fingerprint::from_octets([0xff; 64]);
    let text = fingerprint.to_string();
    let other_last: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
    let spellings = other_last
        .into_iter()
        .filter_map(|last| format!("{}{last}", text.get(..85)?).parse::<Fingerprint>().ok());
    assert_eq!(spellings.filter(|other| *other == fingerprint).count(), 1);
    for text in ["message", "Message", "message\0", " message", "m\u{435}ssage", "ｍessage"] {
        assert_eq!(text.parse::<SchemaName>().is_ok(), text == "message");
    }
}
