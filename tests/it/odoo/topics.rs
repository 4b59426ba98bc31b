//! One of each error that real servers were brought to, on every protocol.

use mcp_odoo_core::odoo::{OdooError, Protocol, wire::Answer};
use serde_json::Value;

use crate::support::transcripts::{self, Recording};

const ACCESS: &str = "odoo_access_error";
const INVALID: &str = "odoo_validation_error";
const MISSING: &str = "odoo_missing_record";
const UNKNOWN: &str = "odoo_unknown_name";

/// The errors by name; what is not here is an answer.
const EXPECTED: &[(&str, &[&str])] = &[
    ("unknown_model", &[UNKNOWN]),
    ("unknown_method", &[UNKNOWN]),
    ("private_method", &[ACCESS]),
    ("unknown_field_read", &[UNKNOWN]),
    ("unknown_field_search_read", &[UNKNOWN]),
    ("unknown_field_domain", &[UNKNOWN]),
    ("unknown_subfield_domain", &[UNKNOWN]),
    ("unknown_field_create", &[UNKNOWN]),
    ("unknown_field_write", &[UNKNOWN]),
    ("unknown_argument", &[UNKNOWN]),
    ("missing_argument", &[INVALID]),
    ("too_many_arguments", &[INVALID]),
    // On XML-RPC only the last line of what PostgreSQL says was recorded.
    ("ids_of_wrong_type", &[INVALID, "odoo_server_error"]),
    ("missing_write", &[MISSING]),
    ("missing_unlink", &[MISSING]),
    ("missing_method", &[MISSING]),
    ("access_error_model", &[ACCESS]),
    ("access_error_create", &[ACCESS]),
    ("access_error_record_rule", &[ACCESS]),
    ("access_error_field", &[ACCESS]),
    ("access_error_company", &[ACCESS]),
    ("user_error", &[INVALID]),
    ("validation_error", &[INVALID]),
    ("missing_required", &[INVALID]),
    ("missing_required_check", &[INVALID]),
    ("unique_violation", &[INVALID]),
    ("foreign_key_unlink", &[INVALID]),
    ("foreign_key_value", &[INVALID]),
    ("bad_selection", &[INVALID]),
    ("bad_date", &[INVALID]),
    // Also an AssertionError, an IndexError or a TypeError.
    ("bad_domain_leaf", &[INVALID, "odoo_server_error"]),
    ("bad_domain_operator", &[INVALID, "odoo_server_error"]),
    ("bad_domain_or", &[INVALID, "odoo_server_error"]),
    // 16 has its own words for it.
    ("bad_order_field", &[UNKNOWN, INVALID]),
    ("bad_order_syntax", &[INVALID]),
    ("negative_limit", &[INVALID]),
    ("not_a_singleton", &[INVALID]),
    ("unknown_language", &[INVALID]),
    ("no_key", &["odoo_access_denied"]),
    ("malformed_json", &[INVALID]),
    ("not_an_object", &[INVALID]),
    // Not to be told from a proxy's page.
    ("unknown_database", &["odoo_gateway_error"]),
    ("ids_on_a_model_method", &[INVALID]),
];

fn decoded(protocol: Protocol, recording: &Recording) -> Result<Value, OdooError> {
    let body = match recording.answer.clone() {
        Value::String(text) => text,
        mut value => {
            // The client numbers every request 1.
            value.get_mut("jsonrpc").is_some().then(|| value["id"] = 1.into());
            value.to_string()
        }
    };
    let (status, content_type) = (recording.status, recording.content_type.clone());
    protocol.decode(&Answer { status, content_type, location: None, body: body.into_bytes() })
}

#[test]
fn every_error_has_its_class() {
    let protocols =
        [("jsonrpc", Protocol::JsonRpc), ("xmlrpc", Protocol::XmlRpc), ("json2", Protocol::Json2)];
    for (version, (file, protocol)) in
        transcripts::VERSIONS.into_iter().flat_map(|version| protocols.map(|protocol| (version, protocol)))
    {
        // JSON-2 came with 19, and who records their own Odoo has no topics.
        if (file == "json2" && version != "19.0") || transcripts::is_from_elsewhere() {
            continue;
        }
        let Some(recordings) = transcripts::load(version, &format!("{file}-errors")) else { continue };
        for recording in &recordings {
            let (outcome, name) = (decoded(protocol, recording), recording.name.as_str());
            match EXPECTED.iter().find(|it| it.0 == name).map(|it| it.1) {
                Some(codes) => {
                    let code = outcome.as_ref().err().map(OdooError::code).unwrap_or("an answer");
                    let is_odd = version == "16.0" && code == "an answer";
                    assert!(codes.contains(&code) || is_odd, "{version}/{file} {name}: {outcome:?}");
                }
                None => assert!(outcome.is_ok(), "{version}/{file} {name}: {outcome:?}"),
            }
        }
    }
}
