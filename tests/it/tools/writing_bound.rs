//! However often a client cancels and repeats: so many writes are under way, and no more.

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::mcp::{Caller, McpTools};
use crate::support::odoo::search;
use crate::support::proxy::Fault;

const PLACES: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_writes_keep_their_places_until_they_are_done() {
    let app =
        McpTools::builder().configure(|config| config.calls.max_concurrency = 3 * PLACES).start_mcp().await;
    app.call("list_users", json!({})).await;
    let (count, mut held) = watch::channel(0);
    app.odoo.proxy.plan(move |_, name| {
        let hold = name == "sale.order.load" && *count.borrow() < PLACES;
        count.send_modify(|count| *count += usize::from(hold));
        hold.then_some(Fault::Held)
    });
    let mut calls = Vec::new();
    // Two sessions, since one that is full hears nothing, not even a cancellation.
    let other = Caller::connect(&app.app.url).await;
    for _ in 0..PLACES / 2 {
        for caller in [&app.caller, &other] {
            calls.push(caller.begin("dev_create_sale", json!({ "partner_id": 16 })).await);
        }
    }
    held.wait_for(|held| *held == PLACES).await.unwrap();
    for call in calls {
        call.cancel(None).await.unwrap();
    }
    let waiting = app.begin("dev_create_sale", json!({ "partner_id": 15 })).await;
    waiting.cancel(None).await.unwrap();
    let update =
        app.begin("dev_update_sale", json!({ "sale_id": 7, "values": { "origin": "in turn" } })).await;
    // What the session heard before this was taken in before it.
    app.call("get_sale", json!({ "sale_id": 7 })).await;
    let calls = app.odoo.proxy.calls();
    assert!(!calls.iter().any(|call| call == "sale.order.write"), "there was no place for it: {calls:?}");
    app.odoo.proxy.release();
    update.await_response().await.unwrap();
    assert!(app.odoo.proxy.calls().iter().any(|call| call == "sale.order.write"));
    let orders = |partner: i64| {
        let new = json!([["id", ">", 8], ["partner_id", "=", partner]]);
        search(app.sandbox(), "sale.order", new, &["name"])
    };
    assert_eq!(orders(16).len(), PLACES, "what was begun is seen through, once");
    assert_eq!(orders(15), Vec::<Value>::new(), "what was cancelled while it waited was not begun");
}
