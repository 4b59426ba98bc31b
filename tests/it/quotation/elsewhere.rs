//! Callers who work for another company than the others of their tenant.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::access::{client_of, start, start_as};
use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::events::Events;
use crate::support::mcp::Caller;
use crate::support::odoo::{Made, search};
use crate::support::proxy::Fault;

const NORTH: &str = "permissions = [\"quotations\", \"read\", \"write\"]\ncompany = 2\n";
const SOUTH: &str = "permissions = [\"quotations\", \"read\", \"write\"]\ncompany = 1\n";
/// Sees what all have asked for.
const BOSS: &str = "permissions = [\"quotations\", \"read\", \"write\", \"admin\"]\n";
const LOST: &str = "permissions = [\"quotations\", \"read\"]\ncompany = 99\n";
const ALL: [(&str, &str); 4] = [("north", NORTH), ("south", SOUTH), ("boss", BOSS), ("lost", LOST)];

const ADMIN: i64 = 2;
const LAURA: i64 = 8;
/// Works for the first company only.
const CARLOS: i64 = 9;
const EMAIL: &str = "sofia@elsewhere.example";

async fn post(app: &TestApp, caller: &str, body: &Value, key: &str) -> (StatusCode, Value) {
    let request = client_of(caller).post(format!("{}/api/quotation/async", app.url)).json(body);
    let response = request.header("Idempotency-Key", key).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn finished(app: &TestApp, caller: &str, id: &str) -> Value {
    let events = client_of(caller).get(format!("{}/api/quotation/events/{id}", app.url));
    Events::new(events.send().await.unwrap()).last().await
}

async fn quote(app: &TestApp, caller: &str, body: &Value, key: &str) -> Value {
    let (status, answer) = post(app, caller, body, key).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    finished(app, caller, answer["tracking_id"].as_str().unwrap()).await
}

fn create(app: &TestApp, model: &str, values: Value) -> i64 {
    app.sandbox().execute(model, "create", vec![values], Map::new()).unwrap().as_i64().unwrap()
}

/// The company of a record.
fn company(app: &TestApp, model: &str, id: &Value) -> i64 {
    search(app.sandbox(), model, json!([["id", "=", id]]), &["company_id"])[0]["company_id"][0]
        .as_i64()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quotation_is_made_where_its_caller_works() {
    let (app, _folder) = start(&ALL).await;
    let theirs = create(&app, "res.partner", json!({ "name": "Sofía", "email": EMAIL, "company_id": 1 }));
    let [south, north] = [1, 2]
        .map(|company| create(&app, "product.product", json!({ "name": "Tina", "company_id": company })));
    let mut body = request(EMAIL);
    body["products"] = json!([{ "product_id": north, "price": 5 }]);
    let done = quote(&app, "north", &body, "made").await;
    assert_eq!(done["status"], "completed", "{done}");
    let output = &done["output"];
    assert_eq!(company(&app, "sale.order", &output["sale_order_id"]), 2);
    assert_eq!(company(&app, "crm.lead", &output["lead_id"]), 2);
    assert_ne!(output["partner_id"], theirs, "the customer is another company's");
    // Also what is found by its name is looked for there.
    body["products"] = json!([{ "product": "Tina", "price": 5 }]);
    for (caller, product) in [("north", north), ("south", south)] {
        let done = quote(&app, caller, &body, &format!("named {caller}")).await;
        assert_eq!(done["output"]["products_added"][0]["product_id"], product, "{done}");
    }
    for (caller, product) in [("north", south), ("south", north)] {
        body["products"] = json!([{ "product_id": product }]);
        let failed = quote(&app, caller, &body, &format!("other {caller}")).await;
        assert_eq!(failed["error_code"], "product_not_found", "{failed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn salespeople_are_those_of_the_callers_company_and_counted_there() {
    let (app, _folder) = start(&ALL).await;
    let least = async |caller: &str| {
        let caller = Caller::connect_by(client_of(caller), &app.url).await;
        caller.call("get_salesperson_with_least_opportunities", json!({})).await["user_id"].clone()
    };
    // Has the most of all, but none in the second company, for which nobody else works.
    assert_eq!(least("north").await, ADMIN);
    assert_ne!(least("boss").await, ADMIN);
    assert_ne!(least("south").await, ADMIN);
    for salesperson in [json!({ "user_id": CARLOS }), json!({ "salesperson": "carlos" })] {
        let mut body = request(EMAIL);
        body.as_object_mut().unwrap().extend(salesperson.as_object().unwrap().clone());
        let failed = quote(&app, "north", &body, &salesperson.to_string()).await;
        assert_eq!(failed["error_code"], "salesperson_not_found", "{failed}");
    }
    let north = Caller::connect_by(client_of("north"), &app.url).await;
    for user in [json!(CARLOS), json!("carlos")] {
        let said = north.error("dev_create_sale", json!({ "partner_id": 15, "user_id": user })).await;
        assert!(said.contains("user_id"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_spread_over_those_of_the_company() {
    let (app, _folder) = start(&ALL).await;
    let both = vec![json!([LAURA]), json!({ "company_ids": [[6, 0, [1, 2]]] })];
    app.sandbox().execute("res.users", "write", both, Map::new()).unwrap();
    let mut given = Vec::new();
    for n in 0..4 {
        let done = quote(&app, "north", &request(&format!("{n}@elsewhere.example")), &n.to_string()).await;
        given.push(done["output"]["user_id"].as_i64().unwrap());
    }
    assert_eq!(given, [ADMIN, LAURA, ADMIN, LAURA]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_not_two_companies() {
    let (app, _folder) = start(&ALL).await;
    let body = request(EMAIL);
    assert_eq!(quote(&app, "north", &body, "same").await["status"], "completed");
    for caller in ["south", "boss"] {
        let (status, answer) = post(&app, caller, &body, "same").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{caller}: {answer}");
    }
    // A service that knows nothing of it finds what is the caller's own in Odoo, and nobody else's.
    let other = TestApp::builder().after((app.odoo.clone(), TempDir::new().unwrap().into()));
    let (other, _folder) = start_as(other, &ALL).await;
    let south = quote(&other, "south", &body, "same").await;
    assert_eq!(south["output"]["steps"]["sale_order"], "created", "{south}");
    let other = TestApp::builder().after((app.odoo.clone(), TempDir::new().unwrap().into()));
    let (other, _folder) = start_as(other, &ALL).await;
    let north = quote(&other, "north", &body, "same").await;
    assert_eq!(north["output"]["steps"]["sale_order"], "existing", "{north}");
    let made = Made::by_email(app.sandbox(), EMAIL);
    let companies: BTreeSet<i64> =
        made.orders.iter().map(|order| company(&app, "sale.order", &order["id"])).collect();
    assert_eq!((made.orders.len(), companies), (2, BTreeSet::from([1, 2])), "{made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_records_are_apart_too() {
    let (app, _folder) = start(&ALL).await;
    for (tool, arguments) in [
        ("dev_create_sale", json!({ "partner_id": 15, "idempotency_key": "k" })),
        (
            "create_record",
            json!({ "model": "sale.order", "values": { "partner_id": 15 }, "idempotency_key": "k" }),
        ),
    ] {
        let mut made = Vec::new();
        for caller in ["north", "south", "boss", "north"] {
            let caller = Caller::connect_by(client_of(caller), &app.url).await;
            made.push(caller.call(tool, arguments.clone()).await["id"].clone());
        }
        assert_eq!(made[0], made[3], "{tool}: its own is found again");
        assert!(made[0] != made[1] && made[0] != made[2], "{tool}: {made:?}");
        assert_eq!((company(&app, "sale.order", &made[0]), company(&app, "sale.order", &made[1])), (2, 1));
    }
}

/// Where the caller works by then does not matter, only what was accepted.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_up_is_made_for_the_company_that_it_was_accepted_for() {
    for (is_old, made_in) in [(false, 2), (true, 1)] {
        let (app, _folder) = start(&ALL).await;
        app.proxy().plan(|_, _| Some(Fault::Refuse));
        let (_, accepted) = post(&app, "north", &request(EMAIL), "later").await;
        let id = accepted["tracking_id"].as_str().unwrap().to_owned();
        let (odoo, logs) = app.stop().await;
        let mut entries = fs::read_dir(logs.path()).unwrap().map(|entry| entry.unwrap().path());
        let of_it = |path: &PathBuf| path.to_str().unwrap().ends_with(&format!("_{id}.log"));
        let log = entries.find(of_it).unwrap();
        let mut content: Value = serde_json::from_slice(&fs::read(&log).unwrap()).unwrap();
        assert_eq!(content["company"], 2);
        if is_old {
            content.as_object_mut().unwrap().remove("company");
            fs::write(&log, content.to_string()).unwrap();
        }
        odoo.proxy.plan(|_, _| None);
        let moved = [("north", SOUTH)];
        let (app, _folder) = start_as(TestApp::builder().after((odoo, logs)), &moved).await;
        let done = finished(&app, "north", &id).await;
        assert_eq!(done["status"], "completed", "{done}");
        assert_eq!(company(&app, "sale.order", &done["output"]["sale_order_id"]), made_in);
        Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "taken up");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_is_none_is_told_with_those_there_are() {
    let (app, _folder) = start(&ALL).await;
    let failed = quote(&app, "lost", &request(EMAIL), "lost").await;
    assert_eq!(failed["error_code"], "company_not_found", "{failed}");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("1 (YourCompany) y 2 (YourCompany Norte)") && error.contains("99"), "{error}");
    assert!(!app.proxy().calls().iter().any(|call| call.ends_with(".load")), "nothing was made");
    let lost = Caller::connect_by(client_of("lost"), &app.url).await;
    let mut body = request(EMAIL);
    body["idempotency_key"] = json!("by a tool");
    let said = lost.error("dev_create_quotation", body).await;
    assert!(said.contains("YourCompany Norte"), "{said}");
    let said = lost.error("get_salesperson_with_least_opportunities", json!({})).await;
    assert!(said.contains("YourCompany Norte"), "{said}");
}

/// One thread: who has told what it begins with waits by then.
#[tokio::test]
async fn all_who_wait_to_hear_of_their_company_are_told_by_one_look() {
    const LOOK: &str = "res.company.search_read";
    let builder = TestApp::builder().configure(|config| config.tasks.workers = 4);
    let (app, _folder) = start_as(builder, &ALL).await;
    app.proxy().plan(|_, call| (call == LOOK).then_some(Fault::Held));
    let waiting = (0..4).map(async |n: usize| {
        let (_, accepted) = post(&app, "lost", &request(EMAIL), &n.to_string()).await;
        let id = accepted["tracking_id"].as_str().unwrap();
        let events = client_of("lost").get(format!("{}/api/quotation/events/{id}", app.url));
        let mut events = Events::new(events.send().await.unwrap());
        while !events.next().await.unwrap()["progress"].as_str().unwrap().starts_with("Comprobando") {}
        events
    });
    let waiting = join_all(waiting).await;
    app.proxy().release();
    for failed in join_all(waiting.into_iter().map(Events::last)).await {
        assert_eq!(failed["error_code"], "company_not_found", "{failed}");
    }
    assert_eq!(app.proxy().calls().iter().filter(|call| *call == LOOK).count(), 1);
}
