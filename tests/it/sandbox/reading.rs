//! Nested reads, exports, metadata, and what a form would be told.

use mcp_odoo_sandbox::{Options, Sandbox, Version};
use serde_json::{Value, json};

use super::served::{VERSIONS, call, inside, try_call};

fn order(sandbox: &Sandbox, lines: usize) -> Value {
    let lines: Vec<Value> = (0..lines).map(|number| json!([0, 0, {"product_id": number + 1}])).collect();
    call(sandbox, "sale.order", "create", json!([{"partner_id": 15, "order_line": lines}]), json!({}))
}

#[test]
fn a_nested_read_tells_lines_up_to_its_limit_in_its_order() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let order = order(&sandbox, 3);
        let specification = json!({
            "partner_id": {"fields": {"display_name": {}, "city": {}}},
            "user_id": {},
            "order_line": {"fields": {"product_id": {}}, "limit": 2, "order": "id desc"},
        });
        let read = call(&sandbox, "sale.order", "web_read", json!([[order], specification]), json!({}));
        assert_eq!(
            read[0]["partner_id"],
            json!({"id": 15, "city": "Fremont", "display_name": "Azure Interior"})
        );
        assert_eq!(read[0]["user_id"], 2, "without fields it is the bare id");
        let lines = read[0]["order_line"].as_array().unwrap();
        assert_eq!(
            lines.iter().map(|line| &line["product_id"]).collect::<Vec<_>>(),
            [&json!(3), &json!(2), &json!(null)]
        );
        assert!(lines[2]["id"].is_i64(), "lines beyond the limit have an id only: {lines:?}");
    }
}

#[test]
fn a_search_of_the_web_client_counts_only_if_there_may_be_more() {
    let sandbox = inside(Version::V18);
    let search = |kwargs: Value| {
        let domain = json!([[["is_company", "=", true]], {"name": {}}]);
        call(&sandbox, "res.partner", "web_search_read", domain, kwargs)
    };
    let all = search(json!({}));
    let length = all["records"].as_array().unwrap().len();
    assert_eq!(all["length"], length);
    let page = search(json!({"limit": 2, "order": "id"}));
    assert_eq!((&page["length"], page["records"].as_array().unwrap().len()), (&json!(length), 2));
    assert_eq!(search(json!({"limit": 2, "offset": 1000})), json!({"length": 0, "records": []}));
}

#[test]
fn saving_from_a_form_creates_or_writes() {
    let sandbox = inside(Version::V19);
    let save = |ids: Value, name: &str| {
        call(&sandbox, "res.partner", "web_save", json!([ids, {"name": name}, {"name": {}}]), json!({}))[0]
            .clone()
    };
    let made = save(json!([]), "Nueva");
    assert_eq!(save(json!([made["id"]]), "Otra"), json!({"id": made["id"], "name": "Otra"}));
}

#[test]
fn metadata_tells_of_the_external_id() {
    let sandbox = inside(Version::V19);
    let context = json!({"context": {"noupdate": true}});
    let rows = json!([["id", "name"], [["q.partner", "Nueva"]]]);
    let id = call(&sandbox, "res.partner", "load", rows, context)["ids"][0].clone();
    let told = call(&sandbox, "res.partner", "get_metadata", json!([[id]]), json!({}))[0].clone();
    assert_eq!((&told["id"], &told["xmlid"], &told["noupdate"]), (&id, &json!("q.partner"), &json!(true)));
    assert_eq!(told["create_uid"], json!([2, "Mitchell Admin"]));
    assert!(told["create_date"].is_string());
    let told = call(&sandbox, "res.partner", "get_metadata", json!([[16]]), json!({}))[0].clone();
    assert_eq!((&told["xmlid"], &told["xmlids"]), (&json!(false), &json!([])));
}

#[test]
fn an_export_is_a_table_with_labels_and_local_times() {
    let sandbox = inside(Version::V19);
    let order = order(&sandbox, 2);
    let values = json!([[order], {"date_order": "2026-07-01 08:00:00", "origin": false}]);
    call(&sandbox, "sale.order", "write", values, json!({}));
    let columns = json!([
        "date_order",
        "origin",
        "partner_id",
        "state",
        "order_line/.id",
        "order_line/product_id/name"
    ]);
    let export = |kwargs| {
        call(&sandbox, "sale.order", "export_data", json!([[order], columns]), kwargs)["datas"].clone()
    };
    let rows = export(json!({}));
    assert_eq!(rows[0].as_array().unwrap()[..4], ["2026-07-01 10:00:00", "", "Azure Interior", "Quotation"]);
    assert_eq!((&rows[1][0], &rows[1][5]), (&json!(""), &json!("Hotel Accommodation")));
    assert!(rows[1][4].is_string());
    assert_eq!(export(json!({"context": {"tz": "UTC"}}))[0][0], "2026-07-01 08:00:00");
    let given = call(&sandbox, "sale.order", "export_data", json!([[order], ["id"]]), json!({}));
    let name = format!("__export__.sale_order_{order}");
    assert_eq!(given["datas"], json!([[name]]), "an id column gives external ids");
}

#[test]
fn floats_have_digits_and_amounts_a_currency() {
    let fields = json!([["product_uom_qty", "price_unit", "price_total"]]);
    let told = call(&inside(Version::V19), "sale.order.line", "fields_get", fields, json!({}));
    assert_eq!(
        (&told["product_uom_qty"]["digits"], &told["price_unit"]["digits"]),
        (&json!([16, 2]), &json!([16, 2]))
    );
    assert_eq!(told["price_total"]["currency_field"], "currency_id");
    assert_eq!(told["price_total"].get("digits"), None);
}

