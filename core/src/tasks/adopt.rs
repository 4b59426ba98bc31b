//! Goes on with what windows that were killed have left.

use super::Tasks;
use crate::journal::LogName;

impl Tasks {
    /// Takes in the logs of windows that are gone, and takes up their quotations; names all of the logs.
    pub async fn adopt(&self) -> Vec<LogName> {
        let journal = self.inner.work.journal.clone();
        // A stop waits for it: the folder is given free when nothing is moved into it any more.
        let adopted = self.inner.work.background.see_through(async move { journal.adopt().await }).await;
        let Some((adopted, done)) = adopted else { return Vec::new() };
        if let Err(error) = done {
            tracing::warn!(%error, "logs of other windows are not taken in; tried again");
        }
        for id in adopted.iter().filter_map(|log| log.id().parse().ok()) {
            self.take_up(&id).await;
        }
        adopted
    }
}
