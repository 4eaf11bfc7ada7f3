//! Who is trusted is asked at each handshake, and the end of a trust ends what is open.

use std::time::{Duration, Instant};

use sdmp_node::HomeTrust;
use sdmp_testkit::nodes::{alice, carol};
use sdmp_transport::Trust;

use crate::common::bobs_home;

#[tokio::test]
async fn changes_count_at_once() {
    let (_directory, home) = bobs_home();
    let mut trust = HomeTrust::new(home.clone());
    let (alice, carol) = (alice(), carol());
    let known = |trust: &HomeTrust| trust.name_of(carol.identity().fingerprint());
    assert_eq!(
        trust.identity(alice.identity().fingerprint()).await.as_ref(),
        Some(alice.identity())
    );
    assert!(trust.authorize(alice.identity()).await);
    assert_eq!(trust.identity(carol.identity().fingerprint()).await, None);
    home.add_peer("carol", carol.identity()).unwrap();
    assert_eq!(known(&trust).as_deref(), Some("carol"));
    assert!(trust.authorize(carol.identity()).await);
    home.remove_peer("carol").unwrap();
    assert!(!trust.authorize(carol.identity()).await);
    assert_eq!(known(&trust), None);
}

#[tokio::test]
async fn only_named_peers_are_trusted_where_some_are_named() {
    let (_directory, home) = bobs_home();
    home.add_peer("carol", carol().identity()).unwrap();
    let mut trust = HomeTrust::new(home).only(["carol".to_owned()]);
    assert!(trust.authorize(carol().identity()).await);
    assert!(!trust.authorize(alice().identity()).await);
    assert_eq!(trust.identity(alice().identity().fingerprint()).await, None);
}

#[tokio::test]
async fn removing_a_peer_ends_its_trust_within_seconds() {
    let (_directory, home) = bobs_home();
    let trust = HomeTrust::new(home.clone());
    let fingerprint = alice().identity().fingerprint().clone();
    let revoked = trust.revoked(&fingerprint);
    let mut revoked = std::pin::pin!(revoked);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut revoked).await;
    assert!(early.is_err(), "it is still trusted");
    home.remove_peer("alice").unwrap();
    let began = Instant::now();
    revoked.await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}
