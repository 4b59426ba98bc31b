//! Products and salespeople by what people call them.

use serde_json::{Map, Value, json};

use crate::support::app::{TestApp, request};
use crate::support::odoo::{Made, search};

const EMAIL: &str = "rosa@names.example";

fn with_product(product: &str) -> Value {
    let mut body = request(EMAIL);
    body["products"] = json!([{ "product": product, "qty": 2 }]);
    body
}

fn create(app: &TestApp, values: Value) -> i64 {
    app.sandbox().execute("product.product", "create", vec![values], Map::new()).unwrap().as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_by_its_reference_or_exact_name() {
    let app = TestApp::start().await;
    let id = create(&app, json!({ "name": "Silla Ñandú", "default_code": "SILLA-7", "list_price": 80 }));
    for called in ["SILLA-7", "Silla Ñandú", " Silla Ñandú ", "[SILLA-7] Silla Ñandú"] {
        let status = app.quote(&with_product(called)).await;
        assert_eq!(status["status"], "completed", "{called}: {status}");
        assert_eq!(status["output"]["products_added"][0]["product_id"], id, "{called}");
        assert_eq!(status["output"]["amount_untaxed"], 160.0, "{called}");
    }
    let mut single = request(EMAIL);
    single.as_object_mut().unwrap().remove("products");
    single["product"] = json!("SILLA-7");
    assert_eq!(app.quote(&single).await["output"]["products_added"][0]["product_id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_stands_for_none_or_several_products_is_an_error_that_lists_them() {
    let app = TestApp::start().await;
    let one = create(&app, json!({ "name": "Mesa", "default_code": "M-1" }));
    let two = create(&app, json!({ "name": "Mesa", "default_code": "M-2" }));
    create(&app, json!({ "name": "Banco", "sale_ok": false }));
    let refused = async |called: &str, code: &str, words: &[&str]| {
        let status = app.quote(&with_product(called)).await;
        assert_eq!(status["error_code"], code, "{status}");
        let error = status["error"].as_str().unwrap();
        assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
    };
    refused("Mesa", "product_ambiguous", &[&format!("{one} ([M-1] Mesa)"), &format!("{two} ([M-2] Mesa)")])
        .await;
    refused("Mes", "product_not_found", &["«Mes»"]).await;
    refused("Banco", "product_not_sellable", &[]).await;
    assert!(Made::by_email(app.sandbox(), EMAIL).partners.is_empty(), "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_salesperson_by_name_login_or_address() {
    let app = TestApp::start().await;
    let user = &search(app.sandbox(), "res.users", json!([["login", "=", "demo"]]), &["name", "login"])[0];
    let name = user["name"].as_str().unwrap();
    for called in [name.to_owned(), name.to_uppercase(), "demo".to_owned()] {
        let mut body = request(EMAIL);
        body["salesperson"] = json!(called);
        let status = app.quote(&body).await;
        assert_eq!(status["output"]["user_id"], user["id"], "{called}: {status}");
        assert_eq!(status["output"]["steps"]["user"], "given");
    }
    let mut body = request(EMAIL);
    body["salesperson"] = json!("nadie");
    assert_eq!(app.quote(&body).await["error_code"], "salesperson_not_found");
    // A part of a word is nobody's name, a word may be of several.
    body["salesperson"] = json!("arc");
    assert_eq!(app.quote(&body).await["error_code"], "salesperson_not_found");
    let other = json!({ "name": "Marc Otro", "login": "otro" });
    app.sandbox().execute("res.users", "create", vec![other], Map::new()).unwrap();
    body["salesperson"] = json!("marc");
    let status = app.quote(&body).await;
    assert_eq!(status["error_code"], "salesperson_ambiguous", "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_and_a_name_at_once_are_refused() {
    let app = TestApp::start().await;
    let mut body = request(EMAIL);
    body["products"] = json!([{ "product_id": 1, "product": "Mesa" }, { "qty": 1 }]);
    (body["user_id"], body["salesperson"]) = (json!(2), json!("Marc"));
    let response = app.post(&body, None).await;
    assert_eq!(response.status(), 422);
    let answer = response.text().await.unwrap();
    for path in ["products[0].product", "products[1].product_id", "salesperson"] {
        assert!(answer.contains(&format!("\"{path}\"")), "{path}: {answer}");
    }
}
