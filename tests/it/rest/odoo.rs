//! `/odoo/*`: records by the names of Odoo's own clients.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::access::{client_of, start};
use crate::support::app::TestApp;

async fn query(app: &TestApp, body: Value) -> (StatusCode, Value) {
    let answer = app.client.post(format!("{}/odoo/query", app.url)).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn done(app: &TestApp, body: Value) -> Value {
    let (status, answer) = query(app, body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{body}: {answer}");
    answer
}

#[tokio::test]
async fn records_are_read_as_odoo_calls_it() {
    let app = TestApp::start().await;
    let domain = json!([["is_company", "=", true]]);
    let found =
        done(&app, json!({ "model": "res.partner", "domain": domain, "fields": ["name"], "limit": 2 })).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 2, "{found}");
    let named = json!({ "model": "res.partner", "method": "search_read", "domain": domain, "fields": ["name"], "limit": 2 });
    assert_eq!(done(&app, named).await, found);
    let ids =
        done(&app, json!({ "model": "res.partner", "method": "search", "domain": domain, "limit": 2 })).await;
    let of: Vec<_> = found["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert_eq!((&ids["ids"], &ids["total"]), (&json!(of), &found["total"]), "{ids}");
    let count =
        done(&app, json!({ "model": "res.partner", "method": "search_count", "domain": domain })).await;
    assert_eq!(count, json!({ "count": found["total"] }));
    let one =
        done(&app, json!({ "model": "res.partner", "method": "read", "ids": [of[0]], "fields": ["name"] }))
            .await;
    assert_eq!(one["items"][0]["name"], found["items"][0]["name"], "{one}");
    let both = json!([of[0], of[1], 999_999]);
    let both =
        done(&app, json!({ "model": "res.partner", "method": "read", "ids": both, "fields": ["name"] }))
            .await;
    assert_eq!((both["items"].as_array().unwrap().len(), &both["missing"]), (2, &json!([999_999])), "{both}");
    // In the order asked for, also without saying how.
    for method in [json!("read"), json!("search_read"), Value::Null] {
        let turned =
            json!({ "model": "res.partner", "method": method, "ids": [of[1], of[0]], "fields": ["name"] });
        let turned = done(&app, turned).await;
        assert_eq!(turned["items"], json!([found["items"][1], found["items"][0]]), "{method}");
    }
    let groups = json!({ "model": "sale.order", "method": "read_group", "groupby": ["state"], "fields": ["amount_total:sum"] });
    let mut groups_of_all = groups.clone();
    groups_of_all["lazy"] = json!(false);
    groups_of_all["fields"] = json!(["amount_total:sum", "__count"]);
    let groups = done(&app, groups).await;
    assert_eq!(done(&app, groups_of_all).await, groups);
    assert!(groups["items"][0]["count"].is_u64(), "{groups}");
    let most = json!({ "model": "sale.order", "method": "read_group", "groupby": ["state"], "orderby": "__count desc", "limit": 1 });
    let most = done(&app, most).await;
    assert_eq!(most["items"].as_array().unwrap().len(), 1, "{most}");
    let fields =
        done(&app, json!({ "model": "res.partner", "method": "fields_get", "fields": ["name", "email"] }))
            .await;
    assert_eq!(fields["fields"].as_array().unwrap().len(), 2, "{fields}");
    assert_eq!(app.get_json("/odoo/models/res.partner/fields?fields=name,email").await, fields);
    let of_odoo = json!({ "model": "res.partner", "method": "fields_get", "allfields": ["name", "email"] });
    assert_eq!(done(&app, of_odoo).await, fields);
}

/// As the tool of the same operation tells it.
#[tokio::test]
async fn models_are_listed() {
    let app = TestApp::start().await;
    let models = app.get_json("/odoo/models?q=partner").await;
    let call = json!({ "name": "list_models", "arguments": { "q": "partner" } });
    let told = app.client.post(format!("{}/mcp/tools/call", app.url)).json(&call).send().await.unwrap();
    let told: Value = told.json().await.unwrap();
    match told["isError"].as_bool().unwrap() {
        false => assert_eq!(models, told["structuredContent"]),
        true => {
            assert!(told["content"][0]["text"].as_str().unwrap().contains(models["code"].as_str().unwrap()))
        }
    }
}

#[tokio::test]
async fn records_are_made_changed_and_deleted_once() {
    let app = TestApp::start().await;
    let make = json!({ "model": "res.partner", "method": "create", "values": { "name": "Query & Co" }, "idempotency_key": "q1" });
    let made = done(&app, make.clone()).await;
    assert_eq!(
        (&done(&app, make).await["id"], made["record"]["name"].as_str()),
        (&made["id"], Some("Query & Co"))
    );
    let id = &made["id"];
    done(
        &app,
        json!({ "model": "res.partner", "method": "write", "ids": [id], "values": { "city": "Puebla" } }),
    )
    .await;
    let read =
        done(&app, json!({ "model": "res.partner", "method": "read", "ids": [id], "fields": ["city"] }))
            .await;
    assert_eq!(read["items"][0]["city"], "Puebla", "{read}");
    let both =
        json!({ "model": "res.partner", "method": "write", "ids": [id, 16], "values": { "city": "León" } });
    let both = done(&app, both).await;
    assert_eq!(both["records"][1]["changed"][0]["new"], "León", "{both}");
    let unlink =
        json!({ "model": "res.partner", "method": "unlink", "ids": [id], "context": { "lang": "es_ES" } });
    done(&app, unlink).await;
    let count = json!({ "model": "res.partner", "method": "search_count", "domain": [["id", "=", id]] });
    assert_eq!(done(&app, count).await["count"], 0);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::start().await;
    let cases = [
        (json!({}), "model"),
        (json!({ "model": "res.partner", "method": 7 }), "method: must be the name of a method"),
        (json!({ "model": "res.partner", "x": 1 }), "unknown field `x`"),
        (json!({ "model": "res.partner", "method": "read" }), "ids: must be a list of ids"),
        (
            json!({ "model": "res.partner", "method": "write", "values": { "city": "x" } }),
            "ids: must be a list of ids",
        ),
        (json!({ "model": "res.partner", "method": "unlink" }), "ids: must be a list of ids"),
        (json!({ "model": "sale.order", "method": "action_confirm" }), "ids: must name the records"),
        (
            json!({ "model": "res.partner", "method": "write", "ids": [], "values": { "city": "x" } }),
            "at least one id",
        ),
        (json!({ "model": "res.partner", "method": "read", "ids": [1, "x"] }), "must be an id in Odoo"),
        (json!({ "model": "res.partner", "method": "read", "ids": [1, 2], "context": "es_MX" }), "context"),
        (json!({ "model": "res.partner", "offset": -1 }), "0 or more"),
        (json!({ "model": "res.partner", "fields": ["nmae"] }), "nmae"),
        (json!([1]), "send a JSON object"),
    ];
    for (body, words) in cases {
        let (status, problem) = query(&app, body.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {problem}");
        assert!(problem.to_string().contains(words), "{body}: {problem}");
    }
    let (status, problem) =
        query(&app, json!({ "model": "res.partner", "method": "_write", "ids": [1] })).await;
    assert!(status.is_client_error(), "{status}: {problem}");
}

#[tokio::test]
async fn rules_and_permissions_hold() {
    let rules =
        "permissions = [\"read\"]\n\n[models]\n\"res.partner\" = { read = true, hide = [\"email\"] }\n";
    let (app, _folder) = start(&[("reads", rules)]).await;
    let ask = async |body: Value| {
        let request = client_of("reads").post(format!("{}/odoo/query", app.url)).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let (status, found) = ask(json!({ "model": "res.partner", "limit": 3 })).await;
    assert!(status == StatusCode::OK && !found.to_string().contains('@'), "{found}");
    let closed = [
        (json!({ "model": "sale.order" }), "model_closed"),
        (json!({ "model": "res.partner", "method": "create", "values": { "name": "x" } }), "forbidden"),
        (json!({ "model": "res.partner", "method": "unlink", "ids": [1] }), "forbidden"),
        (json!({ "model": "res.partner", "method": "message_post", "ids": [1] }), "forbidden"),
    ];
    for (body, code) in closed {
        let (status, problem) = ask(body.clone()).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!(code)), "{body}: {problem}");
    }
    for body in [
        json!({ "model": "res.partner", "fields": ["email"] }),
        json!({ "model": "res.partner", "domain": [["email", "like", "a"]], "method": "search_count" }),
        json!({ "model": "res.partner", "method": "read_group", "groupby": ["email"] }),
    ] {
        let (status, problem) = ask(body.clone()).await;
        assert!(status.is_client_error(), "{body}: {status} {problem}");
    }
}
