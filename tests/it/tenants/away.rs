//! Tenants come into memory when they are asked for, and leave it when they idle.

use std::time::Duration;

use futures::future::join_all;
use reqwest::StatusCode;

use super::World;
use crate::support::app::{REQUEST_LINES, request};
use crate::support::odoo::Made;
use crate::support::proxy::Fault;

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_first_get_one() {
    let world = World::start(&["acme"]).await;
    let acme = world.seat("acme");
    assert_eq!(world.app.state.tenants.count(), 0, "nobody has asked for it");
    let body = request("first@acme.mx");
    let ids = join_all((0..50).map(|_| acme.accepted(&body, Some("one")))).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    acme.finished(&ids[0]).await;
    assert_eq!(world.app.state.tenants.count(), 1);
    let made = Made::by_email(&world.odoo("acme").sandbox, "first@acme.mx");
    made.assert_exactly_once(&REQUEST_LINES, "acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_one_is_put_away_and_comes_back() {
    let world = World::start(&["acme"]).await;
    let (acme, tenants) = (world.seat("acme"), world.app.state.tenants.clone());
    let first = acme.quote(&request("idle@acme.mx"), Some("first")).await;
    // Its last step is in the log, but the end of its task may not be noticed yet.
    until_away(&tenants).await;
    assert!(world.logs("acme").join(".settled").exists());
    let id = first["tracking_id"].as_str().unwrap();
    let (status, told) = acme.status(id).await;
    assert_eq!((status, &told["output"]), (StatusCode::OK, &first["output"]));
    assert!(!world.logs("acme").join(".settled").exists(), "there may be work again");
    until_away(&tenants).await;
    let again = acme.quote(&request("idle@acme.mx"), Some("first")).await;
    assert_eq!(again["tracking_id"], first["tracking_id"]);
    acme.quote(&request("idle-2@acme.mx"), None).await;
    let made = Made::by_email(&world.odoo("acme").sandbox, "idle@acme.mx");
    made.assert_exactly_once(&REQUEST_LINES, "acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_with_work_stays() {
    let world = World::start(&["acme"]).await;
    let (acme, tenants) = (world.seat("acme"), &world.app.state.tenants);
    world.odoo("acme").proxy.plan(|_, _| Some(Fault::Refuse));
    let id = acme.accepted(&request("works@acme.mx"), None).await;
    for _ in 0..10 {
        tenants.put_away(Duration::ZERO).await;
    }
    assert_eq!(tenants.count(), 1);
    world.odoo("acme").proxy.plan(|_, _| None);
    assert_eq!(acme.finished(&id).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_a_restart_interrupts_is_taken_up_without_a_call() {
    let world = World::start(&["acme", "beta"]).await;
    let (acme, beta) = (world.seat("acme"), world.seat("beta"));
    beta.quote(&request("done@beta.mx"), None).await;
    until_away(&world.app.state.tenants).await;
    world.odoo("acme").proxy.plan(|_, _| Some(Fault::Refuse));
    let id = acme.accepted(&request("left@acme.mx"), None).await;
    let world = world.restart().await;
    world.odoo("acme").proxy.plan(|_, _| None);
    // Nobody asks for it.
    world.odoo("acme").proxy.until(|calls| calls.iter().any(|call| call.ends_with(".load"))).await;
    assert_eq!(world.app.state.tenants.count(), 1, "the other one has nothing to do");
    assert_eq!(world.seat("acme").finished(&id).await["status"], "completed");
    let made = Made::by_email(&world.odoo("acme").sandbox, "left@acme.mx");
    made.assert_exactly_once(&REQUEST_LINES, "acme");
}

/// Until all are put away: what has ended is known to have ended a moment later.
async fn until_away(tenants: &mcp_odoo_core::tenants::Tenants) {
    while tenants.count() > 0 {
        tenants.put_away(Duration::ZERO).await;
        tokio::task::yield_now().await;
    }
}
