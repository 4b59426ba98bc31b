//! An order, read by Odoo's own field names.

use garde::Validate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::sales::{MODEL, SUMMARY};
use super::value::readable;
use super::{Erp, ErpError, Instance, Single};
use crate::odoo::OdooError;
use crate::rules;

/// Which order to read, and what of it.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SaleRecordRequest {
    /// Order
    #[garde(custom(rules::record_id(1)))]
    pub sale_id: i64,
    /// Odoo's names; none: the usual ones
    #[serde(default)]
    #[garde(skip)]
    pub fields: Vec<String>,
}

impl Erp {
    /// Reads an order by Odoo's field names.
    ///
    /// # Errors
    /// When Odoo does not know a field, or there is no such order.
    pub async fn sale_record(
        &self,
        request: &SaleRecordRequest,
    ) -> Result<Single<Map<String, Value>>, ErpError> {
        let id = request.sale_id;
        let mut names: Vec<&str> = request.fields.iter().map(String::as_str).collect();
        if names.is_empty() {
            names = [SUMMARY.as_slice(), &["order_line", "note"]].concat();
        }
        let fields = self.records.fields(MODEL);
        let (record, fields) = tokio::try_join!(self.records.odoo.read_one(MODEL, id, &names), fields)
            .map_err(|error| self.failed(error))?;
        let record = record.ok_or_else(|| self.no_sale(id))?;
        let kind = |field: &str| fields.get(field).map_or("", |field| field.kind.as_str());
        let values = record.into_map().into_iter();
        let record =
            values.filter_map(|(field, value)| Some((field.clone(), readable(value, kind(&field))?)));
        Ok(Single { record: record.collect() })
    }

    /// A failure of Odoo; what was remembered of the fields goes when Odoo does not know one.
    pub(super) fn failed(&self, error: OdooError) -> ErpError {
        if matches!(error, OdooError::Unknown(_)) {
            self.records.forget_fields(MODEL);
        }
        ErpError::Odoo { error, instance: self.records.instance }
    }

    pub(super) fn no_sale(&self, id: i64) -> ErpError {
        match self.records.instance {
            Instance::Odoo | Instance::Tenant => ErpError::NotFound { what: "sale", id, find: "list_sales" },
            Instance::DevOdoo => ErpError::NotFoundInDevOdoo { what: "sale", id },
        }
    }
}
