//! One piece of work in memory: its state, those who listen to it, and one writer of its document at a time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast::{self, error::RecvError};

use crate::journal::{Journal, JournalError};
use crate::store::{Content, Document, Head, Put, Revision, Store, Stored, Told};

/// More changes than a piece of work has without retries; who falls further behind skips to newer ones.
const EVENTS_KEPT: usize = 16;

/// One piece of work.
pub struct Live<C> {
    now: Mutex<Now<C>>,
    /// Held while its document is written.
    pub(super) writing: tokio::sync::Mutex<Written>,
}

struct Now<C> {
    told: Arc<Told<C>>,
    /// Gone when it is over, which ends every subscription.
    changes: Option<broadcast::Sender<Arc<Told<C>>>>,
}

/// What stands in the store.
pub(super) struct Written {
    pub(super) revision: Revision,
    /// It lacks the last change.
    behind: bool,
}

impl<C: Content> Live<C> {
    /// As the store has it.
    pub fn new(stored: Stored<C>) -> Self {
        let Stored { document, revision } = stored;
        let changes = (!document.content.is_over()).then(|| broadcast::Sender::new(EVENTS_KEPT));
        Self {
            now: Mutex::new(Now { told: Arc::new(Told::from(document)), changes }),
            writing: tokio::sync::Mutex::new(Written { revision, behind: false }),
        }
    }

    /// Its state now.
    pub fn told(&self) -> Arc<Told<C>> {
        Arc::clone(&self.now().told)
    }

    /// Its state now, and its changes as they come.
    pub fn subscribe(&self) -> Subscription<C> {
        let now = self.now();
        Subscription {
            first: Some(Arc::clone(&now.told)),
            changes: now.changes.as_ref().map(broadcast::Sender::subscribe),
        }
    }

    /// Waits until it is over.
    pub async fn over(&self) {
        let mut changes = self.subscribe();
        while changes.next().await.is_some() {}
    }

    /// Changes it and tells those who listen; it is not written.
    pub fn update(&self, change: impl FnOnce(&mut Document<C>)) -> Arc<Told<C>> {
        let mut now = self.now();
        let mut document = now.told.document().clone();
        change(&mut document);
        document.content.touch();
        now.tell(document)
    }

    /// Changes what nobody is told; it is not written.
    pub fn remember(&self, change: impl FnOnce(&mut Head)) {
        let mut now = self.now();
        let mut document = now.told.document().clone();
        change(&mut document.head);
        now.told = Arc::new(Told::from(document));
    }

    /// Makes a change durable, then tells it: who hears of it may at once ask for more. An end is told though the store
    /// refuses it. What `change` leaves as it was is not written, unless the store refused what was before.
    ///
    /// # Errors
    /// When the store refuses, or somebody else has taken the work over.
    pub async fn change(
        &self,
        journal: &Journal,
        change: impl FnOnce(&mut Document<C>) -> bool,
    ) -> Result<(), JournalError> {
        let mut written = self.writing.lock().await;
        let mut document = self.told().document().clone();
        if !change(&mut document) && !written.behind {
            return Ok(());
        }
        document.content.touch();
        let put = written.put(journal, &document).await;
        let told = match &put {
            Ok(()) => true,
            // What comes of it is for somebody else to say.
            Err(JournalError::TakenOver) => false,
            Err(_) => document.content.is_over(),
        };
        if told {
            self.now().tell(document);
        }
        put
    }

    /// Writes it as it is now.
    ///
    /// # Errors
    /// See [`Self::change`].
    pub async fn write(&self, journal: &Journal) -> Result<(), JournalError> {
        let mut written = self.writing.lock().await;
        let told = self.told();
        written.put(journal, told.document()).await
    }

    fn now(&self) -> MutexGuard<'_, Now<C>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Content> Now<C> {
    fn tell(&mut self, document: Document<C>) -> Arc<Told<C>> {
        self.told = Arc::new(Told::from(document));
        if let Some(changes) = &self.changes {
            // An error only says that nobody listens.
            let _ = changes.send(Arc::clone(&self.told));
        }
        if self.told.document().content.is_over() {
            self.changes = None;
        }
        Arc::clone(&self.told)
    }
}

impl Written {
    async fn put<C: Content>(
        &mut self,
        journal: &Journal,
        document: &Document<C>,
    ) -> Result<(), JournalError> {
        let put = journal.save(document, self.revision).await;
        self.behind = put.is_err();
        match put? {
            Put::Done => self.revision += 1,
            Put::Changed => return Err(JournalError::TakenOver),
        }
        Ok(())
    }
}

/// The state of a piece of work, then each change until it is over.
pub struct Subscription<C: Content> {
    first: Option<Arc<Told<C>>>,
    changes: Option<broadcast::Receiver<Arc<Told<C>>>>,
}

impl<C: Content> Subscription<C> {
    /// One that changes no more.
    pub fn finished(told: Arc<Told<C>>) -> Self {
        Self { first: Some(told), changes: None }
    }

    /// The next state; `None` after the last one.
    pub async fn next(&mut self) -> Option<Arc<Told<C>>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let changes = self.changes.as_mut()?;
        loop {
            match changes.recv().await {
                Ok(told) => return Some(told),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// Personal data: never printed whole.
impl<C: Content> fmt::Debug for Subscription<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
