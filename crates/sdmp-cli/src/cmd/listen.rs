//! `sdmp listen`: sessions that peers open.

use std::sync::Arc;

use tokio::sync::{Mutex, Notify, mpsc};

use super::chat::{Ending, converse, input, standard_input};
use crate::cli::Listen;
use crate::error::Failure;
use crate::io::note;
use crate::link::door::Entrance;
use crate::link::{Context, block_on};

pub(crate) fn run(context: &Context, args: &Listen) -> Result<(), Failure> {
    let entrance = Entrance::new(context, &args.address, &args.door)?;
    block_on(chat(&entrance))
}

async fn chat(entrance: &Entrance) -> Result<(), Failure> {
    let output = entrance.output();
    let feeding = output.many.then(|| Arc::new(Feed::new()));
    if let Some(feeding) = &feeding {
        drop(tokio::spawn(Arc::clone(feeding).run()));
    }
    let begin = |session, _| {
        let feeding = feeding.clone();
        async move {
            let mut lines = match feeding {
                Some(feeding) => feeding.join().await,
                None => input(output),
            };
            converse(session, &mut lines, output, Ending::WithPeer).await
        }
    };
    let ending = async || {
        if let Some(feeding) = &feeding {
            feeding.end().await;
        }
    };
    entrance.serve(begin, ending).await
}

/// Gives each line of standard input to all sessions that are open. While there is none, input
/// waits. A session that does not take its lines holds the others' up, 30 s at most: then it is
/// cut, as one whose peer does not read (R42).
#[derive(Debug)]
struct Feed {
    sessions: Mutex<Option<Vec<Lines>>>,
    joined: Notify,
}

type Lines = mpsc::Sender<Result<String, Failure>>;

impl Feed {
    fn new() -> Self {
        Self { sessions: Mutex::new(Some(Vec::new())), joined: Notify::new() }
    }

    /// The lines for a new session; at the end of the input, none.
    async fn join(&self) -> mpsc::Receiver<Result<String, Failure>> {
        let (sender, receiver) = mpsc::channel(16);
        if let Some(sessions) = self.sessions.lock().await.as_mut() {
            sessions.push(sender);
            self.joined.notify_one();
        }
        receiver
    }

    async fn end(&self) {
        *self.sessions.lock().await = None;
    }

    async fn run(self: Arc<Self>) {
        let mut input = standard_input();
        while let Some(line) = input.recv().await {
            let line = match line {
                Ok(line) => line,
                Err(failure) => {
                    note(&format!("standard input ends here: {failure}"));
                    break;
                }
            };
            while !self.give(&line).await {
                self.joined.notified().await;
            }
        }
        self.end().await;
    }

    /// Whether anybody took the line.
    async fn give(&self, line: &str) -> bool {
        let sessions = self.sessions.lock().await.clone().unwrap_or_default();
        let mut taken = false;
        for session in &sessions {
            taken |= session.send(Ok(line.to_owned())).await.is_ok();
        }
        if let Some(sessions) = self.sessions.lock().await.as_mut() {
            sessions.retain(|session| !session.is_closed());
        }
        taken
    }
}
