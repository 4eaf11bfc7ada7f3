//! Files that are hashed while they go: what arrives, what goes on, and every lie of a sender.

use std::fs;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use sdmp_handshake::SessionLimits;
use sdmp_node::Error;
use sdmp_node::transfer::pieces::{GROUP, Kind, PIECE, Said, Whole};
use sdmp_node::transfer::{
    Announced, Answer, Event, Inbox, Outgoing, Patience, Refusal, Rules, Summary, Watch, receive,
    send, send_over,
};
use sdmp_schema::extensions::{ALL, Extension};
use sdmp_schema::{MemoryResolver, Validator};
use sdmp_transport::{SecureSession, stream};
use tokio::task::JoinHandle;

use crate::common::playing::{chunks, end, entry, give, greet, hashes, heard, say, sized, whole};
use crate::common::{names, sessions};

fn watching(told: &mut Vec<String>) -> impl FnMut(Event<'_>) -> ControlFlow<()> + Send {
    |event| {
        told.extend(match event {
            Event::Began { file, offset } => Some(format!("began {} {offset}", file.name)),
            Event::Stored { file, .. } => Some(format!("stored {}", file.name)),
            Event::Refused { file, refusal } => {
                Some(format!("refused {} {}", file.name, refusal.code()))
            }
            Event::Failed { name, error } => Some(format!("failed {name} {}", error.code())),
            _ => None,
        });
        ControlFlow::Continue(())
    }
}

type Receiving = JoinHandle<(Result<Summary, Error>, Vec<String>)>;

fn receiving(session: SecureSession, inbox: &Inbox) -> Receiving {
    let inbox = inbox.clone();
    tokio::spawn(async move {
        let mut told = Vec::new();
        let received =
            receive(session, &inbox, Patience::default(), &mut watching(&mut told)).await;
        (received, told)
    })
}

/// Sends to an inbox; what the sender was told.
async fn deliver(inbox: &Inbox, files: &[Outgoing]) -> Vec<String> {
    let (ours, theirs) = sessions().await;
    let receiving = receiving(theirs, inbox);
    let mut told = Vec::new();
    send(ours, files, Patience::default(), &mut watching(&mut told)).await.unwrap();
    receiving.await.unwrap().0.unwrap();
    told
}

fn octets(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((at * 7 + at / 251) % 256).unwrap()).collect()
}

#[test]
fn what_a_sender_says_satisfies_the_schema_and_is_read_again() {
    let mut resolver = MemoryResolver::new();
    for Extension { uri, schema, .. } in ALL {
        resolver.insert(&uri.parse().unwrap(), schema);
    }
    let validator = Validator::with_resolver(std::sync::Arc::new(resolver));
    let file = sized(&["a", "b"], Some(7));
    let directory = sdmp_node::transfer::pieces::Entry {
        kind: Kind::Directory,
        size: None,
        mode: Some(0o755),
        modified: Some(1),
        ..file.clone()
    };
    for said in [
        Said::Greeting { files: 1, octets: Some(7) },
        Said::Greeting { files: 0, octets: None },
        Said::Entry(file),
        Said::Entry(directory),
        Said::From(whole(b"x")),
        Said::Hashes(hashes(&octets(GROUP))),
        Said::Whole(whole(b"")),
        Said::Pause,
    ] {
        let container = said.container().unwrap();
        validator.validate(&container).unwrap();
        assert_eq!(Said::read(&container), Some(said), "{}", container.text());
    }
    let good = Said::Entry(sized(&["a"], Some(7))).container().unwrap().text().to_owned();
    for (from, to) in [
        ("\"size\":7", "\"size\":7,\"more\":1"),
        ("\"size\":7", "\"size\":-7"),
        ("\"size\":7", "\"mode\":512"),
        ("[\"a\"]", "[]"),
        ("[\"a\"]", "\"a\""),
        ("\"file\"", "\"link\""),
        ("\"entry\":", "\"pause\":true,\"entry\":"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        let container = sdmp_container::Container::parse(bad).unwrap();
        assert_eq!(Said::read(&container), None, "{to}");
    }
}

/// Every length around the boundaries of chunks, pieces and groups arrives.
#[tokio::test]
async fn files_of_every_kind_of_length_arrive() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let inbox = Inbox::open(to.path(), Rules::default()).unwrap();
    let lengths =
        [0, 1, stream::CHUNK, PIECE - 1, PIECE, PIECE + 1, GROUP - 1, GROUP, GROUP + 1, 2 * GROUP];
    let paths = lengths.map(|length| {
        let path = from.path().join(format!("f{length}"));
        fs::write(&path, octets(length)).unwrap();
        path
    });
    deliver(&inbox, &Outgoing::check_all(&paths).unwrap()).await;
    for (path, length) in paths.iter().zip(lengths) {
        let there = fs::read(to.path().join(path.file_name().unwrap())).unwrap();
        assert!(there == octets(length), "{length}");
    }
    // The same again is there already, the empty one too.
    let told = deliver(&inbox, &Outgoing::check_all(&paths).unwrap()).await;
    assert!(told.iter().all(|told| !told.contains("refused")), "{told:?}");
    assert!(told.contains(&format!("began f{GROUP} {GROUP}")), "{told:?}");
}

