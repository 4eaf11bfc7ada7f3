//! What people's programs ask of a running node: news, mail page by page, trusts, texts that go.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sdmp_container::{Authorization, Message, Timestamp};
use sdmp_journal::authority::why::May;
use sdmp_journal::introduction::Term;
use sdmp_journal::sealed::Content;
use sdmp_journal::{Code, Grants, Verdict};
use sdmp_node::node::{Cursor, Happened};
use sdmp_node::{Error, Node};
use sdmp_store::Gone;
use sdmp_testkit::keys;
use sdmp_transport::clock::wall_time;

use crate::common::devices::{Device, has, introduce, know, local, until, users};

/// All news after a cursor, in steps, and the cursor behind them.
fn all_news(node: &Node, since: Cursor) -> (Vec<Happened>, Cursor) {
    let (mut all, mut cursor) = (Vec::new(), since);
    loop {
        let news = node.news(cursor, 3).unwrap();
        let Some(last) = news.last() else { return (all, cursor) };
        assert!(last.cursor > cursor && news.len() <= 3, "{news:?}");
        cursor = last.cursor;
        all.extend(news.into_iter().map(|one| one.what));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_come_once_each_also_across_a_restart() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let (one, other) = (a.start().await, b.start().await);
    introduce(&one, &other).await;
    let (first, cursor) = all_news(&other, Cursor::default());
    let lines =
        |news: &[Happened]| news.iter().filter(|one| matches!(one, Happened::Line(_))).count();
    let count = usize::try_from(other.status().await.unwrap().lines).unwrap();
    assert_eq!(lines(&first), count - 1, "line 1 is the node itself: {first:?}");
    let latest = other.cursor().unwrap();
    assert!(latest >= cursor && all_news(&other, latest).0.is_empty());

    let mut bell = other.bell();
    bell.mark_unchanged();
    know(&one, &other).await;
    let id = one.write(&[other.user().clone()], Content::text("news")).await.unwrap();
    until("mail", async || {
        let (news, _) = all_news(&other, cursor);
        news.contains(&Happened::Mail(id.clone())).then_some(())
    })
    .await;
    assert!(bell.has_changed().unwrap());
    let (second, cursor) = all_news(&other, cursor);
    let met = second.iter().find_map(|one| match one {
        Happened::Connected(_, node) => Some(node.clone()),
        _ => None,
    });
    assert_eq!(met.as_ref(), Some(one.fingerprint()), "{second:?}");
    let place = |what: &Happened| second.iter().position(|one| one == what);
    assert!(place(&Happened::Line(id.clone())).unwrap() < place(&Happened::Mail(id)).unwrap());

    // A program that kept the cursor's text goes on after the node was away, and gets nothing twice.
    other.stop().await;
    let later = one.publish(Message::new("while away").into()).await.unwrap();
    let other = b.start().await;
    know(&one, &other).await;
    has(&other, &later).await;
    let (third, cursor) = all_news(&other, cursor.to_string().parse().unwrap());
    assert_eq!(third.iter().filter(|one| **one == Happened::Line(later.clone())).count(), 1);
    assert!(lines(&third) <= 2, "only what is new: {third:?}");
    one.stop().await;
    until("the end of the session", async || {
        let (news, _) = all_news(&other, cursor);
        news.iter().any(|one| matches!(one, Happened::Closed(..))).then_some(())
    })
    .await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_is_read_page_by_page() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let (one, other) = (a.start().await, b.start().await);
    introduce(&one, &other).await;
    know(&one, &other).await;
    let mut sent = Vec::new();
    for number in 0..5 {
        let content = Content::text(number.to_string());
        sent.push(one.write(&[other.user().clone()], content).await.unwrap());
        let id = sent.last().unwrap();
        until("mail", async || {
            other.mail(9).unwrap().iter().any(|one| one.id == *id).then_some(())
        })
        .await;
    }
    let ids = |mail: Vec<(u64, sdmp_node::node::Mail)>| -> Vec<_> {
        mail.into_iter().map(|(line, mail)| (line, mail.id)).collect()
    };
    let first = ids(other.mail_before(None, 2).unwrap());
    assert_eq!([&first[0].1, &first[1].1], [&sent[4], &sent[3]]);
    let second = ids(other.mail_before(Some(first[1].0), 9).unwrap());
    let names: Vec<_> = second.iter().map(|(_, id)| id.clone()).collect();
    assert_eq!(names, [sent[2].clone(), sent[1].clone(), sent[0].clone()]);
    let all: Vec<_> = other.mail(3).unwrap().into_iter().map(|mail| mail.id).collect();
    assert_eq!(all, sent[2..]);
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n12_a_trust_is_given_explained_and_taken_back() {
    let (anna, bert) = users();
    let a = Device::first(&anna, keys::bob());
    let one = a.start().await;
    let bert = bert.identity().fingerprint().clone();
    let read = May::Do(Authorization::ReadResource);
    let why = one.why(&bert, read, one.user()).unwrap();
    assert!(!why.answer);
    assert_eq!(why.paths[0].links[0].broken.as_ref().unwrap().code, Code::IdentityUnknown);

    let end = Some(Term::Trust.end(wall_time().unwrap()));
    let grants = Grants::of(&[Authorization::ReadResource]);
    let trust = one.grant(&bert, grants, end, None).await.unwrap();
    let connect = one.why(&bert, May::Connect, one.user()).unwrap();
    assert!(!connect.answer, "a person is no node");
    let nothing = one.grant(&bert, Grants::default(), end, None).await;
    assert!(matches!(nothing, Err(Error::Rule(_))), "{nothing:?}");
    // More than the user's key let this node give (N10).
    let exceeds = one.grant(&bert, Grants::of(&[Authorization::Revoke]), end, None).await;
    match exceeds {
        Err(Error::NotAdmitted(verdict)) => {
            assert_eq!(*verdict, Verdict::Refused(Code::TrustExceeds));
        }
        other => panic!("{other:?}"),
    }
    // By the user's key it may be given; by another user's not.
    let stranger = local(&keys::carol(), sdmp_container::IdentityType::User);
    let wrong = one.grant(&bert, Grants::ALL, end, Some(&stranger)).await;
    assert!(matches!(wrong, Err(Error::NotAllowed(_))), "{wrong:?}");
    let all = one.grant(&bert, Grants::ALL, end, Some(&anna)).await.unwrap();

    let revocation = one.revoke(&trust, None).await.unwrap();
    assert!(one.get(&revocation).unwrap().is_some());
    // What the user's key signed this device may not take back without `revoke`.
    let refused = one.revoke(&all, None).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    one.revoke(&all, Some(&anna)).await.unwrap();
    let why = one.why(&bert, read, one.user()).unwrap();
    assert!(!why.answer, "{why:?}");
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n45_trusts_are_given_again_after_two_thirds() {
    let (anna, bert) = users();
    let a = Device::first(&anna, keys::bob());
    let one = a.start().await;
    let bert = bert.identity().fingerprint();
    let now = wall_time().unwrap();
    let soon = Timestamp::from_unix_millis(now.unix_millis() + 900).unwrap();
    let grants = Grants::of(&[Authorization::ReadResource]);
    one.grant(bert, grants, Some(soon), None).await.unwrap();
    let planned = one.renewals(None).unwrap();
    assert_eq!(planned.len(), 1);
    assert!(planned[0].due < soon && planned[0].due > now, "{planned:?}");
    assert!(one.renew(None).await.unwrap().is_empty(), "not yet");
    let given = until("the renewal", async || {
        let given = one.renew(None).await.unwrap();
        (!given.is_empty()).then_some(given)
    })
    .await;
    assert_eq!(given.len(), 1);
    let planned = one.renewals(None).unwrap();
    assert!(planned.iter().all(|renewal| renewal.of.expires > Some(soon)), "{planned:?}");
    assert!(one.renew(None).await.unwrap().is_empty(), "once");
    // The user's key gave the trust in the device itself: that is not due for years.
    let by_user = one.renewals(Some(one.user())).unwrap();
    assert!(by_user.iter().all(|renewal| renewal.due > soon), "{by_user:?}");
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n50_texts_go_and_their_lines_stay() {
    let (anna, _) = users();
    let a = Device::first(&anna, keys::bob());
    let one = a.start().await;
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        ids.push(one.publish(Message::new(text).into()).await.unwrap());
    }
    let text = one.get(&ids[0]).unwrap().unwrap();
    let before = one.octets().unwrap()[one.user()];
    assert_eq!(one.forget(&ids[..1]).unwrap(), 1);
    assert_eq!(one.evict(&ids[..2]).unwrap(), 1);
    assert_eq!(one.gone(&ids[0]).unwrap(), Some(Gone::Forgotten));
    assert_eq!(one.gone(&ids[1]).unwrap(), Some(Gone::Evicted));
    assert_eq!(one.get(&ids[0]).unwrap(), None);
    assert!(one.octets().unwrap()[one.user()] < before);
    // A person has it from elsewhere: as it was signed, or not at all.
    let forged = text.replacen("\"signature\":\"", "\"signature\":\"AAAA", 1);
    assert!(!matches!(one.put_back(&forged), Ok(true)));
    assert!(one.put_back(&text).unwrap());
    assert_eq!(one.get(&ids[0]).unwrap(), Some(text));
    // All of an author; what comes later has a line only.
    assert!(one.block(one.user(), true).unwrap() >= 2);
    let later = one.publish(Message::new("later").into()).await.unwrap();
    assert_eq!(one.gone(&later).unwrap(), Some(Gone::Blocked));
    one.block(one.user(), false).unwrap();
    let last = one.publish(Message::new("last").into()).await.unwrap();
    has(&one, &last).await;
    one.stop().await;
}

/// A clock that a test sets: the system's and so many days.
fn shifted(days: &Arc<AtomicI64>) -> impl Fn() -> Option<Timestamp> + Send + Sync + 'static {
    let days = Arc::clone(days);
    move || {
        let by = days.load(Ordering::SeqCst) * 24 * 3_600_000;
        Timestamp::from_unix_millis(wall_time().unwrap().unix_millis() + by)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n2_a_clock_that_leapt_is_told_and_confirmed_by_a_person() {
    let (anna, _) = users();
    let a = Device::first(&anna, keys::bob());
    let days = Arc::new(AtomicI64::new(3));
    let one = Node::start(a.setup().with_clock(shifted(&days))).await.unwrap();
    let refused = one.publish(Message::new("too early").into()).await;
    assert_eq!(refused.err().map(|error| error.code()), Some("clock.ahead"));
    until("the report", async || {
        let (news, _) = all_news(&one, Cursor::default());
        news.iter().any(|one| matches!(one, Happened::Waits(_, "clock.ahead"))).then_some(())
    })
    .await;
    one.confirm_clock().await;
    until("the end of the wait", async || {
        let (news, _) = all_news(&one, Cursor::default());
        news.iter().any(|one| matches!(one, Happened::GoesOn(_))).then_some(())
    })
    .await;
    one.publish(Message::new("now").into()).await.unwrap();
    // And back: no append, no session.
    days.store(0, Ordering::SeqCst);
    let refused = one.publish(Message::new("yesterday").into()).await;
    assert_eq!(refused.err().map(|error| error.code()), Some("clock.back"));
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n41_a_receipt_comes_if_it_is_switched_on() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let hours = Arc::new(AtomicI64::new(0));
    let clock = {
        let hours = Arc::clone(&hours);
        move || {
            let by = hours.load(Ordering::SeqCst) * 3_600_000;
            Timestamp::from_unix_millis(wall_time().unwrap().unix_millis() + by)
        }
    };
    let often = Duration::from_millis(50);
    let setup = b.setup().with_receipts().with_upkeep(often).with_clock(clock.clone());
    let other = Node::start(setup).await.unwrap();
    let one = Node::start(a.setup().with_clock(clock)).await.unwrap();
    introduce(&one, &other).await;
    know(&one, &other).await;
    let id = one.write(&[other.user().clone()], Content::text("open me")).await.unwrap();
    until("mail", async || other.mail(9).unwrap().iter().any(|one| one.id == id).then_some(()))
        .await;
    let receipts = |node: &Node| {
        let mail = node.mail(9).unwrap();
        mail.iter().filter(|one| one.content == Content::Receipt(id.clone())).count()
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receipts(&one), 0, "the moment of reading stays hidden");
    hours.store(3, Ordering::SeqCst);
    until("the receipt", async || (receipts(&one) == 1).then_some(())).await;
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n51_content_beyond_a_share_is_evicted_and_lines_stay() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let often = Duration::from_millis(50);
    let setup = b.setup().with_share(1).with_upkeep(often);
    let (one, other) = (a.start().await, Node::start(setup).await.unwrap());
    introduce(&one, &other).await;
    know(&one, &other).await;
    let mut ids = Vec::new();
    for number in 0..260 {
        ids.push(one.publish(Message::new(number.to_string()).into()).await.unwrap());
    }
    until("the eviction", async || {
        (other.gone(&ids[0]).unwrap() == Some(Gone::Evicted)).then_some(())
    })
    .await;
    let (news, _) = all_news(&other, Cursor::default());
    assert!(news.contains(&Happened::Gone(ids[0].clone(), Gone::Evicted)));
    assert!(other.octets().unwrap()[other.user()] > 0, "own content stays");
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_and_a_support_text_say_nothing_secret() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let (one, other) = (a.start().await, b.start().await);
    introduce(&one, &other).await;
    know(&one, &other).await;
    let secret = "a very secret sentence";
    let id = one.write(&[other.user().clone()], Content::text(secret)).await.unwrap();
    until("mail", async || other.mail(9).unwrap().iter().any(|one| one.id == id).then_some(()))
        .await;
    let metrics = other.metrics().await.unwrap();
    let value = |name: &str| {
        let line =
            metrics.lines().find_map(|line| line.strip_prefix(&format!("sdmp_node_{name} ")));
        line.unwrap_or_else(|| panic!("{name}: {metrics}")).parse::<u64>().unwrap()
    };
    assert_eq!(value("peers_connected"), 1);
    assert_eq!(value("lines"), other.status().await.unwrap().lines);
    for name in ["sessions", "objects_received", "resources_admitted", "sealed_tried", "appends"] {
        assert!(value(&format!("{name}_total")) > 0, "{name}");
    }
    // Each is described, as Prometheus wants it.
    let samples = metrics.lines().filter(|line| !line.starts_with('#'));
    for sample in samples {
        let name = sample.split([' ', '{']).next().unwrap();
        assert!(metrics.contains(&format!("# TYPE {name} ")), "{name}");
    }
    let support = other.support().await.unwrap();
    let names = [one.user(), one.fingerprint(), other.user(), other.fingerprint()];
    assert!(names.iter().all(|name| !support.contains(&name.to_string())), "{support}");
    for hidden in [secret, id.to_string().as_str(), one.address().unwrap(), "127.0.0.1"] {
        assert!(!support.contains(hidden), "{hidden}: {support}");
    }
    assert!(support.contains("peer ") && support.contains("connected"), "{support}");
    one.stop().await;
    other.stop().await;
}
