//! Parts of a batch on several cores, their results in order.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Objects of a part: as many as the widest vectors take at once.
pub(super) const PART: usize = 8;

/// Octets of a batch below which starting a thread costs more than it saves.
const LEAST: usize = 128 << 10;

/// How many threads gain with so many objects of so many octets in all.
pub(super) fn useful(workers: usize, objects: usize, octets: usize) -> usize {
    if octets < LEAST { 1 } else { workers.min(objects.div_ceil(PART)).max(1) }
}

/// Does `work` with each part, this thread and `workers - 1` others taking one after the other. It returns
/// when all is done, and no thread outlives it: there is nothing to cancel and nothing that queues.
/// Where a thread cannot be started, the others do its part.
pub(super) fn each<T: Send, R: Send>(
    workers: usize,
    parts: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    if workers < 2 || parts.len() < 2 {
        return parts.into_iter().map(work).collect();
    }
    let done = Mutex::new(Vec::with_capacity(parts.len()));
    let queue = Mutex::new(parts.into_iter().enumerate());
    let take = || {
        loop {
            let next = lock(&queue).next();
            let Some((place, part)) = next else { return };
            let result = work(part);
            lock(&done).push((place, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..workers {
            let thread = thread::Builder::new().name("sdmp-batch".to_owned());
            drop(thread.spawn_scoped(scope, take));
        }
        take();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere is passed on when the scope ends.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "one thread of this test has to be the slow one")]
    fn results_keep_the_order_of_their_parts() {
        for workers in 0..5 {
            for parts in 0..9_u64 {
                let slow_first = |part: u64| {
                    thread::sleep(std::time::Duration::from_millis(if part == 0 { 5 } else { 0 }));
                    part * 10
                };
                let expected: Vec<u64> = (0..parts).map(|part| part * 10).collect();
                assert_eq!(each(workers, (0..parts).collect(), slow_first), expected);
            }
        }
    }

    #[test]
    fn parts_are_worked_on_at_the_same_time() {
        let barrier = std::sync::Barrier::new(2);
        // Neither passes before the other has come.
        assert_eq!(each(2, vec![1, 2], |part| (barrier.wait(), part).1), [1, 2]);
    }

    #[test]
    fn few_objects_or_octets_start_no_thread() {
        assert_eq!(useful(4, 16, LEAST), 2);
        assert_eq!(useful(4, 8, 1 << 24), 1);
        assert_eq!(useful(4, 64, LEAST - 1), 1);
        assert_eq!(useful(0, 64, 1 << 24), 1);
    }
}