/// R35: a session that nears its limits is replaced, in the middle of a file as well, and nothing is lost.
#[tokio::test]
async fn r35_a_session_that_nears_its_limits_is_replaced() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let inbox = Inbox::open(to.path(), Rules::default()).unwrap();
    let (large, small) = (from.path().join("large"), from.path().join("small"));
    fs::write(&large, octets(4 * GROUP + 5)).unwrap();
    fs::write(&small, b"abc").unwrap();
    let dialled = AtomicU64::new(0);
    let dial = async || {
        dialled.fetch_add(1, Ordering::Relaxed);
        let (ours, theirs) = sessions().await;
        drop(receiving(theirs, &inbox));
        Ok::<_, Error>(ours)
    };
    let limits = SessionLimits { octets: 2 << 20, ..SessionLimits::default() };
    let mut told = Vec::new();
    let files = Outgoing::check_all(&[large, small]).unwrap();
    let patience = Patience::default();
    let sent = send_over(dial, &limits, &files, patience, &mut watching(&mut told)).await.unwrap();
    assert_eq!((sent.stored, sent.failed), (2, 0));
    let more = 2 * GROUP;
    assert!(told.contains(&format!("began large {more}")), "{told:?}");
    assert!(dialled.into_inner() > 2, "{told:?}");
    assert!(fs::read(to.path().join("large")).unwrap() == octets(4 * GROUP + 5));
    assert_eq!(names(to.path()), ["large", "small"]);
}

/// What is held is compared piece by piece; spoiled, it is not used.
#[tokio::test]
async fn a_file_goes_on_from_verified_pieces_only() {
    for spoil in [false, true] {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let inbox = Inbox::open(to.path(), Rules::default()).unwrap();
        let path = from.path().join("a");
        let all = octets(2 * GROUP + 77);
        fs::write(&path, &all).unwrap();
        let (mut ours, theirs) = sessions().await;
        let first = receiving(theirs, &inbox);
        greet(&mut ours, 1, None).await;
        say(&mut ours, Said::Entry(entry(&path, &["a"]))).await;
        give(&mut ours, &all[..GROUP]).await;
        // Octets whose hashes do not come are not kept.
        chunks(&mut ours, &all[GROUP..GROUP + 1000]).await;
        // The receiver does not wait for the end of a session whose sender leaves.
        drop(ours.close().await);
        assert_eq!(first.await.unwrap().0, Err(Error::Incomplete));
        let part = to.path().join(&names(to.path())[0]);
        let mut held = fs::read(&part).unwrap();
        assert_eq!(held.len(), GROUP);
        if spoil {
            held[PIECE + 5] ^= 1;
            fs::write(&part, held).unwrap();
        }
        let told = deliver(&inbox, &Outgoing::check_all(&[&path]).unwrap()).await;
        let offset = if spoil { 0 } else { GROUP };
        assert_eq!(told, [format!("began a {offset}"), "stored a".to_owned()]);
        assert!(fs::read(to.path().join("a")).unwrap() == all);
        assert_eq!(names(to.path()), ["a"]);
    }
}

