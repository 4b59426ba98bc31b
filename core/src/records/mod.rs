//! Any record of Odoo, as far as the rules of the access file open its model: found, read, summed up, made, changed, deleted.
//!
//! Every answer is made for readers that do not know Odoo: a many2one is an id with a name, a time is ISO 8601 in UTC, HTML is
//! plain text, and what is empty is absent.

mod about;
mod act;
mod aggregate;
mod cells;
mod change;
mod changes;
pub(crate) mod checked;
mod compared;
mod context;
mod create;
mod currencies;
mod delete;
mod describe;
mod domain;
pub(crate) mod error;
mod files;
mod hidden;
mod ids;
pub(crate) mod keyed;
pub(crate) mod metadata;
mod nearest;
pub(crate) mod page;
mod read;
pub(crate) mod reference;
mod related;
pub(crate) mod retry;
mod search;
mod through;
mod told;
mod traces;
pub(crate) mod value;
mod view;
mod windows;
pub(crate) mod words;

use std::sync::Arc;

pub use self::about::About;
pub use self::act::{Called, MessagePost, MethodCall, PostedMessage};
pub use self::aggregate::{Aggregation, Group};
pub use self::change::{FieldChange, RecordUpdate, Updated, UpdatedRecord, UpdatedRecords};
pub use self::changes::Mark;
pub use self::context::Context;
pub use self::create::{MadeRecord, NewRecord};
pub use self::delete::{Deleted, DeletedRecord, DeletedRecords, RecordDeletion};
pub use self::describe::{Described, DescribedField, ModelName, ModelQuery, ModelRequest};
pub use self::error::{RecordError, TwoOdoos};
pub use self::files::{File, FileRequest, is_file};
pub use self::ids::Ids;
pub use self::metadata::MetadataConfig;
pub use self::read::{Read, ReadRecords, RecordRequest};
pub use self::search::{RecordSearch, Search, steady};
pub use self::told::Fields;
pub use self::traces::{Trace, Traces};
pub use self::view::{View, is_model_name};

use self::metadata::Metadata;
use crate::odoo::Odoo;

/// Under which names of the configuration an Odoo is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instance {
    /// `ODOO_*`
    Odoo,
    /// `DEV_ODOO_*`: written to, while another one is read
    DevOdoo,
    /// That of a tenant, by `ACCESS_FILE` or headers
    Tenant,
}

/// The records of one Odoo; a cheap handle.
#[derive(Clone)]
pub struct Records {
    /// For reads, which give way to quotations.
    pub(crate) odoo: Odoo,
    /// For writes; [`Records::writer`] gives it where there may be some.
    pub(crate) writer: Odoo,
    /// Of labels, where it is another one than that of Odoo's user.
    lang: Option<String>,
    pub(crate) instance: Instance,
    /// Keeps the keys of a tenant from those of others.
    pub(crate) key_scope: Arc<str>,
    pub(crate) metadata: Arc<Metadata>,
    /// Another Odoo is written to.
    is_only_read: bool,
}

impl Records {
    /// The records of this Odoo; nothing is read yet. `key_scope` is what the keys of its callers are known by.
    pub fn new(odoo: Odoo, instance: Instance, key_scope: &str, metadata: MetadataConfig) -> Self {
        let reading = odoo.reading();
        let metadata = Arc::new(Metadata::new(reading.clone(), metadata));
        Self {
            odoo: reading,
            writer: odoo,
            lang: None,
            instance,
            key_scope: key_scope.into(),
            metadata,
            is_only_read: false,
        }
    }

    /// The same, beside another Odoo that is written to.
    #[must_use]
    pub fn only_read(self) -> Self {
        Self { is_only_read: true, ..self }
    }

    /// The company that calls are made for, where it is another than the tenant's.
    pub(crate) fn elsewhere(&self) -> Option<i64> {
        self.odoo.company().filter(|company| self.metadata.company() != Some(*company))
    }

    /// What writes.
    ///
    /// # Errors
    /// When nothing is written here: an id that was read here may be another record's where it is.
    pub(crate) fn writer(&self) -> Result<&Odoo, TwoOdoos> {
        if self.is_only_read { Err(TwoOdoos) } else { Ok(&self.writer) }
    }
}
