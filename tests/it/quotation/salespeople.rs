//! Who gets a quotation.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Map, Value, json};

use crate::support::app::{TestApp, request};
use crate::support::odoo::search;

/// Open opportunities of each member of a sales team.
fn open(app: &TestApp, team_ids: &Value) -> BTreeMap<i64, usize> {
    let teams = search(app.sandbox(), "crm.team", team_ids.clone(), &["member_ids"]);
    let members = teams.iter().flat_map(|team| team["member_ids"].as_array().unwrap());
    let mut open: BTreeMap<i64, usize> = members.map(|id| (id.as_i64().unwrap(), 0)).collect();
    let domain = json!([["type", "=", "opportunity"], ["stage_id.is_won", "=", false]]);
    for lead in search(app.sandbox(), "crm.lead", domain, &["user_id"]) {
        if let Some(count) = lead["user_id"][0].as_i64().and_then(|user| open.get_mut(&user)) {
            *count += 1;
        }
    }
    open
}

/// Gives each of `count` quotations to whoever has the fewest, the lowest id on a tie.
fn spread(mut open: BTreeMap<i64, usize>, count: usize) -> BTreeMap<i64, usize> {
    for _ in 0..count {
        let (_, user) = open.iter().map(|(user, count)| (*count, *user)).min().unwrap();
        *open.get_mut(&user).unwrap() += 1;
    }
    open
}

async fn burst(app: &TestApp, name: &str, count: usize) {
    let bodies: Vec<Value> = (0..count).map(|n| request(&format!("{name}.{n}@spread.example"))).collect();
    for status in join_all(bodies.iter().map(|body| app.quote(body))).await {
        assert_eq!(status["status"], "completed", "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_spread_evenly() {
    let app = TestApp::start().await;
    let before = open(&app, &json!([]));
    assert!(before.len() > 1, "{before:?}");
    burst(&app, "burst", 40).await;
    assert_eq!(open(&app, &json!([])), spread(before, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_configured_teams() {
    let app = TestApp::builder().configure(|config| config.sales.team_ids = vec![1]).start().await;
    let (team, all) = (json!([["id", "=", 1]]), json!([]));
    let (before, all_before) = (open(&app, &team), open(&app, &all));
    burst(&app, "team", 6).await;
    let after = open(&app, &team);
    assert_eq!(after, spread(before, 6));
    let others = |open: &BTreeMap<i64, usize>| {
        open.iter().filter(|(user, _)| !after.contains_key(user)).map(|(_, n)| *n).sum::<usize>()
    };
    assert_eq!(others(&all_before), others(&open(&app, &all)));
}

/// Without a member in any team, every internal user is a salesperson.
#[tokio::test(flavor = "multi_thread")]
async fn internal_users_where_teams_are_empty() {
    let app = TestApp::start().await;
    for team in search(app.sandbox(), "crm.team", json!([]), &["name"]) {
        let no_members = json!({ "member_ids": [[6, 0, []]] });
        app.sandbox()
            .execute("crm.team", "write", vec![json!([team["id"]]), no_members], Map::new())
            .unwrap();
    }
    let status = app.quote(&request("nobody@spread.example")).await;
    assert_eq!(status["status"], "completed", "{status}");
    let user = &status["output"]["user_id"];
    assert_eq!(
        search(app.sandbox(), "res.users", json!([["id", "=", user], ["share", "=", false]]), &["name"])
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_salesperson_that_was_asked_for() {
    let app = TestApp::start().await;
    let mut body = request("asked@spread.example");
    body["user_id"] = json!(2);
    let status = app.quote(&body).await;
    assert_eq!(status["output"]["user_id"], 2, "{status}");
    assert_eq!(status["output"]["steps"]["user"], "given");
}
