//! `search` and `fetch`, as ChatGPT's connectors use them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::mcp::client::soon;
use crate::support::mcp::{McpTools, text};
use crate::support::proxy::Fault;

async fn found(app: &McpTools, arguments: Value) -> Vec<String> {
    let answer = app.call("search", arguments).await;
    let results = answer["results"].as_array().unwrap();
    results.iter().map(|result| result["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_find_projects_and_tasks() {
    let app = McpTools::start().await;
    assert_eq!(
        found(&app, json!({ "query": "robot" })).await,
        ["project:5", "task:13", "product:26175", "task:14", "product:26174"]
    );
    assert_eq!(found(&app, json!({ "query": "proyectos de robots" })).await, ["project:5"]);
    assert_eq!(found(&app, json!({ "query": "tareas robot PUDU" })).await, ["task:13"]);
    assert_eq!(found(&app, json!({ "query": "Tasks: entry hall" })).await, ["task:10"]);
    assert_eq!(found(&app, json!({ "query": "no such thing" })).await, Vec::<String>::new());
    assert_eq!(found(&app, json!({ "query": "projects" })).await.len(), 5, "all of them");
    assert_eq!(found(&app, json!({ "query": "ante" })).await, Vec::<String>::new(), "no word is everything");
    assert_eq!(
        found(&app, json!({ "query": "clientes torres" })).await,
        ["customer:16", "customer:43", "customer:42"]
    );
    assert_eq!(found(&app, json!({ "query": "tasks" })).await.len(), 10, "ten unless asked otherwise");
    assert_eq!(found(&app, json!({ "query": "tasks", "limit": 500 })).await.len(), 15);
    let mixed = found(&app, json!({ "query": "e", "limit": 4 })).await;
    let projects = mixed.iter().filter(|id| id.starts_with("project:")).count();
    assert_eq!((projects, mixed.len()), (1, 4), "{mixed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_are_asked_at_once_and_only_what_is_wanted() {
    let app = McpTools::builder().timeout(Duration::from_secs(60)).start_mcp().await;
    app.call("search", json!({ "query": "x" })).await;
    let (asked, mut both) = watch::channel(0);
    app.odoo.proxy.plan(move |_, _| {
        asked.send_modify(|asked| *asked += 1);
        Some(Fault::Late)
    });
    let call = app.begin("search", json!({ "query": "robot" })).await;
    soon(both.wait_for(|asked| *asked >= 4)).await.unwrap();
    call.cancel(None).await.unwrap();
    app.no_faults();
    app.call("search", json!({ "query": "robot" })).await;
    let mut calls = app.odoo.proxy.calls();
    calls.sort();
    // Names of products are looked for in each language.
    calls.dedup();
    let all = ["product.product.search_read", "project.project.search_read", "project.task.search_read"];
    assert_eq!(calls, [all.as_slice(), &["res.partner.search_read"]].concat());
    app.no_faults();
    app.call("search", json!({ "query": "tarea robot" })).await;
    assert_eq!(app.odoo.proxy.calls(), ["project.task.search_read"]);
}

/// The text is the structured answer as JSON: that is what ChatGPT reads.
#[tokio::test(flavor = "multi_thread")]
async fn the_text_is_json() {
    let app = McpTools::start().await;
    for (tool, arguments) in [("search", json!({ "query": "robot" })), ("fetch", json!({ "id": "task:13" }))]
    {
        let result = app.result(tool, arguments).await;
        let said: Value = serde_json::from_str(&text(&result)).unwrap();
        assert_eq!(Some(said), result.structured_content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_can_be_fetched() {
    let app = McpTools::start().await;
    let note = json!({ "description": "<h1>Plan</h1><p>Entregar el lunes &lt;temprano&gt;</p>" });
    for (model, id) in [("project.project", 5), ("project.task", 13)] {
        app.sandbox().execute(model, "write", vec![json!([id]), note.clone()], Default::default()).unwrap();
    }
    let results = app.call("search", json!({ "query": "robot" })).await["results"].clone();
    for result in results.as_array().unwrap() {
        let document = app.call("fetch", json!({ "doc_id": result["id"] })).await;
        for field in ["id", "title", "url"] {
            assert_eq!(document[field], result[field]);
        }
        assert!(document["text"].as_str().unwrap().starts_with(document["title"].as_str().unwrap()));
        assert!(document["metadata"].is_object());
        assert_eq!(document, app.call("fetch", json!({ "id": result["id"] })).await);
    }
    let project = app.call("fetch", json!({ "doc_id": "project:5" })).await;
    let read = project["text"].as_str().unwrap();
    for told in [
        "manager: Laura Méndez",
        "customer: Almacenes Torres",
        "Plan\nEntregar el lunes <temprano>",
        "(task:13)",
    ] {
        assert!(read.contains(told), "{told}: {read}");
    }
    let task = app.call("fetch", json!({ "doc_id": "task:13" })).await;
    assert_eq!(task["metadata"]["assignees"], "Laura Méndez");
    assert_eq!(task["metadata"]["deadline"], "2026-12-01T16:00:00Z");
}

/// Nothing that is left out is left unsaid.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_says_how_many_tasks_there_are_in_all() {
    let app = McpTools::start().await;
    let few = app.call("fetch", json!({ "doc_id": "project:5" })).await;
    assert_eq!(few["metadata"]["tasks"], "2");
    assert!(!few["text"].as_str().unwrap().contains(" more: "), "{few}");
    let values: Vec<Value> =
        (0..60).map(|n| json!({ "name": format!("Tarea {n}"), "project_id": 5 })).collect();
    app.sandbox().execute("project.task", "create", vec![json!(values)], Default::default()).unwrap();
    let many = app.call("fetch", json!({ "doc_id": "project:5" })).await;
    let text = many["text"].as_str().unwrap();
    assert_eq!((text.matches("(task:").count(), &many["metadata"]["tasks"]), (50, &json!("62")));
    assert!(
        text.contains("tasks: 62\n") && text.ends_with("and 12 more: list_tasks with project_id 5"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_arguments_say_what_to_send() {
    let app = McpTools::start().await;
    for (tool, arguments, says) in [
        ("search", json!({}), "\n- query: missing"),
        ("search", json!({ "query": "  " }), "\n- query: must not be empty"),
        ("search", json!({ "query": "x", "limit": 0 }), "\n- limit: "),
        ("fetch", json!({}), "\n- doc_id: give the id of a result of search"),
        ("fetch", json!({ "doc_id": "13" }), "\n- doc_id: is no id that search gave"),
        ("fetch", json!({ "id": "partner:13" }), "\n- doc_id: is no id that search gave"),
        ("fetch", json!({ "doc_id": "task:-1" }), "\n- doc_id: is no id that search gave"),
        ("fetch", json!({ "doc_id": "task:1", "id": "task:2" }), "\n- doc_id: differs from id"),
        ("fetch", json!({ "doc_id": "task:999" }), "there is no task with id 999"),
        ("fetch", json!({ "doc_id": "project:999" }), "look its id up with search"),
    ] {
        let said = app.error(tool, arguments).await;
        assert!(said.contains(says), "{tool}: {said}");
    }
}