#[test]
fn numbers_are_rounded_half_up_as_they_are_stored() {
    let sandbox = inside(Version::V18);
    let line = |quantity: f64, price: f64| {
        let lines = json!([[0, 0, {"product_id": 1, "product_uom_qty": quantity, "price_unit": price}]]);
        let values = json!([{"partner_id": 15, "order_line": lines}]);
        let order = call(&sandbox, "sale.order", "create", values, json!({}));
        let fields = json!([[["order_id", "=", order]], ["product_uom_qty", "price_unit", "price_subtotal"]]);
        let line = call(&sandbox, "sale.order.line", "search_read", fields, json!({}))[0].clone();
        ["product_uom_qty", "price_unit", "price_subtotal"].map(|field| line[field].as_f64().unwrap())
    };
    assert_eq!(line(0.004, 0.001), [0.0, 0.0, 0.0]);
    assert_eq!(line(1.0, 1.005), [1.0, 1.01, 1.01]);
    assert_eq!(line(2.675, 1.0), [2.68, 1.0, 2.68]);
    assert_eq!(line(0.5, 0.01), [0.5, 0.01, 0.01]);
}

#[test]
fn a_quotation_is_priced_before_it_is_made() {
    for version in [Version::V16, Version::V18, Version::V19] {
        let sandbox = inside(version);
        let count = || call(&sandbox, "sale.order", "search_count", json!([[]]), json!({}));
        let before = count();
        let priced = |partner: i64| {
            let lines =
                json!([[0, "v1", {"product_id": 5, "product_uom_qty": 2}], [0, "v2", {"product_id": 6}]]);
            let values = json!({"partner_id": partner, "order_line": lines});
            let wanted = match version {
                Version::V16 => json!({"amount_total": "", "order_line.price_unit": ""}),
                _ => json!({"amount_total": {}, "order_line": {"fields": {"price_unit": {}}}}),
            };
            call(&sandbox, "sale.order", "onchange", json!([[], values, [], wanted]), json!({}))["value"]
                .clone()
        };
        let lines = |prices: [f64; 2]| -> Value {
            let line = |(name, price): (&str, f64)| json!([0, name, {"price_unit": price}]);
            let clear = (version == Version::V16).then(|| json!([5, 0, 0]));
            clear.into_iter().chain(["v1", "v2"].into_iter().zip(prices).map(line)).collect()
        };
        assert_eq!(priced(15), json!({"amount_total": 140.0, "order_line": lines([70.0, 40.0])}));
        let own = json!({"amount_total": 119.0, "order_line": lines([59.5, 36.0])});
        assert_eq!(priced(11), own, "a pricelist of their own");
        assert_eq!(count(), before);
        let next = order(&sandbox, 1);
        let name =
            call(&sandbox, "sale.order", "read", json!([[next], ["name"]]), json!({}))[0]["name"].clone();
        assert_eq!(name, format!("S{:05}", before.as_i64().unwrap() + 1), "no number is used up");
    }
}

#[test]
fn products_have_what_a_search_needs() {
    let fields = json!(["default_code", "barcode", "name", "uom_id", "qty_available"]);
    let read =
        |sandbox: &Sandbox| try_call(sandbox, "product.product", "read", json!([[5], fields]), json!({}));
    let stock = Sandbox::new(Options { stock: true, ..Options::default() });
    let product = read(&stock).unwrap()[0].clone();
    assert_eq!(product["qty_available"], 42.0);
    assert_eq!((&product["barcode"], &product["uom_id"]), (&json!("601647855631"), &json!([1, "Units"])));
    assert!(read(&inside(Version::V19)).is_err(), "only with the module for stock");
}

#[test]
fn a_product_is_found_by_its_name_in_the_language_asked_in() {
    let sandbox = inside(Version::V19);
    let found = |lang: Value| {
        let domain = json!([[["name", "ilike", "escritorio"]], ["name"]]);
        let found = call(&sandbox, "product.product", "search_read", domain, json!({"context": lang}));
        found.as_array().unwrap().len()
    };
    assert_eq!((found(json!({})), found(json!({"lang": "es_ES"}))), (0, 3));
    let languages = call(&sandbox, "res.lang", "get_installed", json!([]), json!({}));
    assert_eq!(languages, json!([["en_US", "English (US)"], ["es_ES", "Spanish / Español"]]));
    let rename = json!([[9], {"name": "Mesa"}]);
    call(&sandbox, "product.product", "write", rename, json!({"context": {"lang": "es_ES"}}));
    let name = |context| {
        call(&sandbox, "product.product", "read", json!([[9], ["name"]]), context)[0]["name"].clone()
    };
    assert_eq!(name(json!({"context": {"lang": "es_ES"}})), "Mesa");
    assert_eq!(name(json!({})), "Customizable Desk");
}

#[test]
fn a_contact_knows_its_company() {
    let sandbox = inside(Version::V18);
    let fields = json!(["commercial_company_name", "vat", "mobile"]);
    let read = call(&sandbox, "res.partner", "read", json!([[16, 43], fields]), json!({}));
    assert_eq!(read[0]["vat"], "ATO850101AB1");
    assert_eq!(read[1]["commercial_company_name"], "Almacenes Torres");
}
