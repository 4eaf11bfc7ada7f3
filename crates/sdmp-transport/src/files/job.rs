//! Blocking work off the runtime's threads, whose result is never lost.

use std::io;

use tokio::task::{JoinHandle, spawn_blocking};

/// At most one piece of work under way. A caller that gives up waiting finds its result the next
/// time: what was read from a file, and removed, is not lost.
#[derive(Debug)]
pub(super) struct Job<T>(Option<JoinHandle<T>>);

impl<T> Default for Job<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Send + 'static> Job<T> {
    /// The result of the work under way; of `work` if there is none.
    ///
    /// # Errors
    /// When the runtime is shutting down.
    pub(super) async fn run(&mut self, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
        let handle = self.0.get_or_insert_with(|| spawn_blocking(work));
        let result = handle.await;
        self.0 = None;
        result.map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_result_outlives_a_caller_that_gave_up() {
        let mut job = Job::default();
        let slow = || {
            std::thread::sleep(Duration::from_millis(50));
            1
        };
        timeout(Duration::from_millis(1), job.run(slow)).await.unwrap_err();
        assert_eq!(job.run(|| 2).await.unwrap(), 1);
        assert_eq!(job.run(|| 2).await.unwrap(), 2);
    }
}
