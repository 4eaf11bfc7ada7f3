//! Nodes that exchange over a folder which is carried from one to the other and back (N37).

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sdmp_container::Message;
use sdmp_journal::sealed::Content;
use sdmp_journal::sync::Limits;
use sdmp_node::{Address, Node};
use sdmp_testkit::keys;

use crate::common::devices::{Device, introduce, users};

/// One journey at a time: what is new on this side is copied, what was removed there is removed here.
#[derive(Default)]
struct Courier {
    carried: BTreeSet<(PathBuf, OsString)>,
}

impl Courier {
    fn carry(&mut self, from: &Path, to: &Path) {
        for session in entries(from) {
            let (source, target) = (from.join(&session), to.join(&session));
            if !source.is_dir() {
                continue;
            }
            let _exists = std::fs::create_dir(&target);
            for name in entries(&source) {
                let key = (PathBuf::from(&session), name.clone());
                if self.carried.contains(&key) || target.join(&name).exists() {
                    continue;
                }
                // A file that was read and removed meanwhile is no loss.
                let Ok(octets) = std::fs::read(source.join(&name)) else { continue };
                let half = target.join("half-copied");
                if std::fs::write(&half, octets).is_ok() {
                    let _gone = std::fs::rename(&half, target.join(&name));
                    self.carried.insert(key);
                }
            }
        }
    }
}

fn entries(directory: &Path) -> Vec<OsString> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    let mut names: Vec<OsString> = entries.filter_map(|one| Some(one.ok()?.file_name())).collect();
    // In order, as a program that copies a folder does.
    names.sort();
    names
}

async fn start(device: &Device, limits: &Limits, directory: &Path) -> Node {
    let listen = Address::Files(directory.to_owned());
    let setup = device.setup().with_listen(listen).with_limits(limits.clone());
    Node::start(setup).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n37_a_folder_that_is_carried_back_and_forth_is_enough() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut limits = Limits::slow();
    // Nothing waits for company, so that the test has few journeys.
    (limits.gather, limits.gather_control) = (Duration::ZERO, Duration::ZERO);
    // Only one listens in its folder: a node that does both there would answer itself.
    let one = Node::start(a.setup().with_limits(limits.clone())).await.unwrap();
    let other = start(&b, &limits, there.path()).await;
    introduce(&one, &other).await;
    let public = one.publish(Message::new("by post").into()).await.unwrap();
    let private = other.write(&[one.user().clone()], Content::text("by return")).await.unwrap();
    one.add_address(other.fingerprint(), Address::Files(here.path().to_owned())).await;
    let mut courier = Courier::default();
    let mut journeys = 0;
    loop {
        courier.carry(here.path(), there.path());
        courier.carry(there.path(), here.path());
        let arrived = other.get(&public).unwrap().is_some()
            && one.mail(9).unwrap().iter().any(|mail| mail.id == private);
        if arrived {
            break;
        }
        journeys += 1;
        assert!(journeys < 1_500, "{:?}, {:?}", one.status().await, other.status().await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(one.status().await.unwrap().reports.is_empty());
    // The stop waits for nobody: the folder may be on its way for hours.
    drop(one);
    drop(other);
}
