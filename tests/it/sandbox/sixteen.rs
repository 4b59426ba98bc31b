//! What Odoo 16 has otherwise, beside what is recorded of it.

use mcp_odoo_sandbox::Version;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::served::{Served, call, inside, try_call};

#[tokio::test]
async fn it_lacks_what_came_later() {
    let served = Served::of(Version::V16).await;
    let json2 = format!("{}/json/2/res.partner/search", served.url);
    let response = served.client.post(json2).json(&json!({"domain": []})).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    for (model, method) in [
        ("res.partner", "web_read"),
        ("res.partner", "web_save"),
        ("res.partner", "has_access"),
        ("res.partner", "formatted_read_group"),
        ("sale.order", "action_lock"),
    ] {
        let (class, _) = try_call(&served.sandbox, model, method, json!([[1]]), json!({})).unwrap_err();
        assert_eq!(class, "builtins.AttributeError", "{model}.{method}");
    }
    let fields = |model: &str, names: Value| {
        call(&served.sandbox, model, "fields_get", json!([names, ["type", "searchable"]]), json!({}))
    };
    assert_eq!(fields("res.partner", json!(["complete_name"])), json!({}));
    assert_eq!(fields("sale.order", json!(["locked"])), json!({}));
    let name = fields("sale.order", json!(["display_name"]));
    assert_eq!(name["display_name"], json!({"type": "char", "searchable": false}));
}

#[test]
fn it_has_what_went_later() {
    let sandbox = inside(Version::V16);
    let on = |model: &str, method: &str, args: Value| call(&sandbox, model, method, args, json!({}));
    assert_eq!(on("res.partner", "name_get", json!([[16]])), json!([[16, "Almacenes Torres"]]));
    assert_eq!(on("res.users", "has_group", json!(["base.group_user"])), true);
    assert_eq!(on("res.partner", "check_access_rule", json!([[16], "read"])), Value::Null);
    let found = on("res.partner", "web_search_read", json!([[["id", "=", 16]], ["name", "country_id"]]));
    assert_eq!(found["records"][0]["country_id"], json!([156, "Mexico"]));
    let view = on("res.country.state", "fields_view_get", json!([false, "tree"]));
    assert_eq!(view["fields"]["code"]["type"], "char");
    on("sale.order", "action_done", json!([[5]]));
    assert_eq!(on("sale.order", "read", json!([[5], ["state"]]))[0]["state"], "done");
    on("sale.order", "action_unlock", json!([[5]]));
    assert_eq!(on("sale.order", "read", json!([[5], ["state"]]))[0]["state"], "sale");
}

/// As tried on a real one: a condition on a field that is not stored is passed over.
#[test]
fn a_name_that_is_not_stored_cannot_be_searched() {
    let sandbox = inside(Version::V16);
    let count = |model: &str| {
        call(&sandbox, model, "search_count", json!([[["display_name", "ilike", "zzzz"]]]), json!({}))
    };
    assert_eq!(count("res.partner"), 0, "it is stored of partners");
    assert_eq!(count("sale.order"), 8, "all there are");
}
