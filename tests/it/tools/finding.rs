//! Products and customers, found by somebody who knows no id.

use mcp_odoo_sandbox::{Options, Version};
use serde_json::{Map, Value, json};

use crate::support::mcp::McpTools;
use crate::support::proxy::Fault;

fn ids(answer: &Value) -> Vec<i64> {
    answer["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

fn make(app: &McpTools, model: &str, values: Value) -> i64 {
    let made = app.sandbox().execute(model, "create", vec![json!([values])], Map::new()).unwrap();
    made[0].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn products_by_words_reference_and_barcode() {
    let app = McpTools::start().await;
    let values =
        json!({ "name": "Sillón Ejecutivo 50%", "default_code": "SIL_01", "barcode": "7501055363057" });
    let chair = make(&app, "product.product", values);
    for q in ["sillon", "ejecutivo SILLÓN", "50%", "sil_01", "7501055363057", "Sillon 50% sil"] {
        assert_eq!(ids(&app.call("find_products", json!({ "q": q })).await), [chair], "{q}");
    }
    for (q, found) in [
        ("desk customizable", vec![9]),
        ("robot", vec![26174, 26175]),
        ("Delivery", vec![]),
        ("Flipover", vec![]),
        ("%", vec![chair]),
        ("S_L", vec![]),
        ("nothing", vec![]),
    ] {
        let answer = app.call("find_products", json!({ "q": q })).await;
        let mut ids = ids(&answer);
        ids.sort_unstable();
        let mut found = found;
        found.sort_unstable();
        assert_eq!(ids, found, "{q}: sellable ones, and as they stand");
    }
    let page = app.call("find_products", json!({ "q": "office", "limit": "2" })).await;
    assert_eq!((ids(&page).len(), &page["total"]), (2, &json!(3)));
    let said = app.error("find_products", json!({ "q": " " })).await;
    assert!(said.contains("\n- q: must not be empty"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_has_its_price_and_unit() {
    let app = McpTools::start().await;
    let found = app.call("find_products", json!({ "q": "bellabot" })).await;
    let item = &found["items"][0];
    assert_eq!(
        (&item["price"], &item["unit"], &item["reference"]),
        (&json!(18900.0), &json!("Units"), &json!("PUDU-BELLA"))
    );
    assert!(found["price_is"].as_str().unwrap().starts_with("the list price"), "{found}");
    let said = app.error("find_products", json!({ "q": "robot", "customer": "Nadie" })).await;
    assert!(said.contains("\n- customer: nothing in Odoo is called \"Nadie\""), "{said}");
    let said = app.error("find_products", json!({ "q": "robot", "customer": "torres" })).await;
    assert!(
        said.contains("\n- customer: \"torres\" may be ") && said.contains("Almacenes Torres (id 16)"),
        "{said}"
    );
}

/// A line that is only thought up has the company's currency: Odoo is told the order's, and asked again.
#[tokio::test(flavor = "multi_thread")]
async fn prices_in_another_currency_are_asked_for_in_it() {
    for version in [Version::V16, Version::V18, Version::V19] {
        let app = McpTools::builder().version(version).start_mcp().await;
        let yen = make(&app, "res.currency", json!({ "name": "JPY", "symbol": "¥" }));
        let list = make(&app, "product.pricelist", json!({ "name": "Japan", "currency_id": yen }));
        let theirs = vec![json!([16]), json!({ "property_product_pricelist": list })];
        app.sandbox().execute("res.partner", "write", theirs, Map::new()).unwrap();
        let found = app.call("find_products", json!({ "q": "bellabot", "customer": 16 })).await;
        assert_eq!(found["items"][0]["currency"], "JPY", "{found}");
        assert_eq!(app.odoo.proxy.calls().iter().filter(|call| *call == "sale.order.onchange").count(), 2);
    }
}

/// What he would pay, asked of Odoo in one call for all; where Odoo does not tell, the answer says so.
#[tokio::test(flavor = "multi_thread")]
async fn the_price_is_the_customers() {
    for version in [Version::V16, Version::V18, Version::V19] {
        let options = Options { version, stock: true, ..Options::default() };
        let app = McpTools::builder().sandbox(options).start_mcp().await;
        let cheaper = vec![json!([16]), json!({ "property_product_pricelist": 2 })];
        app.sandbox().execute("res.partner", "write", cheaper, Map::new()).unwrap();
        for customer in
            [json!("Almacenes Torres"), json!("16"), json!(16), json!("compras@almacenestorres.example.com")]
        {
            let found = app.call("find_products", json!({ "q": "robot", "customer": customer })).await;
            let price = |id: i64| {
                let items = found["items"].as_array().unwrap();
                items.iter().find(|item| item["id"] == id).unwrap()["price"].as_f64().unwrap()
            };
            assert_eq!((price(26174), price(26175)), (11250.0, 17010.0), "{version:?} {customer} {found}");
            assert_eq!(found["customer"], json!({ "id": 16, "name": "Almacenes Torres" }));
            assert!(found["price_is"].as_str().unwrap().contains("for this customer"), "{found}");
            assert!(found["items"][0]["stock"].is_number(), "{found}");
        }
        // 16 does not say that the order's currency is the company's.
        let calls = if version == Version::V16 { 8 } else { 4 };
        assert_eq!(
            app.odoo.proxy.calls().iter().filter(|call| *call == "sale.order.onchange").count(),
            calls
        );
        app.odoo.proxy.plan(|_, name| (name == "sale.order.onchange").then_some(Fault::BadGateway));
        let found = app.call("find_products", json!({ "q": "bellabot", "customer": 16 })).await;
        assert_eq!(found["items"][0]["price"], 18900.0);
        assert!(
            found["price_is"]
                .as_str()
                .unwrap()
                .starts_with("the list price: the customer's, which may differ"),
            "{found}"
        );
        let found = app.call("find_products", json!({ "q": "instalacion" })).await;
        assert!(found["items"][0].get("stock").is_none(), "a service has none: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_by_whatever_is_known_of_them() {
    let app = McpTools::start().await;
    let vat = make(
        &app,
        "res.partner",
        json!({ "name": "Peña y Núñez", "vat": "MXTOR010101AAA", "is_company": true }),
    );
    let digits = make(&app, "res.partner", json!({ "name": "24/7 365000" }));
    for (q, first) in [
        ("24/7 365000", digits),
        ("almacenes torres", 16),
        ("TORRES almacenes", 16),
        ("fernandez", 43),
        ("compras@almacenestorres", 16),
        ("33 5555-0101", 16),
        ("+523355550101", 16),
        ("(52) 3355550101", 16),
        ("mxtor010101aaa", vat),
        ("pena nunez", vat),
        ("luis almacenes", 43),
    ] {
        let found = app.call("find_customers", json!({ "q": q })).await;
        assert_eq!(ids(&found).first(), Some(&first), "{q}: {found}");
    }
    let found = app.call("find_customers", json!({ "q": "fernández" })).await;
    let luis = json!({
        "id": 43, "name": "Luis Fernández", "email": "luis.fernandez@almacenestorres.example.com",
        "phone": "+52 33 5555 0143", "company": { "id": 16, "name": "Almacenes Torres" },
    });
    assert_eq!(found["items"], json!([luis]));
    assert_eq!(ids(&app.call("find_customers", json!({ "q": "3355559999" })).await), Vec::<i64>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn products_and_customers_are_fetched_too() {
    let app = McpTools::start().await;
    let product = app.call("fetch", json!({ "id": "product:26175" })).await;
    assert_eq!(product["metadata"]["list_price"], "18900.00 USD");
    let customer = app.call("fetch", json!({ "doc_id": "customer:16" })).await;
    assert_eq!(
        (&customer["title"], &customer["metadata"]["city"]),
        (&json!("Almacenes Torres"), &json!("Guadalajara"))
    );
    for id in ["product:999", "customer:999"] {
        let said = app.error("fetch", json!({ "id": id })).await;
        assert!(said.contains("with id 999"), "{said}");
    }
}

/// Sales of whom, by whom, when and how they ended, in the words people use.
#[tokio::test(flavor = "multi_thread")]
async fn sales_by_name_day_and_outcome() {
    let app = McpTools::start().await;
    for (arguments, found) in [
        (json!({ "state": "abiertas" }), vec![7, 3, 2, 1]),
        (json!({ "state": "open" }), vec![7, 3, 2, 1]),
        (json!({ "state": "Ganada" }), vec![6, 5, 4]),
        (json!({ "state": "perdida" }), vec![8]),
        (json!({ "salesperson": "laura mendez" }), vec![7]),
        (json!({ "customer": "almacenes" }), vec![7]),
        (json!({ "from": "2026-11-05", "to": "2026-11-09" }), vec![6, 3]),
        (json!({ "from": "2026-11-09T11:00:00Z" }), vec![7]),
        (json!({ "to": "2026-10-15" }), vec![8]),
        (json!({ "offset": "6" }), vec![4, 8]),
    ] {
        assert_eq!(ids(&app.call("list_sales", arguments.clone()).await), found, "{arguments}");
    }
    for (arguments, says) in [
        (json!({ "customer": "Nadie" }), "\n- customer: nothing in Odoo is called \"Nadie\""),
        (json!({ "salesperson": "Nadie" }), "no user is called \"Nadie\""),
        (json!({ "salesperson": "a" }), "repeat with user_id"),
        (
            json!({ "salesperson": "Laura", "user_id": 8 }),
            "\n- salesperson: cannot be given together with user_id",
        ),
        (json!({ "from": "ayer" }), "\n- from: must be a time"),
    ] {
        let said = app.error("list_sales", arguments).await;
        assert!(said.contains(says), "{said}");
    }
}

/// However long the names are: what a model reads at once, cut at a record, with how to go on.
#[tokio::test(flavor = "multi_thread")]
async fn no_list_is_longer_than_a_model_reads() {
    let app = McpTools::start().await;
    let long = "x".repeat(400);
    let values: Vec<Value> = (0..400)
        .map(|n| json!({ "partner_id": 16, "client_order_ref": "long", "origin": n.to_string() }))
        .collect();
    app.sandbox().execute("sale.order", "create", vec![json!(values)], Map::new()).unwrap();
    let renamed = vec![json!([16]), json!({ "name": long })];
    app.sandbox().execute("res.partner", "write", renamed, Map::new()).unwrap();
    let (mut seen, mut offset) = (Vec::new(), json!(0));
    while !offset.is_null() {
        let result = app.result("list_sales", json!({ "q": "long", "limit": 500, "offset": offset })).await;
        let bytes = serde_json::to_vec(&result).unwrap().len();
        assert!(bytes <= 80_000, "{bytes}");
        let page = result.structured_content.unwrap();
        seen.extend(ids(&page));
        offset = page["next_offset"].clone();
        assert!(offset.is_null() || page["total"] == 400, "{}", page["total"]);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 400, "each of them, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_is_a_sale_of_a_thousand_lines() {
    for (note, calls) in [(0, 2..), (30_000, 4..)] {
        let app = McpTools::start().await;
        let lines: Vec<Value> = (0..1000)
            .map(|n| json!({ "order_id": 7, "product_id": 26174, "product_uom_qty": 1, "price_unit": n }))
            .collect();
        app.sandbox().execute("sale.order.line", "create", vec![json!(lines)], Map::new()).unwrap();
        let noted = vec![json!([7]), json!({ "note": "x".repeat(note) })];
        app.sandbox().execute("sale.order", "write", noted, Map::new()).unwrap();
        let (mut seen, mut offset, mut asked) = (Vec::new(), json!(0), 0);
        while !offset.is_null() {
            let result = app.result("get_sale", json!({ "sale_id": 7, "lines_offset": offset })).await;
            let bytes = serde_json::to_vec(&result).unwrap().len();
            assert!(bytes <= 80_000, "{bytes}");
            let sale = result.structured_content.unwrap()["record"].take();
            seen.extend(sale["lines"].as_array().unwrap().iter().map(|line| line["id"].as_i64().unwrap()));
            offset = sale["lines_next_offset"].clone();
            assert!(offset.is_null() || sale["lines_total"] == 1002, "{}", sale["lines_total"]);
            asked += 1;
        }
        assert!(calls.contains(&asked), "{asked}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 1002, "each of them, once");
    }
}