/// An older receiver refuses the greeting's name, and is sent files as it knows them.
#[tokio::test]
async fn an_older_receiver_is_served_as_before() {
    let from = tempfile::tempdir().unwrap();
    fs::create_dir(from.path().join("d")).unwrap();
    fs::write(from.path().join("a"), b"abc").unwrap();
    let files = Outgoing::check_all(&[from.path().join("d"), from.path().join("a")]).unwrap();
    let (ours, mut theirs) = sessions().await;
    let older = tokio::spawn(async move {
        let mut refused = async |refusal: Option<Refusal>| {
            let container = theirs.recv().await.unwrap().unwrap().container;
            let announced = Announced::read(&container).unwrap();
            let answer = refusal.map_or(Answer::Holds(0), Answer::Refused);
            theirs.send(answer.container(&announced.hash).unwrap()).await.unwrap();
            announced
        };
        let greeting = refused(Some(Refusal::Name)).await;
        assert_eq!((greeting.name.as_str(), greeting.size), (".sdmp-pieces", 0));
        let file = refused(None).await;
        let mut whole = Vec::new();
        loop {
            let (octets, end) =
                stream::decode(&theirs.recv().await.unwrap().unwrap().container).unwrap();
            whole.extend(octets);
            if end {
                break;
            }
        }
        let stored = Answer::Holds(file.size).container(&file.hash).unwrap();
        theirs.send(stored).await.unwrap();
        assert!(theirs.recv().await.unwrap().is_none());
        theirs.close().await.unwrap();
        whole
    });
    let mut told = Vec::new();
    let sent = send(ours, &files, Patience::default(), &mut watching(&mut told)).await.unwrap();
    assert_eq!(older.await.unwrap(), b"abc");
    assert_eq!((sent.stored, sent.failed), (1, 1));
    assert_eq!(told, ["failed d file.unsendable", "began a 0", "stored a"]);
}

/// What one lie was answered with; the session goes on, and a right file still arrives.
async fn lie(rules: Rules, lying: impl AsyncFnOnce(&mut SecureSession)) -> String {
    let to = tempfile::tempdir().unwrap();
    let inbox = Inbox::open(to.path(), rules).unwrap();
    let (mut ours, theirs) = sessions().await;
    let receiving = receiving(theirs, &inbox);
    greet(&mut ours, 2, None).await;
    lying(&mut ours).await;
    let answer = say(&mut ours, Said::Entry(sized(&["right"], Some(3)))).await;
    assert!(answer.contains("\"offset\":0"), "{answer}");
    give(&mut ours, b"abc").await;
    assert!(say(&mut ours, Said::Whole(whole(b"abc"))).await.contains("\"offset\":3"));
    ours.close().await.unwrap();
    let (received, told) = receiving.await.unwrap();
    assert_eq!((received.clone().unwrap().stored, received.unwrap().failed), (1, 1), "{told:?}");
    assert_eq!(fs::read(to.path().join("right")).unwrap(), b"abc");
    let refused = told.iter().find(|told| told.starts_with("refused")).unwrap();
    // Nothing else bears a name.
    let there = names(to.path());
    assert!(there.iter().all(|name| name == "right" || name.ends_with(".part")), "{there:?}");
    refused.rsplit(' ').next().unwrap().to_owned()
}

/// Begins a file that is a lie in what follows.
async fn began(session: &mut SecureSession, size: Option<u64>) {
    let answer = say(session, Said::Entry(sized(&["lie"], size))).await;
    assert!(answer.contains("\"ok\""), "{answer}");
}

