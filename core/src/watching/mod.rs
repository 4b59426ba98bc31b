//! Who is to hear of changes of records: what is watched is looked at every few seconds, once however many watch it, and all
//! records of one model together. Who works in other companies sees other records: for them it is looked at apart.

mod places;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub use self::places::{MOST, Place};

use self::places::Places;
use crate::access::Access;
use crate::access::models::Verb;
use crate::records::{Context, Mark, RecordError, RecordSearch, Records};

/// Records that one call asks for, at most.
const TOGETHER: usize = 500;
/// Stands for the one thing that there is of a list.
const LIST: i64 = 0;

/// How what is watched is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchConfig {
    /// How often.
    pub every: Duration,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self { every: Duration::from_secs(5) }
    }
}

/// What can be watched.
#[derive(Clone, Debug)]
pub enum Watchable {
    /// A record.
    Record {
        /// Its model.
        model: String,
        /// Its id.
        id: i64,
        /// Which of its fields, where it is a file that is followed.
        field: Option<String>,
    },
    /// Which records are found, and how they are.
    List {
        /// Names it: who watches it by the same name watches the same.
        name: String,
        /// How they are found.
        search: Box<RecordSearch>,
    },
}

/// What is watched of one Odoo; a cheap handle.
#[derive(Clone)]
pub struct Watching(Arc<Shared>);

struct Shared {
    records: Records,
    access: Arc<Access>,
    config: WatchConfig,
    subjects: Mutex<HashMap<Subject, Watched>>,
    places: Places,
    stop: CancellationToken,
}

/// What is looked at together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    /// Records of this model, as they are seen from there.
    Records(String, Context),
    /// The list of this name, as it is seen from there.
    List(String, Context),
}

struct Watched {
    /// Of a list.
    search: Option<Arc<RecordSearch>>,
    things: HashMap<i64, Arc<Thing>>,
    _looking: AbortOnDropHandle<()>,
}

/// By their ids.
type Things = Vec<(i64, Arc<Thing>)>;

/// One record, or a whole list.
#[derive(Default)]
struct Thing {
    /// How it is; nothing before it was looked at, and when it is gone.
    now: watch::Sender<Option<Mark>>,
    /// Set once it was looked at for the first time, by one for all who ask meanwhile.
    is_known: OnceCell<()>,
}

/// Somebody who watches something.
pub struct Watch {
    watching: Watching,
    subject: Subject,
    id: i64,
    changes: Option<watch::Receiver<Option<Mark>>>,
}

impl Watching {
    /// Nothing is watched yet.
    pub fn new(records: Records, access: Arc<Access>, config: WatchConfig) -> Self {
        let (subjects, places, stop) = (Mutex::default(), Places::default(), CancellationToken::new());
        Self(Arc::new(Shared { records, access, config, subjects, places, stop }))
    }

    /// Counts one thing more that this caller watches; `None`: they watch [`MOST`] already.
    pub fn place(&self, caller: &str) -> Option<Place> {
        self.0.places.take(caller)
    }

    /// Whether nothing is watched.
    pub fn is_idle(&self) -> bool {
        self.subjects().is_empty()
    }

    /// Whether records of this model may still be read.
    pub fn is_open(&self, model: &str) -> bool {
        self.0.access.models().allow(model, Verb::Read).is_ok()
    }

    /// Cancelled when nothing is told any more.
    pub fn ended(&self) -> &CancellationToken {
        &self.0.stop
    }

    /// Tells nothing any more.
    pub fn shutdown(&self) {
        self.0.stop.cancel();
    }

    /// Watches something from now on, as it is seen by who works there.
    ///
    /// # Errors
    /// When the rules do not open its model, it is not there, or Odoo fails.
    pub async fn watch(&self, what: Watchable, works_in: &Context) -> Result<Watch, RecordError> {
        let (model, subject, id, search) = match what {
            Watchable::Record { model, id, field } => {
                // Whether they see it hangs on their companies alone.
                let allowed_company_ids = works_in.allowed_company_ids.clone();
                let context = Context { allowed_company_ids, ..Context::default() };
                if let Some(field) = field {
                    let view = self.0.records.view(self.0.access.models(), &context).await?;
                    view.holds_file(&model, &field).await?;
                }
                (model.clone(), Subject::Records(model, context), id, None)
            }
            Watchable::List { name, mut search } => {
                search.context = search.context.or(works_in);
                let subject = Subject::List(name, search.context.clone());
                (search.model.clone(), subject, LIST, Some(Arc::new(*search)))
            }
        };
        self.0.access.models().allow(&model, Verb::Read)?;
        let (thing, mut watch) = self.begin(&subject, id, search.as_ref());
        let look = async || {
            let marks = Box::pin(self.look(&subject, search.as_deref(), &[id])).await?;
            let mark = marks.get(&id).copied().ok_or_else(|| not_found(&model, id))?;
            thing.now.send_replace(Some(mark));
            Ok::<_, RecordError>(())
        };
        thing.is_known.get_or_try_init(look).await?;
        // Since then it may have gone: others were told so before this one listened.
        let is_there = watch.changes.as_mut().is_some_and(|changes| changes.borrow_and_update().is_some());
        if is_there { Ok(watch) } else { Err(not_found(&model, id)) }
    }

