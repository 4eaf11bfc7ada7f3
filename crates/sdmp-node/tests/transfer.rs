//! Both halves of a transfer, between two nodes in this process.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sdmp_node::error::Unsendable;
use sdmp_node::transfer::name::Problem;
use sdmp_node::transfer::pieces::{GROUP, Said};
use sdmp_node::transfer::{
    Event, Inbox, Outgoing, Patience, Refusal, Rules, Summary, receive, send,
};
use sdmp_node::{Error, transfer};
use sdmp_testkit::nodes::message;
use tempfile::TempDir;

#[cfg(unix)]
use crate::common::mode;
use crate::common::playing::{announcement, entry, give, greet, say};
use crate::common::{names, sessions};

/// Tells of an event that a test wants to see.
fn word(event: &Event<'_>) -> Option<String> {
    Some(match event {
        Event::Began { file, offset } => format!("began {} {offset}", file.name),
        Event::Stored { file, .. } => format!("stored {}", file.name),
        Event::Refused { file, refusal } => format!("refused {} {}", file.name, refusal.word()),
        Event::Failed { name, error } => format!("failed {name} {}", error.code()),
        _ => return None,
    })
}

/// A directory to send from and one to receive into.
struct Two {
    from: TempDir,
    to: TempDir,
}

impl Two {
    fn new() -> Self {
        Self { from: tempfile::tempdir().unwrap(), to: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.from.path().join(name);
        fs::write(&path, octets).unwrap();
        path
    }

    fn inbox(&self, rules: Rules) -> Inbox {
        Inbox::open(self.to.path(), rules).unwrap()
    }

    /// Sends these files; both results, and what the sender was told.
    async fn deliver(
        &self,
        files: &[Outgoing],
        rules: Rules,
        mut at: impl FnMut(&Event<'_>) + Send,
    ) -> (Result<Summary, Error>, Result<Summary, Error>, Vec<String>) {
        let (ours, theirs) = sessions().await;
        let inbox = self.inbox(rules);
        let receiving = tokio::spawn(async move {
            let watch = &mut |_: Event<'_>| ControlFlow::Continue(());
            receive(theirs, &inbox, Patience::default(), watch).await
        });
        let mut told = Vec::new();
        let watch = &mut |event: Event<'_>| {
            at(&event);
            told.extend(word(&event));
            ControlFlow::Continue(())
        };
        let sent = send(ours, files, Patience::default(), watch).await;
        (sent, receiving.await.unwrap(), told)
    }
}

fn nothing(_: &Event<'_>) {}

#[tokio::test]
async fn files_arrive_and_are_private() {
    let two = Two::new();
    let files = [two.file("a", b"abc"), two.file("empty", b""), two.file("b", &[7; 200_000])];
    let outgoing = Outgoing::check_all(&files).unwrap();
    let (sent, received, told) = two.deliver(&outgoing, Rules::default(), nothing).await;
    let expected =
        ["began a 0", "stored a", "began empty 0", "stored empty", "began b 0", "stored b"];
    assert_eq!(told, expected);
    for summary in [sent.unwrap(), received.unwrap()] {
        assert_eq!((summary.stored, summary.failed, summary.authenticated), (3, 0, true));
    }
    assert_eq!(names(two.to.path()), ["a", "b", "empty"]);
    assert_eq!(fs::read(two.to.path().join("b")).unwrap(), [7; 200_000]);
    #[cfg(unix)]
    assert_eq!(mode(&two.to.path().join("a")), 0o600);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_at_once() {
    let two = Two::new();
    let pipe = two.from.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let socket = two.from.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [&pipe, &socket, two.from.path(), Path::new("/dev/null")] {
        let refused = Outgoing::check(path);
        let expected = Error::Unsendable { path: path.to_owned(), cause: Unsendable::NotRegular };
        assert_eq!(refused, Err(expected));
    }
    let hidden = two.file(".hidden", b"");
    let expected = Unsendable::Name(Problem::Hidden);
    assert_eq!(Outgoing::check(&hidden), Err(Error::Unsendable { path: hidden, cause: expected }));
}

#[test]
fn two_files_of_one_name_are_refused_before_anything_is_sent() {
    let two = Two::new();
    fs::create_dir(two.from.path().join("sub")).unwrap();
    let files = [two.file("f", b"1"), two.file("sub/f", b"2")];
    let refused = Outgoing::check_all(&files).unwrap_err();
    assert!(matches!(
        refused,
        Error::Unsendable { cause: Unsendable::SameName(name), .. } if name == "f"
    ));
}

/// Each refused file is told once, and the others arrive.
#[tokio::test]
async fn refused_files_do_not_keep_the_others() {
    let two = Two::new();
    let files: Vec<_> = ["1", "2", "3", "4"].map(|name| two.file(name, b"new")).into();
    for name in ["1", "2", "4"] {
        fs::write(two.to.path().join(name), b"old").unwrap();
    }
    let outgoing = Outgoing::check_all(&files).unwrap();
    let (sent, received, told) = two.deliver(&outgoing, Rules::default(), nothing).await;
    let expected =
        ["refused 1 exists", "refused 2 exists", "began 3 0", "stored 3", "refused 4 exists"];
    assert_eq!(told, expected);
    assert_eq!((sent.unwrap().failed, received.unwrap().failed), (3, 3));
}

/// A file that changes while it is sent is refused, and what follows arrives.
#[tokio::test]
async fn a_file_that_shrinks_or_vanishes_does_not_keep_the_others() {
    let two = Two::new();
    let shrinking = two.file("shrinking", &[1; 2_000_000]);
    let vanishing = two.file("vanishing", b"x");
    let files = [shrinking.clone(), vanishing.clone(), two.file("last", b"abc")];
    let outgoing = Outgoing::check_all(&files).unwrap();
    let at = |event: &Event<'_>| {
        if matches!(event, Event::Began { file, .. } if file.name == "shrinking") {
            fs::File::options().write(true).open(&shrinking).unwrap().set_len(1000).unwrap();
            fs::remove_file(&vanishing).unwrap();
        }
    };
    let (sent, received, told) = two.deliver(&outgoing, Rules::default(), at).await;
    let expected = [
        "began shrinking 0",
        "failed shrinking file.changed",
        "failed vanishing file.unsendable",
        "began last 0",
        "stored last",
    ];
    assert_eq!(told, expected);
    assert_eq!(sent.unwrap().failed, 2);
    assert_eq!(received.unwrap().failed, 1);
    assert_eq!(names(two.to.path()), ["last"]);
}

/// R41 says when a session ends; who plays another role must not keep us until then.
#[tokio::test]
async fn a_peer_in_another_role_is_an_error() {
    let two = Two::new();
    let files = Outgoing::check_all(&[two.file("a", b"abc")]).unwrap();
    let watch = &mut |_: Event<'_>| ControlFlow::Continue(());

    let (ours, mut theirs) = sessions().await;
    theirs.send(message("hello")).await.unwrap();
    let sent = send(ours, &files, Patience::default(), watch).await;
    assert_eq!(sent, Err(Error::NotATransfer));

    let (ours, mut theirs) = sessions().await;
    theirs.send(message("hello")).await.unwrap();
    let received = receive(ours, &two.inbox(Rules::default()), Patience::default(), watch).await;
    assert_eq!(received, Err(Error::NotATransfer));
}

fn impatient() -> Patience {
    let mut patience = Patience::default();
    patience.answer = Duration::from_millis(200);
    patience.silence = Duration::from_millis(200);
    patience.idle = Duration::from_millis(200);
    patience
}

#[tokio::test]
async fn a_silent_peer_is_waited_for_with_an_end() {
    let two = Two::new();
    let files = Outgoing::check_all(&[two.file("a", b"abc")]).unwrap();
    let watch = &mut |_: Event<'_>| ControlFlow::Continue(());
    let (ours, theirs) = sessions().await;
    let sent = send(ours, &files, impatient(), watch).await;
    assert!(matches!(sent, Err(Error::Silent { .. })), "no answer: {sent:?}");
    drop(theirs);

    let (ours, theirs) = sessions().await;
    let inbox = two.inbox(Rules::default());
    let received = receive(ours, &inbox, impatient(), watch).await;
    assert!(matches!(received, Err(Error::Silent { .. })), "no announcement: {received:?}");
    drop(theirs);

    let (ours, mut theirs) = sessions().await;
    theirs.send(announcement("a", b"abc")).await.unwrap();
    let received = receive(ours, &inbox, impatient(), watch).await;
    assert!(matches!(received, Err(Error::Silent { .. })), "no octets: {received:?}");
}

/// The connection of the first attempt is dead, and nothing has said so: the same peer tries again.
#[tokio::test]
async fn a_silent_transfer_gives_way_to_its_own_sender() {
    let two = Two::new();
    let inbox = two.inbox(Rules::default());
    let start = |session, inbox: Inbox| {
        tokio::spawn(async move {
            let watch = &mut |_: Event<'_>| ControlFlow::Continue(());
            receive(session, &inbox, Patience::default(), watch).await
        })
    };
    let octets = vec![7; GROUP + 1];
    let path = two.file("a", &octets);
    let (mut dead, theirs) = sessions().await;
    let first = start(theirs, inbox.clone());
    greet(&mut dead, 1, None).await;
    let entry = entry(&path, &["a"]);
    assert!(say(&mut dead, Said::Entry(entry)).await.contains("\"offset\":0"));
    give(&mut dead, &octets[..GROUP]).await;

    let again = async |inbox: Inbox| {
        let (ours, theirs) = sessions().await;
        let receiving = start(theirs, inbox);
        let files = Outgoing::check_all(&[&path]).unwrap();
        let mut told = Vec::new();
        let watch = &mut |event: Event<'_>| {
            told.extend(word(&event));
            ControlFlow::Continue(())
        };
        send(ours, &files, Patience::default(), watch).await.unwrap();
        receiving.await.unwrap().unwrap();
        told
    };
    assert_eq!(again(inbox.clone()).await, ["refused a busy"], "octets came a moment ago");
    tokio::time::sleep(Duration::from_millis(5100)).await;
    assert_eq!(again(inbox).await, ["began a 2097152", "stored a"]);
    assert_eq!(first.await.unwrap(), Err(Error::Superseded));
}

/// Equal content under two names at the same time: neither waits for the other.
#[tokio::test]
async fn equal_files_under_two_names_do_not_wait() {
    let two = Two::new();
    let inbox = two.inbox(Rules::default());
    let (mut open, mut held) = (Vec::new(), Vec::new());
    for name in ["a", "b"] {
        let (mut ours, theirs) = sessions().await;
        let inbox = inbox.clone();
        open.push(tokio::spawn(async move {
            let watch = &mut |_: Event<'_>| ControlFlow::Continue(());
            receive(theirs, &inbox, Patience::default(), watch).await
        }));
        ours.send(announcement(name, b"abc")).await.unwrap();
        let answer = ours.recv().await.unwrap().unwrap().container;
        assert!(answer.text().contains("\"ok\""), "{}", answer.text());
        held.push(ours);
    }
    for receiving in open {
        receiving.abort();
    }
}

#[tokio::test]
async fn unfinished_files_have_a_quota() {
    let two = Two::new();
    let inbox = two.inbox(Rules::default().with_max_unfinished(1000));
    let (mut ours, theirs) = sessions().await;
    let receiving = tokio::spawn(async move {
        let watch = &mut |_: Event<'_>| ControlFlow::Continue(());
        receive(theirs, &inbox, Patience::default(), watch).await
    });
    let mut answer = async |size: usize| {
        ours.send(announcement("a", &vec![7; size])).await.unwrap();
        ours.recv().await.unwrap().unwrap().container.text().to_owned()
    };
    assert!(answer(1001).await.contains("\"storage\""));
    assert!(answer(1000).await.contains("\"ok\""));
    receiving.abort();
}

/// An insider announces what it likes: nothing of it is kept.
#[tokio::test]
async fn refused_announcements_are_not_kept() {
    let two = Two::new();
    let inbox = two.inbox(Rules::default());
    let (mut ours, theirs) = sessions().await;
    let receiving = tokio::spawn(async move {
        let mut longest = 0;
        let watch = &mut |event: Event<'_>| {
            if let Event::Refused { file, refusal: Refusal::Name } = event {
                longest = longest.max(file.name.len());
            }
            ControlFlow::Continue(())
        };
        let received = receive(theirs, &inbox, Patience::default(), watch).await;
        (received, longest)
    });
    for _ in 0..20 {
        ours.send(announcement(&"n".repeat(1 << 20), b"x")).await.unwrap();
        let answer = ours.recv().await.unwrap().unwrap().container;
        assert!(answer.text().contains("\"name\""), "{}", answer.text());
    }
    ours.close().await.unwrap();
    let (received, longest) = receiving.await.unwrap();
    assert_eq!(received.unwrap().failed, 20);
    assert!(longest < 300, "{longest}");
}

