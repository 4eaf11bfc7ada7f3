//! The one writer: what was verified is judged again and appended, several responses together (N22).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use sdmp_container::Identifier;
use sdmp_journal::{Candidate, Line, Rsa, Verdict};
use sdmp_store::{Append, LONGEST_APPEND};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, spawn_blocking};
use tracing::debug_span;

use super::core::Event;
use super::state::State;
use crate::Error;

/// Jobs that may wait for the writer.
const QUEUE: usize = 64;
/// Octets of texts that one append takes of several jobs: a response holds 8 MiB at most (N27).
const LONGEST_TEXTS: usize = 16 << 20;
/// So many signatures are verified on one thread before the next has its turn.
const CHUNK: usize = 16;

/// Resources that are to be appended together, and who waits for their verdicts.
struct Job {
    candidates: Vec<Candidate>,
    done: oneshot::Sender<Result<Vec<Verdict>, sdmp_store::Error>>,
}

/// The way to the writer.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    state: Arc<State>,
}

impl Writer {
    /// Starts the writer, which tells `events` about each append once it is durable.
    pub(crate) fn start(
        state: Arc<State>,
        events: mpsc::Sender<Event>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        drop(tasks.spawn(run(queue, Arc::clone(&state), events)));
        Self { jobs, state }
    }

    /// Verifies, judges and appends these together; says what became of each, in their order.
    pub(crate) async fn append(&self, candidates: Vec<Candidate>) -> Result<Vec<Verdict>, Error> {
        let candidates = verify(&self.state, candidates).await?;
        let (done, verdicts) = oneshot::channel();
        let job = Job { candidates, done };
        self.jobs.send(job).await.map_err(|_| Error::NodeStopped)?;
        Ok(verdicts.await.map_err(|_| Error::NodeStopped)??)
    }
}

/// Verifies signatures on several cores: what costs most is done before the one writer.
async fn verify(
    state: &Arc<State>,
    mut candidates: Vec<Candidate>,
) -> Result<Vec<Candidate>, Error> {
    let mut chunks = Vec::new();
    while !candidates.is_empty() {
        let rest = candidates.split_off(candidates.len().min(CHUNK));
        let mut chunk = std::mem::replace(&mut candidates, rest);
        let store = Arc::clone(&state.store);
        chunks.push(spawn_blocking(move || {
            let snapshot = store.snapshot()?;
            for candidate in &mut chunk {
                // The answer is kept with the candidate, and judged where it matters.
                let _verified = candidate.verify(&*snapshot, &Rsa);
            }
            Ok::<_, sdmp_store::Error>(chunk)
        }));
    }
    let mut all = Vec::new();
    for chunk in chunks {
        all.extend(chunk.await.map_err(|_| Error::NodeStopped)??);
    }
    Ok(all)
}

async fn run(mut queue: mpsc::Receiver<Job>, state: Arc<State>, events: mpsc::Sender<Event>) {
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(job) => job,
            None => match queue.recv().await {
                Some(job) => job,
                None => return,
            },
        };
        let (jobs, left) = gather(first, &mut queue);
        next = left;
        if !write(jobs, &state, &events).await {
            return;
        }
    }
}

/// Takes what waits already, up to the longest append; and a job for the next one. No identifier stands
/// twice: of two copies one may be bad, and each is to get its own verdict.
fn gather(first: Job, queue: &mut mpsc::Receiver<Job>) -> (Vec<Job>, Option<Job>) {
    let ids = |job: &Job| -> Vec<Identifier> {
        job.candidates.iter().map(|candidate| candidate.resource().id().clone()).collect()
    };
    let mut taken: BTreeSet<Identifier> = ids(&first).into_iter().collect();
    let octets = |job: &Job| -> usize {
        job.candidates.iter().map(|candidate| candidate.resource().text().len()).sum()
    };
    let (mut count, mut length) = (first.candidates.len(), octets(&first));
    let mut jobs = vec![first];
    while let Ok(job) = queue.try_recv() {
        let names = ids(&job);
        count = count.saturating_add(names.len());
        length = length.saturating_add(octets(&job));
        let is_full = count > LONGEST_APPEND || length > LONGEST_TEXTS;
        if is_full || names.iter().any(|id| taken.contains(id)) {
            return (jobs, Some(job));
        }
        taken.extend(names);
        jobs.push(job);
    }
    (jobs, None)
}

/// Appends, tells of the lines, and answers. Returns whether there is still a node to tell.
async fn write(jobs: Vec<Job>, state: &Arc<State>, events: &mpsc::Sender<Event>) -> bool {
    let mut waiting = Vec::new();
    let mut candidates = Vec::new();
    for job in jobs {
        let names = job.candidates.iter().map(|one| one.resource().id().clone());
        waiting.push((names.collect::<Vec<_>>(), job.done));
        candidates.extend(job.candidates);
    }
    let appending = Arc::clone(state);
    let appended = spawn_blocking(move || append(&appending, candidates)).await;
    let (lines, verdicts) = match appended {
        Ok(Ok(appended)) => appended,
        Ok(Err(error)) => {
            for (_, done) in waiting {
                // Who asked may have gone meanwhile.
                drop(done.send(Err(error.clone())));
            }
            return true;
        }
        Err(_) => return false,
    };
    // First the lines: an answer may be followed by a question about them.
    let told = lines.is_empty() || events.send(Event::Appended(lines)).await.is_ok();
    for (names, done) in waiting {
        let known = |id| verdicts.get(id).cloned().unwrap_or(Verdict::Known);
        drop(done.send(Ok(names.iter().map(known).collect())));
    }
    told
}

type Written = (Vec<Line>, HashMap<Identifier, Verdict>);

fn append(state: &State, candidates: Vec<Candidate>) -> Result<Written, sdmp_store::Error> {
    let now = state.time_to_append()?;
    let (count, began) = (candidates.len(), Instant::now());
    let append = Append::new(state.user.clone(), now, candidates);
    let span = debug_span!("append", resources = count).entered();
    let appended = state.store.append(append);
    drop(span);
    let counters = &state.counters;
    counters.judged.add(count);
    let appended = appended.inspect_err(|_| counters.append_failures.add(1))?;
    counters.appends.add(1);
    counters.admitted.add(appended.lines.len());
    counters.append_micros.add(usize::try_from(began.elapsed().as_micros()).unwrap_or(0));
    state.clock().appended(now);
    let verdicts = appended.judged.into_iter();
    let verdicts = verdicts.map(|one| (one.candidate.resource().id().clone(), one.verdict));
    Ok((appended.lines, verdicts.collect()))
}