    /// From here on it is kept, and looked at once it is known.
    fn begin(&self, subject: &Subject, id: i64, search: Option<&Arc<RecordSearch>>) -> (Arc<Thing>, Watch) {
        let mut subjects = self.subjects();
        let watched = subjects.entry(subject.clone()).or_insert_with(|| Watched {
            search: search.cloned(),
            things: HashMap::new(),
            _looking: AbortOnDropHandle::new(tokio::spawn(self.clone().keep_looking(subject.clone()))),
        });
        let thing = Arc::clone(watched.things.entry(id).or_default());
        let changes = Some(thing.now.subscribe());
        (thing, Watch { watching: self.clone(), subject: subject.clone(), id, changes })
    }

    async fn keep_looking(self, subject: Subject) {
        let every = self.0.config.every;
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let (search, things) = self.known(&subject);
            for some in things.chunks(TOGETHER) {
                let ids: Vec<i64> = some.iter().map(|(id, _)| *id).collect();
                match self.look(&subject, search.as_deref(), &ids).await {
                    Ok(marks) => some.iter().for_each(|(id, thing)| match marks.get(id) {
                        Some(mark) => thing.is_now(*mark),
                        None => self.is_gone(&subject, *id, thing),
                    }),
                    // What changed meanwhile is seen when Odoo answers again.
                    Err(error) => tracing::debug!(code = error.code(), "cannot look at what is watched"),
                }
            }
        }
    }

    async fn look(
        &self,
        subject: &Subject,
        search: Option<&RecordSearch>,
        ids: &[i64],
    ) -> Result<HashMap<i64, Mark>, RecordError> {
        let (records, models) = (&self.0.records, self.0.access.models());
        match (subject, search) {
            (Subject::Records(..), _) if ids.is_empty() => Ok(HashMap::new()),
            (Subject::Records(model, context), _) => {
                records.view(models, context).await?.marks(model, ids).await
            }
            (Subject::List(_, context), Some(search)) => {
                let mark = records.view(models, context).await?.mark_of_list(search).await?;
                Ok(HashMap::from([(LIST, mark)]))
            }
            (Subject::List(..), None) => Ok(HashMap::new()),
        }
    }

    /// What was looked at before.
    fn known(&self, subject: &Subject) -> (Option<Arc<RecordSearch>>, Things) {
        let subjects = self.subjects();
        let Some(watched) = subjects.get(subject) else { return (None, Vec::new()) };
        let known = watched.things.iter().filter(|(_, thing)| thing.is_known.initialized());
        (watched.search.clone(), known.map(|(id, thing)| (*id, Arc::clone(thing))).collect())
    }

    /// Tells so for the last time.
    fn is_gone(&self, subject: &Subject, id: i64, thing: &Arc<Thing>) {
        let mut subjects = self.subjects();
        thing.now.send_replace(None);
        let known = subjects.get(subject).and_then(|watched| watched.things.get(&id));
        // Who came after all others had left watches another.
        if known.is_some_and(|known| Arc::ptr_eq(known, thing)) {
            forget(&mut subjects, subject, id);
        }
    }

    fn subjects(&self) -> MutexGuard<'_, HashMap<Subject, Watched>> {
        self.0.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_found(model: &str, id: i64) -> RecordError {
    RecordError::NotFound { model: model.to_owned(), ids: vec![id] }
}

/// The last one ends the looking.
fn forget(subjects: &mut HashMap<Subject, Watched>, subject: &Subject, id: i64) {
    if let Some(watched) = subjects.get_mut(subject) {
        watched.things.remove(&id);
        if watched.things.is_empty() {
            subjects.remove(subject);
        }
    }
}

impl Thing {
    fn is_now(&self, mark: Mark) {
        self.now.send_if_modified(|now| now.replace(mark) != Some(mark));
    }
}

impl Watch {
    /// Waits for a change, of which the last is that it is gone; `false`: it was gone before.
    pub async fn changed(&mut self) -> bool {
        match &mut self.changes {
            Some(changes) => changes.changed().await.is_ok(),
            None => false,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut subjects = self.watching.subjects();
        // Counted out together with looking who is left.
        drop(self.changes.take());
        let thing = subjects.get(&self.subject).and_then(|watched| watched.things.get(&self.id));
        if thing.is_some_and(|thing| thing.now.receiver_count() == 0) {
            forget(&mut subjects, &self.subject, self.id);
        }
    }
}
