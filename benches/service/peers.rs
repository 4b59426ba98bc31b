//! What the product is measured beside, and with: each a process of its own.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
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

/// An Odoo that takes no time: it answers what a quotation asks, always the same.
fn instant() -> Router {
    let next = Arc::new(AtomicI64::new(1));
    let answer = async move |Json(call): Json<Value>| {
        let args = &call["params"]["args"];
        let result = match (&call["params"]["method"], &args[3], &args[4]) {
            (method, ..) if method == "version" => json!({ "server_version": "19.0" }),
            (method, ..) if method == "authenticate" => json!(2),
            (_, model, method) => records(model.as_str().unwrap(), method.as_str().unwrap(), &next),
        };
        Json(json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }))
    };
    Router::new().route("/jsonrpc", post(answer)).fallback(any(async || ""))
}

fn records(model: &str, method: &str, next: &AtomicI64) -> Value {
    match (model, method) {
        (_, "load") => json!({ "ids": [next.fetch_add(1, Ordering::Relaxed)], "messages": [] }),
        ("product.product", _) => json!([{ "id": 26174, "sale_ok": true }]),
        ("crm.team", _) => json!([{ "id": 1, "member_ids": [2, 6] }]),
        ("sale.order", _) => json!([{
            "id": 1, "name": "S00001", "partner_id": [1, "Almacenes Torres"], "user_id": [2, "Administrator"],
            "opportunity_id": [1, "Cotización Robot PUDU"], "amount_total": 1160.0, "currency_id": [33, "MXN"],
        }]),
        ("sale.order.line", _) => json!([{
            "id": 1, "product_id": [26174, "PUDU CC1"], "name": "PUDU CC1", "product_uom_qty": 1.0,
            "price_unit": 1000.0,
        }]),
        _ => json!([]),
    }
}
