//! A tenant whose Odoo hangs, or that asks for too much, delays no other.

use std::sync::Arc;

use futures::future::join_all;
use reqwest::StatusCode;

use super::World;
use crate::support::app::{REQUEST_LINES, request};
use crate::support::odoo::Made;
use crate::support::proxy::Fault;

/// No call to the hanging Odoo is answered before the other tenant's quotations are made: nothing of theirs waits for one.
#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_odoo_holds_up_its_own_tenant_only() {
    const FLOOD: usize = 300;
    let world = World::start(&["acme", "beta"]).await;
    let (acme, beta) = (world.seat("acme"), world.seat("beta"));
    world.odoo("acme").proxy.plan(|_, _| Some(Fault::Late));
    let flood = (0..FLOOD).map(|n| {
        let acme = acme.clone();
        async move { acme.accepted(&request(&format!("{n}@acme.mx")), None).await }
    });
    let ids = join_all(flood).await;
    let (caller, other) = (acme.mcp().await, beta.mcp().await);
    let hanging = caller.begin("list_sales", serde_json::json!({})).await;
    world.odoo("acme").proxy.until(|calls| !calls.is_empty()).await;

    let made = (0..20).map(|n| {
        let beta = beta.clone();
        async move { beta.quote(&request(&format!("{n}@beta.mx")), None).await }
    });
    join_all(made).await;
    other.call("list_sales", serde_json::json!({})).await;
    for n in 0..20 {
        let made = Made::by_email(&world.odoo("beta").sandbox, &format!("{n}@beta.mx"));
        made.assert_exactly_once(&REQUEST_LINES, "beta");
    }
    for id in &ids {
        let (status, told) = acme.status(id).await;
        assert_eq!(status, StatusCode::OK);
        assert!(told["status"] == "queued" || told["status"] == "processing", "{told}");
    }
    drop(hanging);
}

/// Each has a queue of its own, and of the same length.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_its_own() {
    let odoos = World::start(&["acme", "beta"]).await;
    let (folder, list) = (Arc::clone(&odoos.folder), odoos.odoos.clone());
    let earlier = odoos.app.stop().await;
    let app = crate::support::app::TestApp::builder().after(earlier);
    let world = World::build(app, list, folder, &[], |config| config.tasks.queue_capacity = 4).await;
    let (acme, beta) = (world.seat("acme"), world.seat("beta"));
    world.odoo("acme").proxy.plan(|_, _| Some(Fault::Late));
    for n in 0..2 {
        acme.accepted(&request(&format!("{n}@acme.mx")), None).await;
    }
    let refused = acme.post("/api/quotation/async", &request("2@acme.mx"), None).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    beta.quote(&request("0@beta.mx"), None).await;
}
