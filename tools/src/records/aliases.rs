//! The same operations by the names of another system.

use garde::Validate;
use mcp_odoo_core::records::{
    Context, Ids, MethodCall, ModelRequest, NewRecord, RecordDeletion, RecordSearch, RecordUpdate,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{CallMethod, CreateRecord, DeleteRecord, DescribeModel, SearchRecords, UpdateRecord};
use crate::operation::{Operation, Spec};
use crate::tool::Tool;

/// These tools.
pub fn tools() -> Vec<Tool> {
    vec![
        Tool::taking::<SearchRecords, RecordSearch>().called(&SEARCH),
        Tool::taking::<CreateRecord, NewRecord>().called(&CREATE),
        Tool::taking::<UpdateRecord, Write>().called(&WRITE),
        Tool::taking::<DeleteRecord, Unlink>().called(&UNLINK),
        Tool::taking::<CallMethod, MethodCall>().called(&CALL),
        Tool::taking::<DescribeModel, ModelRequest>().called(&FIELDS_GET),
    ]
}

const fn named<O: Operation>(name: &'static str, description: &'static str) -> Spec {
    Spec { name, description, ..O::SPEC }
}

static SEARCH: Spec = named::<SearchRecords>(
    "odoo_search",
    "Finds records of any model by a domain: search_records by another name.",
);
static CREATE: Spec =
    named::<CreateRecord>("odoo_create", "Makes a record of any model: create_record by another name.");
static WRITE: Spec = named::<UpdateRecord>(
    "odoo_write",
    "Changes records of any model, all or none: update_record by another name, for several at once.",
);
static UNLINK: Spec = named::<DeleteRecord>(
    "odoo_unlink",
    "Deletes records of any model for good, all or none: delete_record by another name, for several at once.",
);
static CALL: Spec =
    named::<CallMethod>("odoo_call", "Calls a public method of any model: call_method by another name.");
static FIELDS_GET: Spec = named::<DescribeModel>(
    "odoo_fields_get",
    "Tells the fields of any model: describe_model by another name.",
);

/// What to change of records.
#[derive(Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Write {
    /// res.partner
    #[garde(skip)]
    model: String,
    /// At most 100
    #[garde(skip)]
    #[schemars(with = "Vec<i64>")]
    ids: Ids<100>,
    /// By Odoo's field names
    #[garde(skip)]
    values: Map<String, Value>,
    /// As in odoo_search
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    context: Context,
}

impl From<Write> for RecordUpdate {
    fn from(Write { model, ids, values, context }: Write) -> Self {
        Self { model, record_id: ids, values, context }
    }
}

/// Which records to delete.
#[derive(Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Unlink {
    /// res.partner
    #[garde(skip)]
    model: String,
    /// At most 100
    #[garde(skip)]
    #[schemars(with = "Vec<i64>")]
    ids: Ids<100>,
    /// As in odoo_search
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    context: Context,
}

impl From<Unlink> for RecordDeletion {
    fn from(Unlink { model, ids, context }: Unlink) -> Self {
        Self { model, record_id: ids, context }
    }
}
