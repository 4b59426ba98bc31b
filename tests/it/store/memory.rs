//! A store in memory: so that the contract is of stores, not of files.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_odoo_core::store::{Changed, Changes, Content, Document, Filter, Put, Revision, Store, Stored};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Place;

/// Each document as it was written, by its id.
type Documents = Arc<Mutex<BTreeMap<String, (Revision, Vec<u8>)>>>;

#[derive(Default)]
pub struct Memory {
    documents: Documents,
}

impl Place for Memory {
    type Store = InMemory;

    fn open(&self) -> InMemory {
        InMemory { documents: Arc::clone(&self.documents), shared: Arc::default() }
    }
}

#[derive(Clone)]
pub struct InMemory {
    documents: Documents,
    shared: Arc<Shared>,
}

/// An id or a worker, and until when.
type Leases = Mutex<HashMap<String, (String, Instant)>>;

#[derive(Default)]
struct Shared {
    changed: Changed,
    claims: Leases,
    marks: Leases,
}

fn read<C: Content>((revision, text): &(Revision, Vec<u8>)) -> Stored<C> {
    let (document, written) = Document::read(serde_json::from_slice(text).unwrap()).unwrap();
    assert_eq!(written, *revision);
    Stored { document, revision: written }
}

/// Who has the key: this one, if nobody has.
fn take(leases: &Leases, key: &str, who: &str, lease: Duration, keep: bool) -> String {
    let mut leases = leases.lock().unwrap();
    let holder =
        leases.get(key).filter(|(_, until)| *until > Instant::now()).map(|(holder, _)| holder.clone());
    let holder = holder.unwrap_or_else(|| who.to_owned());
    if keep || holder == who {
        leases.insert(key.to_owned(), (holder.clone(), Instant::now() + lease));
    }
    holder
}

impl Store for InMemory {
    type Error = Infallible;

    async fn accept<C: Content>(&self, document: &Document<C>, over: Revision) -> Result<Put, Infallible> {
        self.save(document, over).await
    }

    async fn save<C: Content>(&self, document: &Document<C>, over: Revision) -> Result<Put, Infallible> {
        let (id, text) = (document.content.id(), document.to_json(over + 1).unwrap());
        let mut documents = self.documents.lock().unwrap();
        if documents.get(id).is_some_and(|(revision, _)| *revision != over) {
            return Ok(Put::Changed);
        }
        documents.insert(id.to_owned(), (over + 1, text));
        self.shared.changed.tell(id);
        Ok(Put::Done)
    }

    async fn load<C: Content>(&self, id: &str) -> Result<Option<Stored<C>>, Infallible> {
        Ok(self.documents.lock().unwrap().get(id).map(read))
    }

    async fn list<C: Content, T: Send + 'static>(
        &self,
        filter: Filter,
        stop: CancellationToken,
        pick: impl FnMut(Stored<C>) -> Option<T> + Send + 'static,
    ) -> Result<Vec<T>, Infallible> {
        let mut stored: Vec<Stored<C>> = self.documents.lock().unwrap().values().map(read).collect();
        stored.retain(|stored| filter.takes(&stored.document.content) && !stop.is_cancelled());
        stored.sort_by_key(|stored| std::cmp::Reverse(stored.document.content.accepted_at()));
        Ok(stored.into_iter().filter_map(pick).collect())
    }

    async fn claim(&self, id: &str, worker: &str, lease: Duration) -> Result<bool, Infallible> {
        Ok(take(&self.shared.claims, id, worker, lease, false) == worker)
    }

    async fn release(&self, id: &str, worker: &str) -> Result<(), Infallible> {
        let mut claims = self.shared.claims.lock().unwrap();
        if claims.get(id).is_some_and(|(holder, _)| holder == worker) {
            claims.remove(id);
        }
        Ok(())
    }

    fn changes(&self, id: &str) -> Changes {
        self.shared.changed.of(id)
    }

    async fn mark(&self, key: &str, id: &str, ttl: Duration) -> Result<String, Infallible> {
        Ok(take(&self.shared.marks, key, id, ttl, true))
    }
}
