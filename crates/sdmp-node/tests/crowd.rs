//! Many nodes with real keys, stores and sessions in one process: each finds what is for it (N36).

use std::sync::Arc;

use sdmp_container::{IdentityType, Message};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_node::Node;

use crate::common::devices::{Device, introduce, know, local, until_in};

const NODES: usize = 20;

fn key() -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(2048).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n36_twenty_nodes_with_real_keys_find_what_is_for_them() {
    let mut devices = Vec::new();
    let mut nodes: Vec<Node> = Vec::new();
    for _ in 0..NODES {
        let device = Device::first(&local(&key(), IdentityType::User), key());
        nodes.push(device.start().await);
        devices.push(device);
    }
    // A ring in which each is a friend of the next two.
    let friends: Vec<(usize, usize)> =
        (0..NODES).flat_map(|one| [(one, (one + 1) % NODES), (one, (one + 2) % NODES)]).collect();
    for (one, other) in &friends {
        introduce(&nodes[*one], &nodes[*other]).await;
        know(&nodes[*one], &nodes[*other]).await;
    }
    let mut said = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        said.push(node.publish(Message::new(format!("by {number}")).into()).await.unwrap());
    }
    let lacks = || {
        let both = friends.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
        both.filter(|(from, to)| nodes[*to].get(&said[*from]).unwrap().is_none()).count()
    };
    until_in(60, "all that friends said", async || (lacks() == 0).then_some(())).await;
    // And what was not for it no node has: the one opposite is no friend.
    for number in 0..NODES {
        let opposite = &nodes[(number + NODES / 2) % NODES];
        assert_eq!(opposite.get(&said[number]).unwrap(), None);
    }
    until_in(60, "the end of all wants", async || {
        for node in &nodes {
            let status = node.status().await.unwrap();
            assert!(status.reports.is_empty(), "{status:?}");
            if !status.wants.is_empty() {
                return None;
            }
        }
        Some(())
    })
    .await;
    for node in nodes {
        node.stop().await;
    }
}
