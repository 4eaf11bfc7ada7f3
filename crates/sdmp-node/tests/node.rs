//! Running nodes over real sessions on the loopback interface.

use std::time::Duration;

use sdmp_container::Message;
use sdmp_journal::Code;
use sdmp_journal::introduction::Trustee;
use sdmp_journal::sealed::Content;
use sdmp_node::Error;
use sdmp_node::node::{Cursor, Happened, begin};
use sdmp_testkit::keys;
use sdmp_transport::clock::wall_time;

use crate::common::devices::{Device, connected, has, introduce, know, until, users};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_users_exchange_a_public_and_a_private_message() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let (one, other) = (a.start().await, b.start().await);
    introduce(&one, &other).await;
    know(&one, &other).await;

    let public = one.publish(Message::new("hello, all").into()).await.unwrap();
    has(&other, &public).await;
    let private = one.write(&[other.user().clone()], Content::text("for Bert")).await.unwrap();
    let mail = until("a private message", async || {
        other.mail(8).unwrap().into_iter().find(|mail| mail.id == private)
    })
    .await;
    assert_eq!((&mail.from, mail.content), (one.user(), Content::text("for Bert")));
    // And back, over the same session.
    let answer = other.write(&[one.user().clone()], Content::text("for Anna")).await.unwrap();
    has(&one, &answer).await;
    let status = other.status().await.unwrap();
    assert!(status.reports.is_empty(), "{status:?}");
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_away_catches_up_and_keeps_what_it_had() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let (one, other) = (a.start().await, b.start().await);
    introduce(&one, &other).await;
    know(&one, &other).await;
    let before = one.publish(Message::new("before").into()).await.unwrap();
    has(&other, &before).await;
    other.stop().await;

    let mut missed = Vec::new();
    for number in 0..70 {
        let text = Message::new(format!("while away: {number}"));
        missed.push(one.publish(text.into()).await.unwrap());
    }
    let other = b.start().await;
    assert!(other.get(&before).unwrap().is_some());
    know(&one, &other).await;
    for id in &missed {
        has(&other, id).await;
    }
    until("no want", async || other.status().await.unwrap().wants.is_empty().then_some(())).await;
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_barred_device_is_shut_out() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let (one, other) = (a.start().await, b.start().await);
    introduce(&one, &other).await;
    know(&one, &other).await;

    // Anna's phone (N43): her first device trusts it, and it begins with what that hands over.
    let phone = Device::new(&anna, keys::carol());
    one.take_in(&[phone.identity()]).await.unwrap();
    one.trust(phone.fp(), Trustee::FurtherDevice).await.unwrap();
    let file = one.introduction(Some(phone.fp())).unwrap();
    begin(&*phone.store(), &phone.user, file.resources().to_vec(), wall_time().unwrap()).unwrap();
    let lost = phone.start().await;
    know(&one, &lost).await;
    know(&other, &lost).await;
    let said = lost.publish(Message::new("from the phone").into()).await.unwrap();
    has(&other, &said).await;
    until("a session with the phone", async || (connected(&one, phone.fp()).await).then_some(()))
        .await;

    one.lose(phone.fp(), Some(&anna)).await.unwrap();
    until("the end of the sessions", async || {
        let open = connected(&one, phone.fp()).await || connected(&other, phone.fp()).await;
        (!open).then_some(())
    })
    .await;
    // What it signs from now on reaches no other node, and it cannot come back.
    let later = lost.publish(Message::new("from a thief").into()).await;
    if let Ok(later) = &later {
        know(&other, &lost).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(other.get(later).unwrap(), None);
    }
    let status = other.status().await.unwrap();
    assert!(status.peers.iter().all(|peer| peer.node != *phone.fp()), "{status:?}");
    // Without the user's key a device revokes what it gave only; here there is nothing left.
    let again = one.lose(phone.fp(), None).await;
    assert!(matches!(again, Err(Error::NotAllowed(_))), "{again:?}");
    for node in [one, other, lost] {
        node.stop().await;
    }
}

/// Copies a directory as a backup does.
fn copied(from: &std::path::Path) -> tempfile::TempDir {
    fn copy(from: &std::path::Path, to: &std::path::Path) {
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                std::fs::create_dir(&target).unwrap();
                copy(&entry.path(), &target);
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let directory = tempfile::tempdir().unwrap();
    copy(from, directory.path());
    directory
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n24_a_restored_store_is_told_and_what_it_says_still_comes() {
    let (anna, bert) = users();
    let mut a = Device::first(&anna, keys::bob());
    let b = Device::first(&bert, keys::mallory());
    let (one, other) = (a.start().await, b.start().await);
    introduce(&one, &other).await;
    know(&one, &other).await;
    one.stop().await;
    let backup = copied(a.directory.path());
    let one = a.start().await;
    know(&one, &other).await;
    let before = one.publish(Message::new("after the backup").into()).await.unwrap();
    has(&other, &before).await;
    one.stop().await;

    // The backup is restored, which no rule allows (N47): its journal goes on differently.
    a.directory = backup;
    let one = a.start().await;
    assert_eq!(one.get(&before).unwrap(), None);
    know(&one, &other).await;
    let after = one.publish(Message::new("by the restored one").into()).await.unwrap();
    has(&other, &after).await;
    let fork = until("the report", async || {
        let news = other.news(Cursor::default(), 9_999).unwrap();
        news.into_iter().find_map(|one| match one.what {
            Happened::Told(_, node, Code::JournalFork) => Some(node),
            _ => None,
        })
    })
    .await;
    assert_eq!(&fork, one.fingerprint());
    // The other one still has what was lost.
    assert!(other.get(&before).unwrap().is_some());
    one.stop().await;
    other.stop().await;
}
