//! What any record can have done to it: defaults, copies, archives, orders of every kind, fields of every type.

use mcp_odoo_sandbox::{ExtraField, ExtraKind, Options, Sandbox, Version};
use serde_json::{Value, json};

use super::served::{Served, VERSIONS, call, inside, try_call};

#[test]
fn a_copy_has_its_own_name_number_and_lines() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let copied =
            call(&sandbox, "sale.order", "copy", json!([[1]]), json!({"default": {"origin": "copy"}}));
        let fields = json!(["name", "state", "origin", "order_line", "amount_total", "partner_id"]);
        let read =
            |id: &Value| call(&sandbox, "sale.order", "read", json!([[id], fields]), json!({}))[0].clone();
        let (old, new) = (read(&json!(1)), read(&copied[0]));
        assert_ne!(new["name"], old["name"]);
        assert_eq!((&new["state"], &new["origin"]), (&json!("draft"), &json!("copy")));
        assert_eq!((&new["amount_total"], &new["partner_id"]), (&old["amount_total"], &old["partner_id"]));
        assert_ne!(new["order_line"], old["order_line"]);
        let tag = call(&sandbox, "res.partner.category", "create", json!([{"name": "VIP"}]), json!({}));
        let tag = call(&sandbox, "res.partner.category", "copy", json!([[tag]]), json!({}));
        let name = call(&sandbox, "res.partner.category", "read", json!([tag, ["name"]]), json!({}));
        assert_eq!(name[0]["name"], "VIP (copy)");
        let gone = try_call(&sandbox, "sale.order", "copy", json!([[99_999]]), json!({}));
        assert_eq!(gone.unwrap_err().0, "odoo.exceptions.MissingError");
    }
}

#[test]
fn archived_records_come_back() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let count = || call(&sandbox, "res.partner", "search_count", json!([[["id", "=", 15]]]), json!({}));
        assert_eq!(call(&sandbox, "res.partner", "action_archive", json!([[15]]), json!({})), Value::Null);
        assert_eq!(count(), 0);
        call(&sandbox, "res.partner", "action_unarchive", json!([[15]]), json!({}));
        assert_eq!(count(), 1);
    }
}

#[test]
fn orders_put_empty_values_where_they_are_told() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let first = |order: &str| {
            let kwargs = json!({"fields": ["vat"], "order": order, "limit": 1});
            call(&sandbox, "res.partner", "search_read", json!([[]]), kwargs)[0]["vat"].clone()
        };
        assert_eq!(first("vat desc, id"), json!(false), "for PostgreSQL nothing is greater than all");
        assert_eq!(first("vat desc nulls last, id"), "US12345677");
        assert_eq!(first("vat nulls first, id"), json!(false));
        assert_eq!(first("vat, id"), "ATO850101AB1");
        let computed =
            try_call(&sandbox, "res.partner", "search", json!([[]]), json!({"order": "display_name"}));
        assert_eq!(computed.unwrap_err().0, "builtins.ValueError");
        let none = call(&sandbox, "res.partner", "search", json!([[]]), json!({"limit": 0}));
        let all = call(&sandbox, "res.partner", "search", json!([[]]), json!({}));
        assert_eq!(none, all, "no records are no limit");
    }
}

#[test]
fn domains_ask_for_parts_of_dates_and_days_from_now() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let count =
            |leaf: Value| try_call(&sandbox, "sale.order", "search_count", json!([[leaf]]), json!({}));
        let october = count(json!(["date_order.month_number", "=", 10])).unwrap();
        let between = json!([[["date_order", ">=", "2026-10-01"], ["date_order", "<", "2026-11-01"]]]);
        assert_eq!(october, call(&sandbox, "sale.order", "search_count", between, json!({})));
        assert_ne!(october, 0);
    }
    let sandbox = inside(Version::V19);
    call(&sandbox, "sale.order", "create", json!([{"partner_id": 15}]), json!({}));
    let count = |leaf: Value| call(&sandbox, "sale.order", "search_count", json!([[leaf]]), json!({}));
    assert_ne!(count(json!(["date_order", ">=", "today -1d"])), 0);
    assert_eq!(count(json!(["date_order", ">", "now +1w"])), 0);
}

