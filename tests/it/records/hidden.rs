//! What follows from a hidden field is hidden too, and no name search tells of one.

use serde_json::{Value, json};

use crate::access::{client_of, start};
use crate::support::mcp::{Caller, text};

/// A caller, and what keeps its service alive.
async fn caller(partner: &str, line: &str) -> (Caller, impl Sized) {
    let rules = format!(
        "permissions = [\"read\", \"write\"]\n\n[models]\n\"sale.order\" = {{ read = true, create = true }}\n\
         \"crm.lead\" = {{ read = true }}\n\"sale.order.line\" = {{ read = true{line} }}\n\
         \"res.partner\" = {{ read = true{partner} }}\n"
    );
    let (app, folder) = start(&[("bot", rules.as_str())]).await;
    (Caller::connect_by(client_of("bot"), &app.url).await, (app, folder))
}

/// Ways to see a field: each tells nothing of it where it is hidden.
fn looks(model: &str, id: i64, field: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("search_records", json!({ "model": model, "fields": [field] })),
        ("get_record", json!({ "model": model, "record_id": id, "fields": [field] })),
        ("search_records", json!({ "model": model, "domain": [[field, "!=", false]] })),
        ("search_records", json!({ "model": model, "order": field })),
        ("aggregate_records", json!({ "model": model, "measures": [format!("{field}:max")] })),
        ("aggregate_records", json!({ "model": model, "group_by": [field] })),
        ("describe_model", json!({ "model": model, "fields": [field] })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_worked_out_from_a_hidden_field_is_hidden() {
    let (open, _open) = caller("", "").await;
    let (bound, _bound) = caller(", hide = [\"phone\"]", ", hide = [\"price_subtotal\"]").await;
    for (model, id, field) in [("sale.order", 7, "amount_untaxed"), ("crm.lead", 10, "phone")] {
        let seen =
            open.call("get_record", json!({ "model": model, "record_id": id, "fields": [field] })).await;
        assert!(!seen["record"][field].is_null(), "{model}.{field} is told where nothing is hidden: {seen}");
        for (tool, arguments) in looks(model, id, field) {
            let error = bound.error(tool, arguments.clone()).await;
            assert!(error.contains(field), "{tool} {arguments}: {error}");
        }
        let whole = bound.call("get_record", json!({ "model": model, "record_id": id })).await;
        assert!(whole["record"][field].is_null(), "{whole}");
    }
    // What has nothing to do with it is told.
    let order = bound.call("get_record", json!({ "model": "sale.order", "record_id": 7 })).await;
    assert_eq!(order["record"]["name"], "S00007");
}

/// What mirrors a mirror of a hidden field has its very value.
#[tokio::test(flavor = "multi_thread")]
async fn what_mirrors_a_mirror_of_a_hidden_field_is_hidden() {
    for (rule, is_told) in [("", true), (", hide = [\"currency_id\"]", false)] {
        let lists = format!(
            "\n\"product.pricelist\" = {{ read = true{rule} }}\n\"res.currency\" = {{ read = true }}"
        );
        let rules = format!(
            "permissions = [\"read\", \"write\"]\n\n[models]\n\"sale.order\" = {{ read = true, update = true }}\n\
             \"sale.order.line\" = {{ read = true }}{lists}"
        );
        let (app, _folder) = start(&[("bot", rules.as_str())]).await;
        let caller = Caller::connect_by(client_of("bot"), &app.url).await;
        for (model, id) in [("sale.order", 7), ("sale.order.line", 11)] {
            let read = caller.call("get_record", json!({ "model": model, "record_id": id })).await;
            assert_eq!(read["record"]["currency_id"].is_object(), is_told, "{model}: {read}");
            for (tool, arguments) in looks(model, id, "currency_id") {
                let told = text(&caller.result(tool, arguments.clone()).await);
                assert!(is_told || told.contains("has no field currency_id"), "{tool} {arguments}: {told}");
            }
        }
        // Of whichever field a tool of its own takes the name.
        for (tool, arguments) in [
            ("dev_read_sale", json!({ "sale_id": 7, "fields": ["name", "currency_id"] })),
            ("dev_update_sale", json!({ "sale_id": 7, "values": { "currency_id": 1 } })),
        ] {
            let told = text(&caller.result(tool, arguments).await);
            assert_eq!(told.contains("has no field currency_id"), !is_told, "{tool}: {told}");
        }
    }
}

/// A user's e-mail address is their partner's, a product's price its template's: who shows the one shows the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_tool_of_its_own_is_closed_by_what_mirrors_a_hidden_field() {
    for (model, field, tool, arguments, is_told) in [
        ("res.partner", "email", "list_users", json!({}), false),
        ("res.partner", "vat", "list_users", json!({}), true),
        ("product.template", "list_price", "find_products", json!({ "q": "robot" }), false),
        ("product.template", "list_price", "fetch", json!({ "id": "product:26174" }), false),
        ("product.template", "purchase_ok", "find_products", json!({ "q": "robot" }), true),
    ] {
        let rules = format!(
            "permissions = [\"read\"]\n\n[models]\npreset = \"read-all\"\n\"{model}\" = {{ read = true, hide = [\"{field}\"] }}"
        );
        let (app, _folder) = start(&[("bot", rules.as_str())]).await;
        let caller = Caller::connect_by(client_of("bot"), &app.url).await;
        let told = text(&caller.result(tool, arguments).await);
        assert_eq!(told.contains("model_closed"), !is_told, "{tool}, {field} of {model}: {told}");
        let found = text(&caller.result("search", json!({ "query": "producto robot" })).await);
        assert_eq!(found.contains("product:26174"), is_told || model == "res.partner", "{field}: {found}");
    }
}

/// Odoo allows a field to mirror the one of the record above: it shows nothing else than itself.
#[tokio::test(flavor = "multi_thread")]
async fn fields_that_mirror_themselves_or_one_another_are_told() {
    const MIRRORS: [(&str, &str); 4] = [
        ("city", "parent_id.city"),
        ("street", "parent_id.street2"),
        ("street2", "parent_id.street"),
        ("zip", "parent_id.vat"),
    ];
    for (rule, hides_zip) in [("", false), (", hide = [\"vat\"]", true)] {
        let rules =
            format!("permissions = [\"read\"]\n\n[models]\n\"res.partner\" = {{ read = true{rule} }}\n");
        let (app, _folder) = start(&[("bot", rules.as_str())]).await;
        app.proxy().edit(|call, fields| {
            for (name, path) in MIRRORS.iter().filter(|_| call == "res.partner.fields_get") {
                fields[*name]["related"] = json!(path);
            }
        });
        let caller = Caller::connect_by(client_of("bot"), &app.url).await;
        for field in ["city", "street", "street2"] {
            let asked =
                json!({ "model": "res.partner", "domain": [["id", "=", 16]], "fields": ["name", field] });
            let found = caller.call("search_records", asked).await;
            assert_eq!(found["items"][0]["id"], 16, "{field}: {found}");
        }
        // One that mirrors a hidden field is still seen to do so.
        let zip = json!({ "model": "res.partner", "fields": ["zip"] });
        let told = text(&caller.result("search_records", zip).await);
        assert_eq!(told.contains("has no field zip"), hides_zip, "{told}");
    }
}

/// What only the record with this number is found by, and a number that nobody has.
const NUMBERS: [&str; 2] = ["ATO850101AB1", "ZZZ850101ZZ9"];

fn asks(number: &str) -> Vec<(&'static str, Value)> {
    let search = |model: &str, domain: Value| ("search_records", json!({ "model": model, "domain": domain }));
    vec![
        search("sale.order", json!([["partner_id", "ilike", number]])),
        search("sale.order", json!([["partner_id", "=", number]])),
        search("sale.order", json!([["partner_id", "in", [number]]])),
        search("sale.order", json!([["partner_id.display_name", "ilike", number]])),
        search("res.partner", json!([["display_name", "ilike", number]])),
        search("res.partner", json!([["child_ids", "=", number]])),
        search("res.partner", json!([["id", "child_of", number]])),
        search("sale.order", json!([["partner_id", "child_of", number]])),
        search("res.partner", json!([["city", "parent_of", number]])),
        ("list_sales", json!({ "customer": number })),
        ("dev_create_sale", json!({ "partner_id": number })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_beside_the_name_tells_nothing_of_a_hidden_field() {
    let (open, _open) = caller("", "").await;
    let (bound, _bound) = caller(", hide = [\"vat\"]", "").await;
    let [known, unknown] = NUMBERS.map(asks);
    let mut told = 0;
    for ((tool, by_known), (_, by_unknown)) in known.into_iter().zip(unknown) {
        let known = bound.error(tool, by_known.clone()).await;
        let unknown = bound.error(tool, by_unknown).await;
        assert_eq!(known.replace(NUMBERS[0], "…"), unknown.replace(NUMBERS[1], "…"), "{by_known}");
        // Who hides nothing is answered.
        let answer = open.result(tool, by_known).await;
        told += usize::from(answer.is_error != Some(true));
    }
    assert!(told >= 5, "the same is answered where nothing is hidden: {told}");
    // Neither is a customer named so in what is made.
    for number in NUMBERS {
        let order = json!({ "model": "sale.order", "values": { "partner_id": number } });
        let error = bound.error("create_record", order).await;
        assert!(error.contains("must be an id"), "{error}");
    }
}
