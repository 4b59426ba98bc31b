//! Values of an order, checked against what Odoo says of its fields before anything is sent.

use serde_json::{Map, Value};

use super::{Erp, ErpError, Named};
use crate::input::FieldError;
use crate::quotation::error::{Ambiguous, QuotationError};
use crate::records::checked::{Checked, Resolve, Unfit};
use crate::records::metadata::Field;
use crate::records::reference::{Reference, USERS, Unresolved};

/// Fields that Odoo lets be written, but sets by itself or by an action.
const TECHNICAL: [(&str, &str); 8] = [
    ("name", "Odoo numbers its orders itself"),
    ("state", "confirm or cancel the order in Odoo"),
    ("locked", "lock or unlock the order in Odoo"),
    ("access_token", "it is the key to the customer's page"),
    ("signature", "the customer signs"),
    ("signed_by", "the customer signs"),
    ("signed_on", "the customer signs"),
    ("company_id", "make a new order for another company"),
];

impl Erp {
    /// The values as they may be written, or what is wrong with each that may not.
    pub(super) async fn checked(
        &self,
        model: &str,
        values: &Map<String, Value>,
    ) -> Result<Vec<Checked>, ErpError> {
        let checked = self.records.checked(model, values, self, technical).await;
        checked.map_err(|unfit| match unfit {
            Unfit::Odoo(error) => self.failed(error),
            Unfit::Values { errors, code } => ErpError::Values { errors, code },
        })
    }

    /// Whether records of this model may be meant by text: not where the rules close it or hide anything of it, for
    /// what is found or not would tell of that.
    pub(super) fn asks_by_text(&self, model: &str) -> Result<(), Unresolved> {
        match self.rules.is_asked_by_text(model) {
            true => Ok(()),
            false => Err(Unresolved::ById(model.to_owned())),
        }
    }

    /// The same as an error about the argument that takes the id.
    pub(super) fn asks_by_text_or(&self, model: &str, takes_id: &str) -> Result<(), ErpError> {
        self.asks_by_text(model).map_err(|by_id| ErpError::Values {
            errors: vec![FieldError { path: takes_id.to_owned(), message: by_id.to_string() }],
            code: "invalid_value",
        })
    }

    /// The id of the record that is meant; a user must be one that quotations are given to.
    pub(super) async fn usable(&self, model: &str, reference: &Reference) -> Result<i64, Unresolved> {
        if let Reference::Name(_) = reference {
            self.asks_by_text(model)?;
        }
        match (model, reference) {
            (USERS, Reference::Id(id)) => match self.salespeople.verify(*id).await {
                Ok(()) => Ok(*id),
                Err(QuotationError::Odoo(error)) => Err(error.into()),
                Err(_) => Err(Unresolved::NoSalesperson(*id)),
            },
            (USERS, Reference::Name(name)) => match self.salespeople.called(name).await {
                Ok(id) => Ok(id),
                Err(QuotationError::SalespersonAmbiguous(Ambiguous { called, candidates })) => {
                    let named = |(id, name)| Named { id, name };
                    Err(Unresolved::Several(called, candidates.into_iter().map(named).collect()))
                }
                Err(QuotationError::Odoo(error)) => Err(error.into()),
                Err(_) => Err(Unresolved::Nothing(name.clone())),
            },
            (model, reference) => self.records.resolve(model, reference).await.map(|record| record.id),
        }
    }
}

/// Who is given an order must sell.
impl Resolve for Erp {
    async fn id_of(&self, model: &str, reference: &Reference) -> Result<i64, Unresolved> {
        self.usable(model, reference).await
    }
}

fn technical(name: &str, field: &Field) -> Option<&'static str> {
    let technical = TECHNICAL.iter().find(|(known, _)| *known == name).map(|(_, reason)| *reason);
    technical.or(match field.kind.as_str() {
        "one2many" if name == "order_line" => {
            Some("change and take away lines with lines, add them with dev_create_sale_line")
        }
        _ => None,
    })
}
