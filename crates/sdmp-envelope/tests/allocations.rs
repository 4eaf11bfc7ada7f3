//! How often a network object allocates: once to seal, once to open.

use sdmp_container::Limits;
use sdmp_crypto::secret::Secret;
use sdmp_envelope::ContentKey;
use sdmp_envelope::network::{self, Sealed};

#[test]
fn r32_a_network_object_allocates_once_each_way() {
    let keys = [
        ContentKey::authenticated(Secret::new([7; 64])),
        ContentKey::unauthenticated(Secret::new([7; 32])),
    ];
    for key in keys {
        for length in [100, 8192, 20_000, 300_000] {
            let text = vec![b'x'; length];
            let mut sealed = String::new();
            let info = allocation_counter::measure(|| {
                sealed = network::seal(&key, &[1; 16], 3, &text).unwrap();
            });
            assert_eq!(info.count_total, 1, "sealing {length}");
            assert_eq!(sealed.len(), sealed.capacity(), "the room is what is needed");
            assert_eq!(sealed.len(), network::sealed_len(&key, length));

            let mut opened = Vec::new();
            let info = allocation_counter::measure(|| {
                let object = Sealed::parse(sealed.as_bytes(), &Limits::CLOSED_TRAFFIC).unwrap();
                opened = object.open(&key, 3).unwrap();
            });
            assert_eq!(info.count_total, 1, "opening {length}");
            assert_eq!(opened, text);
        }
    }
}
