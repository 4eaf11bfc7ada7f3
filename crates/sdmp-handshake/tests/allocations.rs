//! How often a session allocates in steady state: once to seal a message, a few times to open one.

use allocation_counter::measure;
use sdmp_container::Container;
use sdmp_handshake::{Opened, Profile};
use sdmp_testkit::pair::*;
use sdmp_testkit::sessions::sessions;

/// How often opening a short message allocates.
const MOST: u64 = 10;

/// A container of an extension's, and one of each core schema that is sent often.
fn containers(length: usize) -> Vec<Container> {
    let (host, data) = (alice().identity().fingerprint().to_string(), "x".repeat(length));
    let parsed = |schema: &str, members: &str| {
        let text =
            format!("{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"{schema}\"]}},{members}}}");
        Container::parse(text).unwrap()
    };
    let response = format!(
        "\"response\":{{\"status\":\"ok\",\"identifier\":\"1\",\"data\":{{\"a\":\"{data}\"}}}}"
    );
    vec![
        parsed(&format!("sdmp://{host}"), &format!("\"data\":\"{data}\"")),
        parsed("message", &format!("\"message\":\"{data}\"")),
        parsed("receipt", &format!("\"receipt\":\"{data}\"")),
        parsed("response", &response),
    ]
}

#[test]
fn sealing_allocates_once_a_message() {
    for profile in [Profile::Hardened, Profile::Published] {
        let (mut initiator, _) = sessions(profile, 8);
        for container in [10, 1_000, 16_000, 256_000].into_iter().flat_map(containers) {
            let mut object = String::new();
            // A source that takes its octets from nowhere and allocates nothing.
            let counted = measure(|| {
                object = initiator.seal(&container, wall(), &mut Zeros).unwrap();
            });
            assert!(object.len() > container.as_bytes().len());
            assert_eq!(counted.count_total, 1, "{profile:?}, {container:?}: {counted:?}");
        }
    }
}

/// Beside the text, which is decrypted where it was decoded, the container is read into its tree of
/// members: a small number, whatever the length.
#[test]
fn opening_allocates_no_more_for_a_longer_message() {
    for profile in [Profile::Hardened, Profile::Published] {
        let (mut initiator, mut responder) = sessions(profile, 8);
        let counts = [1_000, 16_000, 256_000].map(|length| {
            let container = containers(length).swap_remove(1);
            let object = initiator.seal(&container, wall(), &mut Zeros).unwrap();
            let counted = measure(|| {
                let opened = responder.open(object.as_bytes(), wall()).unwrap();
                assert!(matches!(opened, Opened::Message(_)));
            });
            assert!(counted.bytes_max < 8 * u64::try_from(length).unwrap() + 100_000);
            counted.count_total
        });
        assert!(counts.iter().all(|count| *count <= MOST), "{profile:?}: {counts:?}");
    }
}

/// No randomness at all: only to count what is allocated around it.
#[derive(Debug)]
struct Zeros;

impl sdmp_crypto::random::Random for Zeros {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), sdmp_crypto::Error> {
        octets.fill(0);
        Ok(())
    }
}
