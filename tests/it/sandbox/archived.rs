//! Archived records: a search passes them over, an external id still stands for them.

use mcp_odoo_core::odoo::{ExternalRef, ProtocolChoice};
use mcp_odoo_sandbox::{Options, Sandbox, Version};
use serde_json::{Value, json};

use super::served::{VERSIONS, call, inside};
use crate::support::app;

/// An archived partner whose external id is `t.old`.
fn archived(sandbox: &Sandbox) -> i64 {
    let rows = json!([["id", "name", "active"], [["t.old", "Old", "0"]]]);
    call(sandbox, "res.partner", "load", rows, json!({}))["ids"][0].as_i64().unwrap()
}

fn everything() -> Value {
    json!({"context": {"active_test": false}})
}

#[test]
fn a_reference_has_the_id_only_if_archived_records_are_asked_for() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let id = archived(&sandbox);
        let reference =
            |kwargs| call(&sandbox, "ir.model.data", "check_object_reference", json!(["t", "old"]), kwargs);
        assert_eq!(reference(json!({})), json!(["res.partner", false]));
        assert_eq!(reference(everything()), json!(["res.partner", id]));
    }
}

#[test]
fn load_refers_to_them_and_updates_them_by_database_id_only_if_asked_to() {
    let sandbox = inside(Version::V19);
    let id = archived(&sandbox).to_string();
    let lead = |column: &str, value: &str, kwargs| {
        let rows = json!([["id", "name", column], [["t.lead", "x", value]]]);
        call(&sandbox, "crm.lead", "load", rows, kwargs)
    };
    assert!(lead("partner_id/.id", &id, json!({}))["ids"].is_array());
    assert!(lead("partner_id/.id", &id, everything())["ids"].is_array());
    assert!(lead("partner_id/id", "t.old", json!({}))["ids"].is_array());

    let own =
        |kwargs| call(&sandbox, "res.partner", "load", json!([[".id", "name"], [[id, "New name"]]]), kwargs);
    let message = format!("Unknown database identifier '{id}'");
    assert_eq!(own(json!({}))["messages"][0]["message"], message);
    assert!(own(everything())["ids"].is_array());
}

#[tokio::test]
async fn the_client_asks_for_them_too() {
    let server = app::Odoo::start(Options::default()).await;
    let id = archived(&server.sandbox);
    for protocol in [ProtocolChoice::Json2, ProtocolChoice::JsonRpc, ProtocolChoice::XmlRpc] {
        let config = server.config(protocol, std::time::Duration::from_secs(30));
        let odoo = mcp_odoo_core::odoo::Odoo::new(config).unwrap();
        let expected = ExternalRef { model: "res.partner".to_owned(), id: Some(id) };
        assert_eq!(odoo.external_id("t", "old").await, Ok(Some(expected)));
    }
}

#[tokio::test]
async fn the_client_asks_which_model_a_field_points_to() {
    let server = app::Odoo::start(Options::default()).await;
    let config = server.config(ProtocolChoice::Auto, std::time::Duration::from_secs(30));
    let odoo = mcp_odoo_core::odoo::Odoo::new(config).unwrap();
    let fields = odoo.fields("crm.lead", &["partner_id", "no_such_field"]).await.unwrap();
    let partner = json!({"type": "many2one", "string": "Contact", "relation": "res.partner"});
    assert_eq!(Value::Object(fields), json!({"partner_id": partner}));
}
