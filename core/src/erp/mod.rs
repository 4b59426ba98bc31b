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
mod new_orders;
mod order_lines;
mod order_record;
mod order_update;
mod products;
mod project_tasks;
mod projects;
mod sales;
mod users;
mod workflow;

use std::sync::Arc;

use tokio::sync::OnceCell;

pub use self::activities::{Activity, NewActivity};
pub use self::customers::{Customer, CustomerQuery, Customers};
pub use self::documents::{Document, DocumentRequest};
pub use self::error::ErpError;
pub use self::lookup::{Found, SearchRequest, SearchResults};
pub use self::new_orders::{MadeLine, MadeSale, NewSale, NewSaleLine};
pub use self::order_lines::{LineChange, LineUpdate};
pub use self::order_record::SaleRecordRequest;
pub use self::order_update::{SaleLinesUpdate, SaleUpdate, UpdatedSale};
pub use self::products::{Product, ProductQuery, Products};
pub use self::project_tasks::{Task, TaskFilter, TaskRequest, TaskSummary};
pub use self::projects::Project;
pub use self::sales::{Sale, SaleFilter, SaleLine, SaleRequest, SaleState, SaleSummary};
pub use self::users::User;
pub use self::workflow::{MovedSale, SaleStep, Step, StepError};

pub use crate::records::page::{NameFilter, Page, Single};
pub use crate::records::reference::Reference;
pub use crate::records::value::Named;

use crate::access::models::Models;
use crate::quotation::products::Decimals;
use crate::quotation::salespeople::{SalesConfig, Salespeople};
pub use crate::records::Instance;
use crate::records::page::{default_limit, yes};
use crate::records::{Context, RecordError, Records, page, reference, retry, value, words};

/// Whether the tools of their own for records of this model show this field, or find by it.
pub fn shows(model: &str, field: &str) -> bool {
    // Whoever forgets a model closes more than is needed, not less.
    listed(model).is_none_or(|fields| fields.iter().any(|fields| fields.contains(&field)))
}

/// The fields that they show, where they do not read and write whichever is asked for.
pub fn listed(model: &str) -> Option<&'static [&'static [&'static str]]> {
    Some(match model {
        customers::MODEL => &[&customers::READ, &["mobile"]],
        "res.users" => &[&users::READ],
        products::MODEL => &[&products::DETAILS, &["name", "list_price", "qty_available", products::VARIANT]],
        "project.project" => &[&projects::READ],
        project_tasks::MODEL => &[&project_tasks::ALL, &["tag_ids", "allocated_hours", "planned_hours"]],
        "crm.lead" => &[&["user_id", "stage_id"]],
        "res.company" => &[&["name"]],
        _ => return None,
    })
}

/// The records of one Odoo; a cheap handle.
#[derive(Clone)]
pub struct Erp {
    /// Any record of it.
    records: Records,
    /// Who may be given an order.
    salespeople: Salespeople,
    decimals: Arc<OnceCell<Decimals>>,
    /// What callers may ask for by text.
    rules: Arc<Models>,
}

impl Erp {
    /// These records, seen as sales, projects, tasks and users; nothing is read yet.
    pub fn new(records: Records) -> Self {
        let salespeople = Salespeople::new(records.odoo.clone(), SalesConfig::default());
        Self { records, salespeople, decimals: Arc::default(), rules: Arc::new(Models::open()) }
    }

    /// The same for callers whom these rules bind.
    #[must_use]
    pub fn ruled_by(self, rules: Arc<Models>) -> Self {
        Self { rules, ..self }
    }

    /// The same in these companies, this language and time zone.
    ///
    /// # Errors
    /// When the account has no such company or language.
    pub async fn within(&self, context: &Context) -> Result<Self, RecordError> {
        let records = self.records.within(context).await?;
        let salespeople = self.salespeople.of_company(records.odoo.company());
        Ok(Self { records, salespeople, ..self.clone() })
    }

    /// Any record.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// Which Odoo it is.
    pub fn instance(&self) -> Instance {
        self.records.instance
    }
}

fn ten() -> u32 {
    10
}
