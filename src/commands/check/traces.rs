//! What the rules for records leave open though it tells of what they hide.

use std::sync::Arc;
use std::time::Duration;

use mcp_odoo_core::access::models::Models;
use mcp_odoo_core::odoo::Odoo;
use mcp_odoo_core::records::{Instance, MetadataConfig, Records, Trace, Traces};

/// How long it may take: each open model is asked about.
const LIMIT: Duration = Duration::from_secs(60);

/// A line for each model and hidden field. An Odoo that cannot tell can be worked with all the same.
pub(super) async fn lines(odoo: &Odoo, rules: &Models) -> String {
    let records = Records::new(odoo.clone(), Instance::Odoo, "", MetadataConfig::default());
    let unknown =
        |why: String| format!("\n- records: what is worked out from hidden fields could not be told: {why}");
    let Traces { traces, unseen } =
        match tokio::time::timeout(LIMIT, records.traces(Arc::new(rules.clone()))).await {
            Ok(Ok(traces)) => traces,
            Ok(Err(error)) => return unknown(error.to_string()),
            Err(_) => return unknown(format!("it was not all answered within {} seconds", LIMIT.as_secs())),
        };
    let line = |Trace { model, fields, from }: &Trace| {
        let fields = fields.join(", ");
        format!(
            "\n- records: {from} is hidden, and {model} tells what is worked out from it: {fields}. Hide that as well?"
        )
    };
    let misspelt = |name: &String| {
        format!("\n- records: {name} is to be hidden, but this account sees no such field: is it spelt so?")
    };
    traces.iter().map(line).chain(unseen.iter().map(misspelt)).collect()
}