#[test]
fn a_directory_that_cannot_be_used_is_said_at_the_start() {
    let two = Two::new();
    let file = two.file("file", b"");
    let missing = two.from.path().join("missing/inbox");
    for path in [file, missing] {
        let error = Inbox::open(&path, Rules::default()).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error:?}");
    }
    #[cfg(unix)]
    {
        let made = two.to.path().join("made");
        Inbox::open(&made, Rules::default()).unwrap();
        assert_eq!(mode(&made), 0o700);
        assert!(Inbox::open(Path::new("/proc"), Rules::default()).is_err());
    }
}

/// What a watch cannot show ends the transfer.
#[tokio::test]
async fn a_watch_can_stop_a_transfer() {
    let two = Two::new();
    let files = Outgoing::check_all(&[two.file("a", b"abc")]).unwrap();
    let (ours, theirs) = sessions().await;
    let inbox = two.inbox(Rules::default());
    let receiving = tokio::spawn(async move {
        let watch = &mut |_: Event<'_>| ControlFlow::Continue(());
        receive(theirs, &inbox, Patience::default(), watch).await
    });
    let began = Instant::now();
    let watch = &mut |_: Event<'_>| ControlFlow::Break(());
    let sent = transfer::send(ours, &files, Patience::default(), watch).await;
    assert_eq!(sent, Err(Error::Stopped));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(receiving.await.unwrap().is_err());
}
