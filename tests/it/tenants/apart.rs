//! What is one tenant's is nobody else's, by any route.

use std::fs;
use std::sync::Arc;

use mcp_odoo_sandbox::Options;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Seat, World, seat};
use crate::support::app::{Odoo, REQUEST_LINES, TestApp, request};
use crate::support::odoo::{Made, search};

const EMAIL: &str = "same@torres.mx";
const KEY: &str = "order-1001";

/// Nothing of this quotation is told to this caller.
async fn sees_nothing(seat: &Seat, id: &str, name: &str) {
    let document: Value = seat.get("/openapi.json").await.json().await.unwrap();
    let paths = document["paths"].as_object().unwrap().keys().filter(|path| path.contains("{tracking_id}"));
    let paths: Vec<_> = paths.collect();
    assert!(paths.len() >= 2, "{paths:?}");
    for path in paths {
        let answer = seat.get(&path.replace("{tracking_id}", id)).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let caller = seat.mcp().await;
    let said = caller.error("dev_get_quotation_status", json!({ "tracking_id": id })).await;
    assert!(!said.contains(name) && said.contains("not_found"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_and_one_address_are_two_quotations() {
    let world = World::start(&["acme", "beta"]).await;
    let (acme, beta) = (world.seat("acme"), world.seat("beta"));
    let (body, key) = (request(EMAIL), Some(KEY));
    let (one, other) = tokio::join!(acme.quote(&body, key), beta.quote(&body, key));
    let ids = [&one, &other].map(|status| status["tracking_id"].as_str().unwrap());
    assert_ne!(ids[0], ids[1]);
    for (name, id) in ["acme", "beta"].into_iter().zip(ids) {
        Made::by_email(&world.odoo(name).sandbox, EMAIL).assert_exactly_once(&REQUEST_LINES, name);
        let logs: Vec<_> =
            fs::read_dir(world.logs(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        let log = logs.iter().find(|path| path.to_str().unwrap().contains(id)).unwrap();
        let log: Value = serde_json::from_slice(&fs::read(log).unwrap()).unwrap();
        assert_eq!((&log["tenant"], &log["owner"]), (&json!(name), &json!(name)));
    }
    assert!(world.app.logs().is_empty(), "the environment's tenant has none of them");
    sees_nothing(&acme, ids[1], "Almacenes").await;
    sees_nothing(&beta, ids[0], "Almacenes").await;
    // The key means to each what it meant.
    assert_eq!(acme.quote(&body, key).await["tracking_id"], ids[0]);
    assert_eq!(beta.quote(&body, key).await["tracking_id"], ids[1]);
}

/// Two companies of one database, say.
#[tokio::test(flavor = "multi_thread")]
async fn one_odoo_may_have_two_tenants() {
    let odoo = Odoo::start(Options::default()).await;
    let odoos = ["acme", "beta"].map(|name| (name.to_owned(), Arc::clone(&odoo))).into();
    let folder = Arc::new(TempDir::new().unwrap());
    let world = World::build(TestApp::builder(), odoos, folder, &[], |_| {}).await;
    let (acme, beta) = (world.seat("acme"), world.seat("beta"));
    let one = acme.quote(&request(EMAIL), Some(KEY)).await;
    let other = beta.quote(&request(EMAIL), Some(KEY)).await;
    assert_ne!(one["output"]["sale_order_id"], other["output"]["sale_order_id"], "{one} {other}");
    let made = Made::by_email(&odoo.sandbox, EMAIL);
    assert_eq!((made.partners.len(), made.orders.len()), (1, 2), "{made:?}");
    // So it is for what tools make.
    for (seat, count) in [(&acme, 1), (&beta, 2), (&acme, 2), (&beta, 2)] {
        let sale = json!({ "partner_id": 16, "idempotency_key": KEY, "note": "of-a-tool" });
        seat.mcp().await.call("dev_create_sale", sale).await;
        let domain = json!([["note", "ilike", "of-a-tool"]]);
        assert_eq!(search(&odoo.sandbox, "sale.order", domain, &["name"]).len(), count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_work_for_their_own_tenants_only() {
    let world = World::start(&["acme", "beta"]).await;
    let as_acme = |tenant| seat(&world.app.url, &[("x-api-key", "acme"), ("x-tenant", tenant)]);
    for foreign in ["beta", "default", "nobody", "_a", "../beta", ""] {
        let answer = as_acme(foreign).post("/api/quotation/async", &request(EMAIL), None).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{foreign}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "tenant_not_allowed");
    }
    as_acme("acme").quote(&request(EMAIL), None).await;
    assert!(!world.logs("beta").exists(), "nobody has called for it");
    let no_key = seat(&world.app.url, &[("x-tenant", "acme")]).get("/api/quotation/status/quot_1").await;
    assert_eq!(no_key.status(), StatusCode::UNAUTHORIZED);
}