#[test]
fn models_and_rights_are_told() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let models = call(&sandbox, "ir.model", "get_available_models", json!([]), json!({}));
        let model = models.as_array().unwrap().iter().find(|model| model["model"] == "sale.order").unwrap();
        assert_eq!(model["display_name"], "Sales Order");
        let refused = try_call(&sandbox, "sale.order", "check_access_rights", json!(["destroy"]), json!({}));
        assert_eq!(refused.unwrap_err().0, "builtins.ValueError");
    }
}

#[tokio::test]
async fn the_salesperson_sees_fewer_models_and_is_told_so() {
    for version in VERSIONS {
        let served = Served::of(version).await;
        let models = served.call("demo", "ir.model", "get_available_models", json!([]), json!({})).await;
        let names: Vec<_> =
            models["result"].as_array().unwrap().iter().map(|model| &model["model"]).collect();
        assert!(names.contains(&&json!("crm.lead")) && !names.contains(&&json!("ir.model")), "{names:?}");
        let refused =
            served.call("demo", "res.users", "check_access_rights", json!(["create"]), json!({})).await;
        assert_eq!(
            refused["error"]["data"]["name"], "odoo.exceptions.AccessError",
            "unless told not to raise"
        );
        let companies = served.call("demo", "res.company", "search_read", json!([[]]), json!({})).await;
        assert_eq!(companies["result"].as_array().unwrap().len(), 1, "their own only");
    }
}

/// A sandbox whose leads have a field of each kind.
fn with_fields(version: Version) -> Sandbox {
    let field = |name: &str, kind| ExtraField { model: "crm.lead".to_owned(), name: name.to_owned(), kind };
    let extra_fields = vec![
        field("x_text", ExtraKind::Text),
        field("x_float", ExtraKind::Float),
        field("x_boolean", ExtraKind::Boolean),
        field("x_date", ExtraKind::Date),
        field("x_datetime", ExtraKind::Datetime),
        field("x_binary", ExtraKind::Binary),
        field("x_json", ExtraKind::Json),
        field("x_reference", ExtraKind::Reference),
    ];
    Sandbox::new(Options { version, extra_fields, ..Options::default() })
}

#[test]
fn fields_of_every_type_are_loaded_and_read() {
    for version in VERSIONS {
        let sandbox = with_fields(version);
        let columns = json!([
            "id",
            "name",
            "x_text",
            "x_float",
            "x_boolean",
            "x_date",
            "x_datetime",
            "x_binary",
            "x_json",
            "x_reference"
        ]);
        let row = json!([
            "a.lead",
            "L",
            " a\nb ",
            "1.25",
            "1",
            "2026-05-06",
            "2026-05-06 10:00:00",
            "aG9sYQ==",
            "{\"a\": [1]}",
            "res.partner,15"
        ]);
        let context = json!({"context": {"tz": "UTC"}});
        let loaded = call(&sandbox, "crm.lead", "load", json!([columns, [row]]), context.clone());
        let id = loaded["ids"][0].clone();
        let fields = columns.as_array().unwrap()[2..].to_vec();
        let read = call(&sandbox, "crm.lead", "read", json!([[id], fields]), json!({}));
        let expected = json!([{"id": id, "x_text": " a\nb ", "x_float": 1.25, "x_boolean": true,
            "x_date": "2026-05-06", "x_datetime": "2026-05-06 10:00:00", "x_binary": "aG9sYQ==",
            "x_json": {"a": [1]}, "x_reference": "res.partner,15"}]);
        assert_eq!(read, expected);
        let types = call(&sandbox, "crm.lead", "fields_get", json!([fields, ["type"]]), json!({}));
        for (name, kind) in [("x_json", "json"), ("x_reference", "reference"), ("x_binary", "binary")] {
            assert_eq!(types[name]["type"], kind);
        }
        let bad = json!([columns, [["b.lead", "L", "", "1,5", "", "", "", "", "", ""]]]);
        assert_eq!(call(&sandbox, "crm.lead", "load", bad, context)["messages"][0]["field"], "x_float");
        let wrong =
            try_call(&sandbox, "crm.lead", "write", json!([[1], {"x_reference": "nothing"}]), json!({}));
        assert_eq!(wrong.unwrap_err().0, "builtins.ValueError");
    }
}