/// Says the lie, hears the refusal, and gives up, as a sender does.
async fn caught(session: &mut SecureSession, said: Said) {
    session.send(said.container().unwrap()).await.unwrap();
    assert!(heard(session).await.contains("bad_request"));
    if !matches!(said, Said::Whole(_)) {
        end(session).await;
    }
}

#[tokio::test]
async fn lies_in_size_are_refused() {
    let small = || Rules::default().with_max_size(4);
    let code = lie(small(), async |session| {
        assert!(say(session, Said::Entry(sized(&["lie"], Some(5)))).await.contains("\"size\""));
    });
    assert_eq!(code.await, "file.size", "more than is taken");
    for size in [Some(3), None] {
        let code = lie(small(), async |session| {
            began(session, size).await;
            chunks(session, b"abcde").await;
            assert!(heard(session).await.contains("\"size\""));
            end(session).await;
        });
        assert_eq!(code.await, "file.size", "more than was said: {size:?}");
    }
    for (said, sent) in [(b"abc", 2), (b"abc", 3)] {
        let code = lie(small(), async |session| {
            began(session, Some(3)).await;
            give(session, &said[..sent]).await;
            let whole = Whole { size: 5 - u64::try_from(sent).unwrap(), ..whole(&said[..sent]) };
            caught(session, Said::Whole(whole)).await;
        });
        assert_eq!(code.await, "file.size", "{sent}");
    }
}

#[tokio::test]
async fn lies_in_hashes_are_refused_at_the_piece() {
    let code = lie(Rules::default(), async |session| {
        began(session, Some(3)).await;
        chunks(session, b"abd").await;
        session.send(Said::Hashes(hashes(b"abc")).container().unwrap()).await.unwrap();
        // Found when the group is looked at, at the latest before the file gets its name.
        caught(session, Said::Whole(whole(b"abc"))).await;
    });
    assert_eq!(code.await, "file.mismatch", "a piece");
    let code = lie(Rules::default(), async |session| {
        began(session, Some(3)).await;
        give(session, b"abc").await;
        caught(session, Said::Whole(Whole { size: 3, ..whole(b"abd") })).await;
    });
    assert_eq!(code.await, "file.mismatch", "the whole");
}

#[tokio::test]
async fn lies_in_order_are_refused() {
    let code = lie(Rules::default(), async |session| {
        began(session, None).await;
        chunks(session, b"abc").await;
        caught(session, Said::Whole(whole(b"abc"))).await;
    });
    assert_eq!(code.await, "file.order", "octets without hashes");
    let code = lie(Rules::default(), async |session| {
        began(session, None).await;
        chunks(session, &octets(GROUP)).await;
        chunks(session, b"x").await;
        assert!(heard(session).await.contains("\"order\""));
        end(session).await;
    });
    assert_eq!(code.await, "file.order", "more than a group without hashes");
    for (name, first, second) in [
        ("hashes without octets", &b""[..], &b""[..]),
        ("another group after a short one", b"ab", b"c"),
    ] {
        let code = lie(Rules::default(), async |session| {
            began(session, None).await;
            if !first.is_empty() {
                give(session, first).await;
            }
            chunks(session, second).await;
            let hashes = hashes(b"c");
            session.send(Said::Hashes(hashes).container().unwrap()).await.unwrap();
            caught(session, Said::Whole(whole(b"abc"))).await;
        });
        assert_eq!(code.await, "file.order", "{name}");
    }
    let code = lie(Rules::default(), async |session| {
        began(session, None).await;
        chunks(session, b"abc").await;
        let two = [hashes(b"abc"), hashes(b"abc")].concat();
        session.send(Said::Hashes(two).container().unwrap()).await.unwrap();
        caught(session, Said::Whole(whole(b"abc"))).await;
    });
    assert_eq!(code.await, "file.order", "more hashes than pieces");
}

