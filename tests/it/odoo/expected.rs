//! What every recording means: one table for all versions and protocols.

use Expect::{Answer, LoadRefused, Refused};
use Where::{Everywhere, Json2, Rpc, Since19};

/// Which files hold a recording.
#[derive(Clone, Copy)]
pub enum Where {
    Everywhere,
    /// JSON-RPC and XML-RPC of every version.
    Rpc,
    /// Every protocol of 19.
    Since19,
    Json2,
}

impl Where {
    pub fn includes(self, version: &str, protocol: &str) -> bool {
        match self {
            Everywhere => true,
            Rpc => protocol != "json2",
            Since19 => version == "19.0",
            Json2 => protocol == "json2",
        }
    }
}

/// What the client must make of a recorded answer.
#[derive(Clone, Copy)]
pub enum Expect {
    /// The recorded result.
    Answer,
    /// The error of this code.
    Refused(&'static str),
    /// The recorded result from `call`, the error of this code from `load`.
    LoadRefused(&'static str),
}

const ACCESS: Expect = Refused("odoo_access_error");
const DENIED: Expect = Refused("odoo_access_denied");
const INVALID: Expect = Refused("odoo_validation_error");
const MISSING: Expect = Refused("odoo_missing_record");
const UNKNOWN: Expect = Refused("odoo_unknown_name");
const LOAD_INVALID: Expect = LoadRefused("odoo_validation_error");

pub const EXPECTED: &[(&str, Where, Expect)] = &[
    ("version", Rpc, Answer),
    ("authenticate", Rpc, Answer),
    ("authenticate_wrong_password", Rpc, DENIED),
    // PostgreSQL says it in its own language, and in the same class as that it cannot be reached.
    ("authenticate_unknown_database", Rpc, Refused("odoo_connection_lost")),
    ("product_search_read", Everywhere, Answer),
    ("product_read_missing", Rpc, Answer),
    ("product_search_read_missing", Rpc, Answer),
    ("partner_by_email_none", Everywhere, Answer),
    ("partner_load", Everywhere, Answer),
    ("partner_load_again", Rpc, Answer),
    ("partner_by_email_found", Rpc, Answer),
    ("lead_load", Everywhere, Answer),
    ("order_load_two_lines", Everywhere, Answer),
    ("order_load_again_same_ids", Everywhere, Answer),
    ("external_id_found_as_salesperson", Rpc, Answer),
    ("external_id_missing_as_salesperson", Rpc, MISSING),
    ("model_data_search_as_salesperson", Rpc, ACCESS),
    ("order_load_pricelist_price", Rpc, Answer),
    ("order_load_unknown_product", Everywhere, LOAD_INVALID),
    ("order_load_bad_number", Rpc, LOAD_INVALID),
    ("order_load_missing_partner", Rpc, LOAD_INVALID),
    ("lead_load_unknown_field", Rpc, UNKNOWN),
    ("lead_load_unknown_user", Rpc, LOAD_INVALID),
    ("order_read", Everywhere, Answer),
    ("order_lines_search_read", Rpc, Answer),
    ("lead_read", Rpc, Answer),
    ("lead_count_by_salesperson", Rpc, Answer),
    ("lead_formatted_read_group", Since19, Answer),
    ("team_members", Rpc, Answer),
    ("users_internal", Rpc, Answer),
    ("users_ilike_name", Rpc, Answer),
    ("user_mobile_field", Rpc, Answer),
    ("projects_ilike", Rpc, Answer),
    ("tasks_search_read", Rpc, Answer),
    ("task_assigned_to", Rpc, Answer),
    ("sales_by_state", Rpc, Answer),
    ("sales_date_order_filter", Rpc, Answer),
    ("search_limit_offset", Rpc, Answer),
    ("search_count", Everywhere, Answer),
    ("dotted_domain", Rpc, Answer),
    ("name_search", Rpc, Answer),
    ("fields_get_subset", Everywhere, Answer),
    ("list_models", Rpc, Answer),
    ("create_one", Rpc, Answer),
    ("create_many", Everywhere, Answer),
    ("write_true", Everywhere, Answer),
    ("read_after_write", Rpc, Answer),
    ("unlink_true", Everywhere, Answer),
    ("unlink_missing", Rpc, MISSING),
    ("write_missing", Everywhere, MISSING),
    ("create_unknown_field", Everywhere, UNKNOWN),
    ("search_unknown_field", Rpc, UNKNOWN),
    ("search_bad_operator", Rpc, INVALID),
    ("create_missing_required", Everywhere, INVALID),
    ("unknown_model", Everywhere, UNKNOWN),
    ("unknown_method", Everywhere, UNKNOWN),
    ("private_method", Everywhere, ACCESS),
    ("bad_password_on_object", Rpc, DENIED),
    ("access_denied_create_user", Rpc, ACCESS),
    ("order_action_confirm", Rpc, Answer),
    ("order_unlink_confirmed", Rpc, INVALID),
    ("message_post", Rpc, Answer),
    ("context_get", Json2, Answer),
    ("wrong_key", Json2, DENIED),
    ("external_id_found", Json2, Answer),
    ("external_id_missing", Json2, MISSING),
    ("unknown_argument", Json2, UNKNOWN),
    ("missing_argument", Json2, INVALID),
    ("action_confirm", Json2, Answer),
];