#[test]
fn a_locked_order_is_not_cancelled() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let on = |method: &str| try_call(&sandbox, "sale.order", method, json!([[1]]), json!({}));
        on("action_confirm").unwrap();
        on("action_lock").unwrap();
        assert_eq!(on("action_cancel").unwrap_err().0, "odoo.exceptions.UserError");
        on("action_unlock").unwrap();
        let sure = json!({"context": {"disable_cancel_warning": true}});
        assert_eq!(call(&sandbox, "sale.order", "action_cancel", json!([[1]]), sure), true);
        assert_eq!(on("action_draft").unwrap(), true);
        let dialog = on("action_quotation_send").unwrap();
        assert_eq!(dialog["type"], "ir.actions.act_window");
        let read = call(&sandbox, "sale.order", "read", json!([[1], ["state"]]), json!({}));
        assert_eq!(read[0]["state"], "draft", "a dialog sends nothing");
    }
}

#[test]
fn properties_are_those_the_parent_defines() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let definition = json!([{"name": "aa", "type": "char", "string": "Floor"},
            {"name": "bb", "type": "integer", "string": "Rooms"}]);
        let values = json!({"lead_properties_definition": definition});
        call(&sandbox, "crm.team", "write", json!([[1], values]), json!({}));
        let cell = json!([{"name": "aa", "type": "char", "string": "Floor", "value": "3"}]).to_string();
        let rows = json!([["id", "name", "team_id/.id", "lead_properties"], [["a.b", "L", "1", cell]]]);
        let loaded = call(&sandbox, "crm.lead", "load", rows, json!({}));
        let read =
            |field: &str| call(&sandbox, "crm.lead", "read", json!([loaded["ids"], [field]]), json!({}));
        let expected = json!([{"name": "aa", "type": "char", "string": "Floor", "value": "3"},
            {"name": "bb", "type": "integer", "string": "Rooms", "value": false}]);
        assert_eq!(read("lead_properties")[0]["lead_properties"], expected);
        call(
            &sandbox,
            "crm.lead",
            "write",
            json!([loaded["ids"], {"lead_properties": {"bb": 5}}]),
            json!({}),
        );
        assert_eq!(read("lead_properties")[0]["lead_properties"][1]["value"], 5);
        let kinds = json!([["lead_properties"], ["type", "definition_record"]]);
        let kinds = call(&sandbox, "crm.lead", "fields_get", kinds, json!({}));
        assert_eq!(kinds["lead_properties"], json!({"type": "properties", "definition_record": "team_id"}));
    }
}

#[test]
fn an_invoice_is_posted_once() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let on = |method: &str| try_call(&sandbox, "account.move", method, json!([[7]]), json!({}));
        assert_eq!(on("action_post").unwrap(), false);
        let read = call(&sandbox, "account.move", "read", json!([[7], ["name", "state"]]), json!({}));
        assert_eq!(read, json!([{"id": 7, "name": "INV/2026/00006", "state": "posted"}]));
        assert_eq!(on("action_post").unwrap_err().0, "odoo.exceptions.UserError");
        assert_eq!(on("button_draft").unwrap(), Value::Null);
    }
}
