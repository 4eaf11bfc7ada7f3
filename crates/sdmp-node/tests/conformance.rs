//! The tester that plays a misbehaving node, against a running node in this process.

use std::time::Duration;

use sdmp_conformance::node::{self, Options};
use sdmp_container::IdentityType;
use sdmp_journal::Verdict;
use sdmp_journal::introduction::{Introduction, Trustee};
use sdmp_testkit::keys;

use crate::common::devices::{Device, local};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_node_passes_every_case_of_the_exchange() {
    // Keys that the tester does not play with.
    let user = local(&keys::bob(), IdentityType::User);
    let device = Device::first(&user, keys::mallory());
    let running = device.start().await;
    for text in node::introductions().unwrap() {
        let file = Introduction::parse(text.as_bytes()).unwrap();
        let verdicts = running.take_in(file.resources()).await.unwrap();
        let admitted = |one: &Verdict| matches!(one, Verdict::Admit { .. } | Verdict::Known);
        assert!(verdicts.iter().all(admitted), "{verdicts:?}");
        running.trust(file.user(), Trustee::Person).await.unwrap();
    }
    let address = running.address().unwrap().to_owned();
    let address = address.strip_prefix("tcp:").unwrap_or(&address).parse().unwrap();
    let mut options = Options::new(address, device.me.identity().clone());
    options.patience = Duration::from_secs(10);
    let reports = tokio::task::spawn_blocking(move || node::run(&options, &|_| ()));
    let reports = reports.await.unwrap().unwrap();
    let failed: Vec<String> = reports
        .iter()
        .filter(|report| !report.passed())
        .map(|report| format!("{}: {:?}", report.located.name(), report.verdict))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    running.stop().await;
}
