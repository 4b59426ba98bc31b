//! What the rules for records leave open though it tells of what they hide.

use std::sync::Arc;

use mcp_odoo_core::access::models::Models;
use mcp_odoo_core::odoo::Odoo;
use mcp_odoo_core::records::{Instance, MetadataConfig, RecordError, Records, Trace};

/// A line for each model and hidden field.
pub(super) async fn lines(odoo: &Odoo, rules: &Models) -> Result<String, RecordError> {
    let records = Records::new(odoo.clone(), Instance::Odoo, "", MetadataConfig::default());
    let traces = records.traces(Arc::new(rules.clone())).await?;
    let line = |Trace { model, fields, from }: &Trace| {
        let fields = fields.join(", ");
        format!(
            "\n- records: {from} is hidden, and {model} tells what is worked out from it: {fields}. Hide that as well?"
        )
    };
    Ok(traces.iter().map(line).collect())
}
