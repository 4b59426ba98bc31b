//! Records of Odoo as callers read and write them: sales, projects, tasks, users, and search over them.
//!
//! Every answer is made for readers that do not know Odoo: a many2one is an id with a name, a time is
//! ISO 8601 in UTC, HTML is plain text, and what is empty is absent.

mod activities;
mod checked;
mod customers;
mod documents;
mod error;
mod finding;
mod lookup;
mod metadata;
mod new_orders;
mod order_lines;
mod order_record;
mod order_update;
mod page;
mod products;
mod project_tasks;
mod projects;
mod reference;
mod retry;
mod sales;
mod users;
mod value;
mod words;
mod workflow;

use std::sync::Arc;

use tokio::sync::OnceCell;

pub use self::activities::{Activity, NewActivity};
pub use self::customers::{Customer, CustomerQuery, Customers};
pub use self::documents::{Document, DocumentRequest};
pub use self::error::{ErpError, Instance};
pub use self::lookup::{Found, SearchRequest, SearchResults};
pub use self::new_orders::{MadeLine, MadeSale, NewSale, NewSaleLine};
pub use self::order_lines::{LineChange, LineUpdate};
pub use self::order_record::SaleRecordRequest;
pub use self::order_update::{FieldChange, SaleLinesUpdate, SaleUpdate, UpdatedSale};
pub use self::page::{NameFilter, Page, Single};
pub use self::products::{Product, ProductQuery, Products};
pub use self::project_tasks::{Task, TaskFilter, TaskRequest, TaskSummary};
pub use self::projects::Project;
pub use self::reference::Reference;
pub(crate) use self::retry::retried;
pub use self::sales::{Sale, SaleFilter, SaleLine, SaleRequest, SaleState, SaleSummary};
pub use self::users::User;
pub use self::value::Named;
pub use self::workflow::{MovedSale, SaleStep, Step, StepError};

use self::metadata::Metadata;
use crate::odoo::Odoo;
use crate::quotation::products::Decimals;
use crate::quotation::salespeople::{SalesConfig, Salespeople};

/// The records of one Odoo; a cheap handle.
#[derive(Clone)]
pub struct Erp {
    /// For reads, which give way to quotations.
    odoo: Odoo,
    writer: Odoo,
    instance: Instance,
    /// Keeps the keys of a tenant from those of others.
    key_scope: Arc<str>,
    /// Who may be given an order.
    salespeople: Salespeople,
    metadata: Arc<Metadata>,
    decimals: Arc<OnceCell<Decimals>>,
}

impl Erp {
    /// The records of this Odoo; nothing is read yet.
    pub fn new(odoo: Odoo, instance: Instance) -> Self {
        let salespeople = Salespeople::new(odoo.reading(), SalesConfig::default());
        Self {
            odoo: odoo.reading(),
            writer: odoo,
            instance,
            key_scope: Arc::default(),
            salespeople,
            metadata: Arc::default(),
            decimals: Arc::default(),
        }
    }

    /// The same records for callers whose keys are known by this.
    #[must_use]
    pub fn scoped(self, key_scope: &str) -> Self {
        Self { key_scope: key_scope.into(), ..self }
    }

    /// Its calls that read.
    pub(crate) fn odoo(&self) -> &Odoo {
        &self.odoo
    }

    /// Which Odoo it is.
    pub fn instance(&self) -> Instance {
        self.instance
    }
}

fn default_limit() -> u32 {
    50
}

fn ten() -> u32 {
    10
}

fn yes() -> bool {
    true
}
