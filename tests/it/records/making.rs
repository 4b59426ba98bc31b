//! Records made, once for each key.

use serde_json::json;

use super::WAYS;
use crate::support::mcp::McpTools;
use crate::support::odoo::search;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_one_record_by_every_protocol() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let ana = json!({ "model": "res.partner", "idempotency_key": "ana-1", "values": {
            "name": "  Ana ", "email": "ana@new.example", "country_id": "Mexico", "is_company": false,
            "child_ids": [{ "name": "Hija" }, { "name": "Hijo", "email": "hijo@new.example" }],
        } });
        let made = app.call("create_record", ana.clone()).await;
        let again = app.call("create_record", ana).await;
        assert_eq!(
            made["record"]["country_id"],
            json!({ "id": 156, "name": "Mexico" }),
            "{version:?} {protocol:?}"
        );
        assert_eq!((&again["id"], &again["existing"]), (&made["id"], &json!(true)));
        let found =
            search(app.sandbox(), "res.partner", json!([["email", "=", "ana@new.example"]]), &["name"]);
        assert_eq!(found.len(), 1, "{version:?} {protocol:?}");
        let children =
            search(app.sandbox(), "res.partner", json!([["parent_id", "=", made["id"]]]), &["name"]);
        assert_eq!(children.len(), 2, "{version:?} {protocol:?}");
        // The key stands for what was written.
        let other = app
            .call(
                "create_record",
                json!({ "model": "res.partner", "idempotency_key": "ana-1", "values": { "name": "Eva" } }),
            )
            .await;
        assert_ne!(other["id"], made["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_of_what_does_not_fit() {
    let app = McpTools::start().await;
    let before = search(app.sandbox(), "res.partner", json!([]), &["id"]).len();
    for (values, path, said) in [
        (json!({ "name": "A", "emial": "x" }), "values.emial", "there is email"),
        (json!({ "name": "A", "country_id": "Narnia" }), "values.country_id", "Narnia"),
        // Odoo, which cuts what it compares with, finds the United States by their code.
        (json!({ "name": "A", "country_id": "Usbekistan" }), "values.country_id", "Usbekistan"),
        (json!({ "name": "A", "country_id": 99999 }), "values.country_id", "99999"),
        (json!({ "name": "A", "is_company": "perhaps" }), "values.is_company", "true or false"),
        (json!({ "name": "A", "image_128": "no base64!" }), "values.image_128", "Base64"),
        (json!({ "name": "A", "child_ids": [{ "nme": "B" }] }), "values.child_ids[0].nme", "there is name"),
        (json!({ "name": "A", "child_ids": [[4, 7, false]] }), "values.child_ids", "list of the records"),
        (
            json!({ "name": "A", "category_id": [[0, 0, { "name": "VIP" }]] }),
            "values.category_id",
            "list of ids",
        ),
    ] {
        let error = app.error("create_record", json!({ "model": "res.partner", "values": values })).await;
        assert!(error.contains(path) && error.contains(said), "{values}: {error}");
    }
    let error = app.error("create_record", json!({ "model": "res.partner", "values": {} })).await;
    assert!(error.contains("at least one field"), "{error}");
    assert_eq!(search(app.sandbox(), "res.partner", json!([]), &["id"]).len(), before);
}

/// What a key stands for must not change: another version of this service would make a second record.
#[tokio::test(flavor = "multi_thread")]
async fn the_external_id_of_a_key_is_what_it_was() {
    let app = McpTools::start().await;
    let values = json!({ "name": "Golden", "category_id": [], "child_ids": [{ "name": "B", "email": "b@golden.example" }] });
    let context = json!({ "allowed_company_ids": [1] });
    let arguments =
        json!({ "model": "res.partner", "values": values, "idempotency_key": "golden", "context": context });
    let made = app.call("create_record", arguments).await;
    let known =
        search(app.sandbox(), "ir.model.data", json!([["res_id", "=", made["id"]]]), &["module", "name"]);
    let known: Vec<_> = known.iter().filter(|one| one["module"] == "mcp/odoo").collect();
    assert_eq!(known.len(), 1);
    insta::assert_snapshot!(known[0]["name"].as_str().unwrap());
}