/// What belongs to no place at all ends the session, with nothing stored.
#[tokio::test]
async fn words_at_a_place_where_they_mean_nothing_end_the_session() {
    let to = tempfile::tempdir().unwrap();
    let inbox = Inbox::open(to.path(), Rules::default()).unwrap();
    let file = || Said::Entry(sized(&["a"], Some(3)));
    let greeting = || Said::Greeting { files: 1, octets: None };
    for said in [
        vec![file()],
        vec![greeting(), greeting()],
        vec![greeting(), Said::Pause],
        vec![greeting(), Said::Hashes(hashes(b"abc"))],
        vec![greeting(), file(), file()],
        vec![greeting(), file(), Said::From(whole(b"abc"))],
    ] {
        let (mut ours, theirs) = sessions().await;
        let receiving = receiving(theirs, &inbox);
        for said in &said {
            ours.send(said.container().unwrap()).await.unwrap();
        }
        assert_eq!(receiving.await.unwrap().0, Err(Error::NotATransfer), "{said:?}");
    }
    assert!(names(to.path()).iter().all(|name| name.ends_with(".part")));
}

#[tokio::test]
async fn no_path_leads_out_of_the_directory() {
    let long = vec!["n".repeat(255); 20];
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    for path in [
        &["..", "lie"][..],
        &["a", "..", "..", "lie"],
        &["/etc", "lie"],
        &["a/../../lie"],
        &["a\\lie"],
        &["line\nbreak"],
        &["nul\0"],
        &["a", ".hidden"],
        &[".ssh", "lie"],
        &["CON", "lie"],
        &["\u{202e}lie"],
        &["", "lie"],
        &long,
    ] {
        let code = lie(Rules::default(), async |session| {
            let said = Said::Entry(sized(path, Some(3)));
            assert!(say(session, said).await.contains("\"name\""), "{path:?}");
        });
        assert_eq!(code.await, "file.name", "{path:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_and_other_things_in_the_way_are_not_followed() {
    let (outside, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(outside.path(), to.path().join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", to.path().join("dangling")).unwrap();
    fs::write(to.path().join("file"), b"here").unwrap();
    let inbox = Inbox::open(to.path(), Rules::default().with_force(true)).unwrap();
    let (mut ours, theirs) = sessions().await;
    let receiving = receiving(theirs, &inbox);
    greet(&mut ours, 9, None).await;
    for path in [&["link", "a"][..], &["dangling", "a"], &["file", "a"], &["link"], &["dangling"]] {
        let answer = say(&mut ours, Said::Entry(sized(path, Some(3)))).await;
        assert!(answer.contains("\"exists\""), "{path:?} {answer}");
    }
    let directory =
        sdmp_node::transfer::pieces::Entry { kind: Kind::Directory, ..sized(&["link"], None) };
    assert!(say(&mut ours, Said::Entry(directory)).await.contains("\"exists\""));
    ours.close().await.unwrap();
    receiving.await.unwrap().0.unwrap();
    assert!(names(outside.path()).is_empty() && !to.path().join("nowhere").exists());
}

/// What the greeting said is a limit.
#[tokio::test]
async fn more_than_the_greeting_said_is_refused() {
    let to = tempfile::tempdir().unwrap();
    let inbox = Inbox::open(to.path(), Rules::default()).unwrap();
    for (files, octets) in [(0, None), (5, Some(2))] {
        let (mut ours, theirs) = sessions().await;
        let receiving = receiving(theirs, &inbox);
        greet(&mut ours, files, octets).await;
        let answer = say(&mut ours, Said::Entry(sized(&["a"], Some(3)))).await;
        assert!(answer.contains("\"size\""), "{answer}");
        ours.close().await.unwrap();
        receiving.await.unwrap().0.unwrap();
    }
}

#[tokio::test]
async fn a_peer_has_a_quota() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let inbox = Inbox::open(to.path(), Rules::default().with_max_per_peer(10)).unwrap();
    let files = ["a", "b", "c"].map(|name| {
        let path = from.path().join(name);
        fs::write(&path, [7; 5]).unwrap();
        path
    });
    let told = deliver(&inbox, &Outgoing::check_all(&files).unwrap()).await;
    let expected = ["began a 0", "stored a", "began b 0", "stored b", "refused c file.quota"];
    assert_eq!(told, expected);
    // Input of unknown size is counted while it comes; what was refused is given back.
    let inbox = Inbox::open(to.path(), Rules::default().with_max_per_peer(10)).unwrap();
    let (mut ours, theirs) = sessions().await;
    let receiving = receiving(theirs, &inbox);
    greet(&mut ours, 3, None).await;
    began(&mut ours, None).await;
    give(&mut ours, b"eleven char").await;
    caught(&mut ours, Said::Whole(whole(b"eleven char"))).await;
    began(&mut ours, Some(10)).await;
    drop(ours.close().await);
    let (_, told) = receiving.await.unwrap();
    assert!(told.contains(&"refused lie file.quota".to_owned()), "{told:?}");
}

struct No;

impl Watch for No {
    fn tell(&mut self, _: Event<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn asks(&self) -> bool {
        true
    }

    fn accepts(&mut self, files: u64, octets: Option<u64>) -> bool {
        assert_eq!((files, octets), (1, Some(3)));
        false
    }
}

#[tokio::test]
async fn a_receiver_that_is_asked_may_decline() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(from.path().join("a"), b"abc").unwrap();
    let files = Outgoing::check_all(&[from.path().join("a")]).unwrap();
    let inbox = Inbox::open(to.path(), Rules::default()).unwrap();
    let (ours, theirs) = sessions().await;
    let receiving =
        tokio::spawn(async move { receive(theirs, &inbox, Patience::default(), &mut No).await });
    let mut told = Vec::new();
    send(ours, &files, Patience::default(), &mut watching(&mut told)).await.unwrap();
    receiving.await.unwrap().unwrap();
    assert_eq!(told, ["refused a file.declined"]);
    assert!(names(to.path()).is_empty());
}

/// Paths, permissions and times are kept; what cannot be sent of a directory is named, the rest arrives.
#[cfg(unix)]
#[tokio::test]
async fn directories_keep_paths_permissions_and_times() {
    use crate::common::{chmod, mode};
    for keep in [false, true] {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let top = from.path().join("top");
        fs::create_dir_all(top.join("inner/empty")).unwrap();
        let (run, link) = (top.join("inner/run.sh"), top.join("link"));
        fs::write(&run, b"#!/bin/sh").unwrap();
        chmod(&run, 0o755);
        std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
        fs::write(top.join(".hidden"), b"x").unwrap();
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_007);
        fs::File::options().write(true).open(&run).unwrap().set_modified(then).unwrap();
        fs::File::open(top.join("inner")).unwrap().set_modified(then).unwrap();
        chmod(&top.join("inner"), 0o555);
        let inbox = Inbox::open(to.path(), Rules::default().with_keep_modes(keep)).unwrap();
        let told = deliver(&inbox, &Outgoing::check_all(&[&top]).unwrap()).await;
        let expected = [
            "failed top/.hidden file.unsendable",
            "stored top/inner/empty",
            "began top/inner/run.sh 0",
            "stored top/inner/run.sh",
            "stored top/inner",
            "failed top/link file.unsendable",
            "stored top",
        ];
        assert_eq!(told, expected);
        let there = to.path().join("top/inner");
        for path in [there.join("run.sh"), there.clone()] {
            assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), then, "{path:?}");
        }
        assert!(there.join("empty").is_dir());
        assert_eq!(mode(&there.join("run.sh")), if keep { 0o755 } else { 0o700 });
        // Its owner goes on to write there.
        assert_eq!(mode(&there), if keep { 0o755 } else { 0o700 });
        chmod(&top.join("inner"), 0o755);
    }
}

/// A link is not followed, also where it is named itself.
#[cfg(unix)]
#[test]
fn a_link_is_not_sent() {
    let from = tempfile::tempdir().unwrap();
    let link = from.path().join("link");
    std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    let refused = Outgoing::check_all(&[&link]).unwrap_err();
    assert!(refused.to_string().contains("symbolic link"), "{refused}");
}
