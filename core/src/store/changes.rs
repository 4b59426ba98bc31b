//! Who waits for a document to change, and who tells them.

use std::sync::Arc;

use tokio::sync::broadcast::{self, error::RecvError};

/// Changes that are kept for who is slow: with more, everything may have changed.
const KEPT: usize = 1024;

/// Tells which documents change.
pub struct Changed(broadcast::Sender<Arc<str>>);

impl Default for Changed {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

impl Changed {
    /// This one has changed.
    pub fn tell(&self, id: &str) {
        if self.0.receiver_count() > 0 {
            // An error only says that nobody listens.
            let _ = self.0.send(id.into());
        }
    }

    /// The changes of this one from here on.
    pub fn of(&self, id: &str) -> Changes {
        Changes { id: id.to_owned(), all: self.0.subscribe() }
    }
}

/// The changes of one document.
pub struct Changes {
    id: String,
    all: broadcast::Receiver<Arc<str>>,
}

impl Changes {
    /// Waits for the next change; it may be told once for several, and once too often. `None` when the store is gone.
    pub async fn next(&mut self) -> Option<()> {
        loop {
            match self.all.recv().await {
                Ok(id) if *id == *self.id => return Some(()),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return Some(()),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
