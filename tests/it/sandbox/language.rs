//! A database that speaks Spanish.

use std::time::Duration;

use futures::future::join_all;
use mcp_odoo_sandbox::{Language, Options, Sandbox, Version};
use serde_json::{Value, json};

use super::served::{Served, VERSIONS, call, inside, try_call};

fn spanish(version: Version) -> Options {
    Options { version, language: Language::Spanish, ..Options::default() }
}

fn bad_line(sandbox: &Sandbox, context: Value) -> Value {
    let columns = json!(["id", "partner_id/.id", "order_line/product_id/.id"]);
    let rows = json!([["q.order", "15", "99999"]]);
    let answer = call(sandbox, "sale.order", "load", json!([columns, rows]), json!({"context": context}));
    answer["messages"][0].clone()
}

const IN_SPANISH: &str = "No se han encontrado registros coincidentes para id de la base de datos '99999' en el campo 'Order Lines/Product'";
const IN_ENGLISH: &str = "No matching record found for database id '99999' in field 'Order Lines/Product'";

#[test]
fn odoo_speaks_the_language_of_the_context_or_of_the_user() {
    for version in VERSIONS {
        let sandbox = Sandbox::new(spanish(version));
        let message = bad_line(&sandbox, json!({}));
        assert_eq!((&message["message"], &message["field"]), (&json!(IN_SPANISH), &json!("order_line")));
        assert_eq!(bad_line(&sandbox, json!({"lang": "en_US"}))["message"], IN_ENGLISH);
        assert_eq!(bad_line(&inside(version), json!({}))["message"], IN_ENGLISH);
        assert_eq!(bad_line(&inside(version), json!({"lang": "es_ES"}))["message"], IN_SPANISH);
    }
}

#[test]
fn what_odoo_does_not_translate_stays_english_and_so_do_classes() {
    let sandbox = Sandbox::new(spanish(Version::V18));
    let refused = |model: &str, method: &str, args: Value| {
        try_call(&sandbox, model, method, args, json!({})).unwrap_err()
    };
    assert_eq!(
        refused("ir.model.data", "check_object_reference", json!(["q", "none"])),
        ("builtins.ValueError", "External ID not found in the system: q.none".to_owned())
    );
    assert_eq!(
        refused("res.partner", "create", json!([{"no_such_field": 1}])),
        ("builtins.ValueError", "Invalid field 'no_such_field' on model 'res.partner'".to_owned())
    );
    assert_eq!(
        refused("no.model", "read", json!([[1]])),
        ("odoo.exceptions.UserError", "Object no.model doesn't exist".to_owned())
    );
    assert_eq!(
        refused("res.partner", "write", json!([[999_999], {"name": "x"}])),
        (
            "odoo.exceptions.MissingError",
            "El registro no existe o ha sido eliminado.\n(Record: res.partner(999999,), User: 2)".to_owned()
        )
    );
}

#[test]
fn a_language_that_is_not_installed_is_refused() {
    let context = json!({"context": {"lang": "xx_XX"}});
    let refused = try_call(&inside(Version::V18), "res.partner", "read", json!([[1], ["name"]]), context);
    assert_eq!(refused, Err(("odoo.exceptions.UserError", "Invalid language code: xx_XX".to_owned())));
}

#[tokio::test]
async fn the_loser_of_a_race_is_told_in_the_language_of_the_server() {
    let options = Options { latency: Duration::from_millis(50), ..spanish(Version::V18) };
    let served = Served::start(options).await;
    let args = json!([["id", "name"], [["q.race", "Race"]]]);
    let english = json!({"context": {"lang": "en_US"}});
    let load = || served.call("demo", "res.partner", "load", args.clone(), english.clone());
    let answers = join_all((0..3).map(|_| load())).await;
    let lost: Vec<&Value> = answers.iter().filter(|answer| answer["result"]["ids"] == false).collect();
    assert_eq!(lost.len(), 2);
    let message = json!([{"rows": {"from": 0, "to": 0}, "record": 0, "type": "error",
        "message": "no se pudo serializar el acceso debido a un update concurrente\n"}]);
    assert!(lost.iter().all(|answer| answer["result"]["messages"] == message), "{lost:?}");
    let unknown = served.rpc("common", "authenticate", json!(["none", "demo", "demo", {}])).await;
    assert_eq!(unknown["error"]["data"]["name"], "psycopg2.OperationalError");
    assert!(
        unknown["error"]["data"]["message"].as_str().unwrap().contains("no existe la base de datos «none»")
    );
}
