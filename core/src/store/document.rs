//! One piece of work, as it is remembered.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Error, Value};

use super::kept::{Kept, Reader};
use super::{FIRST, Revision};
use crate::timestamp::Timestamp;

/// Of what is written here. Higher with each change that an older version would misread, not with fields it may pass on.
pub const VERSION: u32 = 1;
/// The owner of what nobody in particular asked for.
pub const ANONYMOUS: &str = "anonymous";
/// The tenant that the environment configures, and whose work had no tenant written to it.
pub const DEFAULT_TENANT: &str = "default";

/// What a kind of work remembers of its own.
pub trait Content: Clone + Send + Sync + 'static {
    /// What callers are told of it.
    type Status: Serialize;
    /// `quotation` or `handoff`.
    const KIND: &'static str;
    /// The key that its id stands under.
    const ID: &'static str;

    /// Names it.
    fn id(&self) -> &str;
    /// Whether work that was accepted on this day may be called so.
    fn may_be(id: &str, day: NaiveDate) -> bool;
    /// What callers are told.
    fn status(&self) -> &Self::Status;
    /// When it was accepted.
    fn accepted_at(&self) -> Timestamp;
    /// It changes now.
    fn touch(&mut self);
    /// Whether its end is known.
    fn is_over(&self) -> bool;
    /// Whether something of it is still to be done.
    fn is_unfinished(&self) -> bool {
        !self.is_over()
    }
    /// Its keys, as they are written, beside its id and when it was accepted.
    fn keys(&self) -> impl Serialize;
    /// Takes its keys out of what was written, in any form that it ever had.
    ///
    /// # Errors
    /// When one is missing or is not understood.
    fn read(log: &mut Reader, head: &mut Head) -> Result<Self, Error>;
}

/// What every piece of work is remembered with.
#[derive(Clone, Serialize, Deserialize)]
pub struct Head {
    /// The Odoo it was accepted for.
    #[serde(default)]
    pub odoo: String,
    /// The highest of those that wrote it.
    #[serde(default)]
    pub version: u32,
    /// Whose work it is.
    #[serde(default = "tenant")]
    pub tenant: String,
    /// Who asked for it.
    #[serde(default = "anonymous")]
    pub owner: String,
    /// The company in Odoo that it is done for, where one is said; that of the tenant, where none was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<i64>,
    /// Till when what is being done is tried, by the clock on the wall; absent where that time has not begun.
    #[serde(default)]
    pub deadline_at: Option<Timestamp>,
    /// The salesperson's number. Once it stands here, a message may have been sent to it.
    #[serde(default)]
    pub vendor_sms: Option<String>,
}

fn tenant() -> String {
    DEFAULT_TENANT.to_owned()
}

fn anonymous() -> String {
    ANONYMOUS.to_owned()
}

/// One piece of work.
#[derive(Clone)]
pub struct Document<C> {
    /// What it is about, and how far it is.
    pub content: C,
    /// What is remembered of any.
    pub head: Head,
    kept: Kept,
}

#[derive(Serialize)]
struct Log<'a, K> {
    #[serde(flatten)]
    id: BTreeMap<&'static str, &'a str>,
    /// When it was accepted.
    timestamp: Timestamp,
    date: NaiveDate,
    time: String,
    #[serde(flatten)]
    keys: K,
    #[serde(flatten)]
    head: &'a Head,
    kind: &'static str,
    revision: Revision,
}

/// What is read of a document whatever it is. The kind is in the id, too.
#[derive(Deserialize)]
struct Written {
    #[serde(default = "first", rename = "revision")]
    revision: Revision,
    #[serde(default, rename = "kind")]
    _kind: String,
}

fn first() -> Revision {
    FIRST
}

impl<C: Content> Document<C> {
    /// One just accepted, for this Odoo.
    pub fn new(content: C, odoo: &str, owner: &str) -> Self {
        let head = Head {
            odoo: odoo.to_owned(),
            version: VERSION,
            tenant: tenant(),
            owner: owner.to_owned(),
            company: None,
            deadline_at: None,
            vendor_sms: None,
        };
        Self { content, head, kept: Kept::default() }
    }

    /// The same, of this tenant.
    #[must_use]
    pub fn of_tenant(mut self, tenant: &str) -> Self {
        tenant.clone_into(&mut self.head.tenant);
        self
    }

    /// The same, for this company.
    #[must_use]
    pub fn of_company(mut self, company: Option<i64>) -> Self {
        self.head.company = company;
        self
    }

    /// The same piece of work from the beginning; what a newer version wrote besides stays.
    #[must_use]
    pub fn again(&self, content: C) -> Self {
        let head = Head {
            deadline_at: None,
            vendor_sms: None,
            version: self.head.version.max(VERSION),
            ..self.head.clone()
        };
        Self { content, head, kept: self.kept.clone() }
    }

    /// As it is written, under this revision.
    ///
    /// # Errors
    /// None that is known: it is made of texts, numbers and lists.
    pub fn to_json(&self, revision: Revision) -> Result<Vec<u8>, Error> {
        let (content, at) = (&self.content, self.content.accepted_at());
        let log = Log {
            id: BTreeMap::from([(C::ID, content.id())]),
            timestamp: at,
            date: at.date(),
            time: at.time_of_day(),
            keys: content.keys(),
            head: &self.head,
            kind: C::KIND,
            revision,
        };
        let mut text = if self.kept.is_empty() {
            serde_json::to_vec_pretty(&log)?
        } else {
            let mut log = serde_json::to_value(&log)?;
            self.kept.put_back(&mut log);
            serde_json::to_vec_pretty(&log)?
        };
        text.push(b'\n');
        Ok(text)
    }

    /// As it was written, by any version; with its revision.
    ///
    /// # Errors
    /// When something is missing or is not understood.
    pub fn read(log: Value) -> Result<(Self, Revision), Error> {
        let mut log = Reader::new(log);
        // They say again what the time stamp does.
        log.drop_keys(&["date", "time"]);
        log.rename("timestamp", "created_at");
        let Written { revision, .. } = log.take()?;
        let mut head: Head = log.take()?;
        head.version = head.version.max(VERSION);
        let content = C::read(&mut log, &mut head)?;
        Ok((Self { content, head, kept: log.rest() }, revision))
    }
}

/// Personal data: never printed whole.
impl<C: Content> fmt::Debug for Document<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("id", &self.content.id()).finish_non_exhaustive()
    }
}
