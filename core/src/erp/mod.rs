//! Records of Odoo as callers read and write them: sales, projects, tasks, users, and search over them.
//!
//! Every answer is made for readers that do not know Odoo: a many2one is an id with a name, a time is
//! ISO 8601 in UTC, HTML is plain text, and what is empty is absent.

mod error;
mod lookup;
mod orders;
mod page;
mod project_tasks;
mod projects;
mod sales;
mod users;
mod value;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::OnceCell;

pub use self::error::{Account, ErpError};
pub use self::lookup::{Document, DocumentRequest, Found, SearchRequest, SearchResults};
pub use self::orders::{
    MadeLine, MadeSale, NewSale, NewSaleLine, SaleRecordRequest, SaleUpdate, UpdatedSale,
};
pub use self::page::{NameFilter, Page, Single};
pub use self::project_tasks::{Task, TaskFilter, TaskRequest, TaskSummary};
pub use self::projects::Project;
pub use self::sales::{Sale, SaleFilter, SaleLine, SaleRequest, SaleState, SaleSummary};
pub use self::users::User;
pub use self::value::Named;

use crate::odoo::Odoo;

/// The records of one Odoo; a cheap handle.
#[derive(Clone)]
pub struct Erp {
    /// For reads, which give way to quotations.
    odoo: Odoo,
    writer: Odoo,
    account: Account,
    /// The type of each field of `sale.order`; asked once.
    sale_fields: Arc<OnceCell<HashMap<String, String>>>,
}

impl Erp {
    /// The records of this Odoo; nothing is read yet.
    pub fn new(odoo: Odoo, account: Account) -> Self {
        Self { odoo: odoo.reading(), writer: odoo, account, sale_fields: Arc::default() }
    }
}

fn default_limit() -> u32 {
    50
}

fn yes() -> bool {
    true
}
