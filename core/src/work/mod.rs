//! The durable life of a piece of work, whatever it is: accepted when the store has it, changed durably before that is
//! told, written until the store takes it, and in memory as long as somebody may ask for it.

mod live;
mod locks;

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::MutexGuard;

pub use self::live::{Live, Subscription};

use self::locks::Locks;
use crate::background::Background;
use crate::journal::{Journal, JournalError};
use crate::store::{Content, Document, Put, Store, Stored, Told};

/// The work of one kind.
pub struct Work<C> {
    /// Where it is remembered.
    pub journal: Journal,
    /// All that runs for it.
    pub background: Background,
    live: DashMap<String, Arc<Live<C>>>,
    locks: Locks,
}

/// What is known of a piece of work.
pub enum Known<C> {
    /// In memory.
    Live(Arc<Live<C>>),
    /// In the store only.
    Stored(Stored<C>),
}

impl<C: Content> Known<C> {
    /// Its state now.
    pub fn told(&self) -> Arc<Told<C>> {
        match self {
            Self::Live(live) => live.told(),
            Self::Stored(stored) => Arc::new(Told::from(stored.document.clone())),
        }
    }

    /// Into memory, if it is not there.
    pub fn live(self) -> Arc<Live<C>> {
        match self {
            Self::Live(live) => live,
            Self::Stored(stored) => Arc::new(Live::new(stored)),
        }
    }
}

impl<C: Content> Work<C> {
    /// Nothing yet.
    pub fn new(journal: Journal) -> Self {
        Self { journal, background: Background::default(), live: DashMap::new(), locks: Locks::default() }
    }

    /// Waits until nobody else is at this piece of work: accepts it, takes it up, or takes in what is reported of it.
    pub async fn lock(&self, id: &str) -> MutexGuard<'_, ()> {
        self.locks.lock(id).await
    }

    /// If it is in memory.
    pub fn live(&self, id: &str) -> Option<Arc<Live<C>>> {
        self.live.get(id).map(|live| Arc::clone(&live))
    }

    /// How many are in memory.
    pub fn count(&self) -> usize {
        self.live.len()
    }

    /// What is known of it, in memory or in the store. Who acts on it holds its lock.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find(&self, id: &str) -> Result<Option<Known<C>>, JournalError> {
        if let Some(live) = self.live(id) {
            return Ok(Some(Known::Live(live)));
        }
        Ok(self.journal.load(id).await?.map(Known::Stored))
    }

    /// Makes it durable, instead of what was known of it, and takes it into memory. The caller holds its lock.
    ///
    /// # Errors
    /// When the store refuses, or has another one: then it is as it was before.
    pub async fn accept(
        &self,
        document: Document<C>,
        before: Option<&Known<C>>,
    ) -> Result<Arc<Live<C>>, JournalError> {
        // Its end may still be on its way to the store.
        let mut ending = None;
        let over = match before {
            None => 0,
            Some(Known::Stored(stored)) => stored.revision,
            Some(Known::Live(live)) => ending.insert(live.writing.lock().await).revision,
        };
        match self.journal.accept(&document, over).await? {
            Put::Done => Ok(self.take_up(Stored { document, revision: over + 1 })),
            Put::Changed => Err(JournalError::TakenOver),
        }
    }

    /// Takes what the store has into memory. The caller holds its lock.
    pub fn take_up(&self, stored: Stored<C>) -> Arc<Live<C>> {
        let id = stored.document.content.id().to_owned();
        let live = Arc::new(Live::new(stored));
        self.live.insert(id, Arc::clone(&live));
        live
    }

    /// Changes it however long the store refuses: what was made must be remembered. The next process finds out what it
    /// misses where this one stops before, and somebody else's work is left alone.
    pub async fn insist(&self, live: &Live<C>, change: impl Fn(&mut Document<C>) -> bool) {
        let mut patience = self.background.patience();
        while let Err(error) = live.change(&self.journal, &change).await {
            tracing::debug!(id = live.told().document().content.id(), %error, "log file not written; trying again");
            if matches!(error, JournalError::TakenOver) || !patience.wait().await {
                return;
            }
        }
    }

    /// Takes in what is reported of it, if it is known.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn report(
        &self,
        id: &str,
        take_in: impl FnOnce(&mut Document<C>) -> bool,
    ) -> Result<(), JournalError> {
        let _alone = self.lock(id).await;
        match self.find(id).await? {
            Some(known) => known.live().change(&self.journal, take_in).await,
            None => Ok(()),
        }
    }

    /// Leaves memory, unless a later run of the same piece of work is there.
    pub fn forget(&self, live: &Arc<Live<C>>) {
        let told = live.told();
        self.live.remove_if(told.document().content.id(), |_, current| Arc::ptr_eq(current, live));
    }
}
