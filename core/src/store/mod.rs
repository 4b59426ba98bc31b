//! What is remembered of every piece of work, and what a store must do to remember it. Its contract is a test suite
//! that takes any store (`tests/it/store`).

mod changes;
mod document;
mod kept;
mod told;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

pub use self::changes::{Changed, Changes};
pub use self::document::{ANONYMOUS, Content, DEFAULT_TENANT, Document, Head, VERSION};
pub use self::kept::Reader;
pub use self::told::Told;

/// How often a document was written; 0: it is not there.
pub type Revision = u64;
/// That of what was written before revisions were.
pub const FIRST: Revision = 1;

/// A document and what is to be named to write over it.
#[derive(Clone)]
pub struct Stored<C> {
    /// What stands there.
    pub document: Document<C>,
    /// Its revision.
    pub revision: Revision,
}

/// What came of writing a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Put {
    /// It is durable, under the next revision.
    Done,
    /// Nothing was written: another revision stands there.
    Changed,
}

/// Remembers pieces of work, each as one document. Files are the embedded store ([`Journal`](crate::journal::Journal)).
pub trait Store: Clone + Send + Sync + 'static {
    /// Why it cannot.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Puts a new document (`over` 0), or begins one anew that is over. It is durable when this returns; on an error it
    /// is as it was before: whoever is refused may ask elsewhere, so nobody may find it.
    fn accept<C: Content>(
        &self,
        document: &Document<C>,
        over: Revision,
    ) -> impl Future<Output = Result<Put, Self::Error>> + Send;

    /// Writes a document over this revision of it. After an error the old or the new state stands there, and the same
    /// may be tried again. What somebody removed meanwhile is written again.
    fn save<C: Content>(
        &self,
        document: &Document<C>,
        over: Revision,
    ) -> impl Future<Output = Result<Put, Self::Error>> + Send;

    /// The last state of a document of any age.
    fn load<C: Content>(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<Stored<C>>, Self::Error>> + Send;

    /// What `pick` takes of each document of a kind that the filter is for, newest day first; as far as it got at `stop`.
    fn list<C: Content, T: Send + 'static>(
        &self,
        filter: Filter,
        stop: CancellationToken,
        pick: impl FnMut(Stored<C>) -> Option<T> + Send + 'static,
    ) -> impl Future<Output = Result<Vec<T>, Self::Error>> + Send;

    /// Lets one worker at a time work on a document, for so long from now: tells whether it is this one. The worker
    /// that has it keeps it by claiming it again.
    fn claim(
        &self,
        id: &str,
        worker: &str,
        lease: Duration,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Gives free what this worker has claimed.
    fn release(&self, id: &str, worker: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Tells of every change of a document from here on.
    fn changes(&self, id: &str) -> Changes;

    /// The id that this key stands for: the given one if the key is new, else the earlier one. So it is for `ttl` after the
    /// last time it was asked.
    fn mark(
        &self,
        key: &str,
        id: &str,
        ttl: Duration,
    ) -> impl Future<Output = Result<String, Self::Error>> + Send;
}

/// Which documents are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// All that are unfinished.
    pub unfinished: bool,
    /// And those that were accepted since, finished or not.
    pub since: Option<DateTime<Utc>>,
}

impl Filter {
    /// Whether it is for this one.
    pub fn takes<C: Content>(&self, content: &C) -> bool {
        (self.unfinished && content.is_unfinished())
            || self.since.is_some_and(|since| content.accepted_at().utc() >= since)
    }
}
