//! What the product is measured beside, and with: each a process of its own.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::routing::{any, get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use mcp_odoo_core::quotation::status::QuotationStatus;
use mcp_odoo_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Plays a part until it is killed.
pub async fn play(role: &str) {
    match role {
        "axum" => serve(bare_axum()).await,
        "sandbox" => serve(sandbox()).await,
        "instant" => serve(instant()).await,
        "rmcp" => serve(super::bare::router()).await,
        "rmcp-stdio" => super::bare::stdio().await,
        "decode" => super::codecs::decode(),
        other => panic!("no role {other}"),
    }
}

async fn serve(router: Router) {
    let port = std::env::var("PORT").unwrap().parse().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let listener = listener.tap_io(|io| io.set_nodelay(true).unwrap());
    axum::serve(listener, router).await.unwrap();
}

/// What axum does by itself: one route that answers with the status in `BENCH_DOCUMENT`.
fn bare_axum() -> Router {
    let document = std::env::var("BENCH_DOCUMENT").unwrap_or_else(|_| "null".to_owned());
    let document: Option<QuotationStatus> = serde_json::from_str(&document).unwrap();
    let answer = async |Path(_): Path<String>, State(document): State<Arc<Option<QuotationStatus>>>| {
        Json(document.as_ref().clone().unwrap()).into_response()
    };
    use axum::response::IntoResponse;
    Router::new().route("/api/quotation/status/{id}", get(answer)).with_state(Arc::new(document))
}

/// The embedded Odoo, which tells at `/bench/calls` how often it was called.
fn sandbox() -> Router {
    let number = |name: &str| std::env::var(name).map_or(0, |text| text.parse().unwrap());
    let latency = Duration::from_millis(number("BENCH_LATENCY_MS").into());
    let options = Options { latency, records: number("BENCH_RECORDS"), ..Options::default() };
    let calls = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&calls);
    let count = from_fn(move |request: Request, next: Next| {
        calls.fetch_add(1, Ordering::Relaxed);
        next.run(request)
    });
    let tell = get(async move || told.load(Ordering::Relaxed).to_string());
    Sandbox::new(options).router().layer(count).route("/bench/calls", tell)
}

/// An Odoo that takes no time: it answers what a quotation asks, always the same but for its reference.
fn instant() -> Router {
    let (next, origins) = (Arc::new(AtomicI64::new(1)), Arc::new(Mutex::new(HashMap::new())));
    let answer = async move |Json(call): Json<Value>| {
        let args = &call["params"]["args"];
        let result = match (&call["params"]["method"], args[3].as_str(), args[4].as_str()) {
            (method, ..) if method == "version" => json!({ "server_version": "19.0" }),
            (method, ..) if method == "authenticate" => json!(2),
            (.., Some("check_object_reference")) => {
                let data = json!({ "name": "builtins.ValueError", "message": "External ID not found in the system" });
                let error = json!({ "code": 200, "message": "Odoo Server Error", "data": data });
                return Json(json!({ "jsonrpc": "2.0", "id": call["id"], "error": error }));
            }
            (_, Some(model), Some("load")) => {
                let id = next.fetch_add(1, Ordering::Relaxed);
                let columns = args[5][0].as_array().unwrap();
                let origin = columns.iter().position(|name| name == "order_ids/origin");
                if let Some(origin) = origin.filter(|_| model == "crm.lead") {
                    origins.lock().unwrap().insert(id, args[5][1][0][origin].clone());
                }
                json!({ "ids": [id], "messages": [] })
            }
            (_, Some("sale.order"), _) => {
                let lead = args[5][0][0][2].as_i64().unwrap_or_default();
                order(lead, origins.lock().unwrap().remove(&lead).unwrap_or_default())
            }
            (_, Some("product.product"), _) => json!([{ "id": 26174, "sale_ok": true }]),
            (_, Some("crm.team"), _) => json!([{ "id": 1, "member_ids": [2, 6] }]),
            _ => json!([]),
        };
        Json(json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }))
    };
    Router::new().route("/jsonrpc", post(answer)).fallback(any(async || ""))
}

fn order(lead: i64, origin: Value) -> Value {
    let named = |id: i64, name: &str| json!({ "id": id, "display_name": name });
    let line = json!({
        "id": 1, "product_id": named(26174, "PUDU CC1"), "name": "PUDU CC1", "product_uom_qty": 1.0,
        "price_unit": 1000.0,
    });
    json!({ "length": 1, "records": [{
        "id": 1, "name": "S00001", "origin": origin, "partner_id": named(1, "Almacenes Torres"),
        "user_id": named(2, "Administrator"), "opportunity_id": named(lead, "Cotización Robot PUDU"),
        "amount_total": 1160.0, "currency_id": { "id": 33, "name": "MXN" }, "order_line": [line],
    }] })
}
