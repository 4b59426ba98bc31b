//! Work that goes on whether or not its caller stays, and how it ends with the process.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backoff::{Backoff, Pauses};

/// The work of one part of the process.
#[derive(Default)]
pub struct Background {
    /// Everything that runs.
    pub tracker: TaskTracker,
    /// No new work, and no new try.
    pub stop: CancellationToken,
    /// Leave even running work, for the journal to take up.
    pub abort: CancellationToken,
}

/// Between two tries to write what the disk refuses.
const PAUSES: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// The pauses of who tries until the disk takes it.
pub struct Patience<'a> {
    stop: &'a CancellationToken,
    pauses: Pauses,
}

impl Patience<'_> {
    /// Waits, longer each time; `false` when the process stops meanwhile and leaves it to the next one.
    pub async fn wait(&mut self) -> bool {
        self.stop.run_until_cancelled(tokio::time::sleep(self.pauses.pause())).await.is_some()
    }
}

impl Background {
    /// For one thing that is to be written.
    pub fn patience(&self) -> Patience<'_> {
        Patience { stop: &self.stop, pauses: PAUSES.pauses() }
    }

    /// Does it to its end, also when the caller goes, and a stop waits for it; `None` when the process is stopping.
    pub async fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let stop = self.stop.clone();
        let work = async move { if stop.is_cancelled() { None } else { Some(work.await) } };
        match self.tracker.spawn(work).await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only a runtime that is being dropped cancels tasks.
                Err(_) => None,
            },
        }
    }

    /// Lets what runs finish for so long, then leaves the rest to the journal; tells whether all of it finished.
    pub async fn shutdown(&self, grace: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        let finished = tokio::time::timeout(grace, self.tracker.wait()).await.is_ok();
        if !finished {
            self.abort.cancel();
            self.tracker.wait().await;
        }
        finished
    }
}
