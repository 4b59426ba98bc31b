//! What is read of sales, projects, tasks and users.

use std::time::Duration;

use mcp_odoo_sandbox::Version;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::mcp::client::soon;
use crate::support::mcp::McpTools;
use crate::support::proxy::Fault;

fn ids(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

async fn sales(app: &McpTools, arguments: Value) -> Vec<i64> {
    ids(&app.call("list_sales", arguments).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_are_listed_by_what_is_asked_for() {
    let app = McpTools::start().await;
    assert_eq!(sales(&app, json!({})).await, [7, 6, 3, 2, 1, 5, 4, 8]);
    assert_eq!(sales(&app, json!({ "partner_id": 16 })).await, [7]);
    assert_eq!(sales(&app, json!({ "user_id": 8 })).await, [7]);
    assert_eq!(sales(&app, json!({ "state": "sent" })).await, [7, 3]);
    assert_eq!(sales(&app, json!({ "q": "S00004" })).await, [4]);
    assert_eq!(sales(&app, json!({ "q": "almacenes" })).await, [7]);
    assert_eq!(sales(&app, json!({ "q": "guadalajara" })).await, [7], "the source document counts, too");
    assert_eq!(
        sales(&app, json!({ "q": "  ", "state": null, "limit": null })).await.len(),
        8,
        "blank is none"
    );
    assert_eq!(sales(&app, json!({ "state": "done" })).await, Vec::<i64>::new());
    let lock = vec![json!([6]), json!({ "locked": true })];
    app.sandbox().execute("sale.order", "write", lock, Default::default()).unwrap();
    assert_eq!(sales(&app, json!({ "state": "done" })).await, [6], "since Odoo 17 they are locked");
    let page = app.call("list_sales", json!({ "q": "S00007" })).await;
    let expected = json!({
        "id": 7, "name": "S00007", "partner": { "id": 16, "name": "Almacenes Torres" },
        "user": { "id": 8, "name": "Laura Méndez" }, "state": "sent", "date_order": "2026-11-11T18:40:00Z",
        "currency": "USD",
    });
    let mut sale = page["items"][0].clone();
    assert!(sale.as_object_mut().unwrap().remove("amount_total").unwrap().as_f64().unwrap() > 39_000.0);
    assert_eq!(sale, expected);
}

/// One call each; a second one counts, only when there is more.
#[tokio::test(flavor = "multi_thread")]
async fn limits_are_kept_and_totals_told() {
    let app = McpTools::start().await;
    let lists = [
        ("list_sales", "sale.order", 8),
        ("list_projects", "project.project", 5),
        ("list_tasks", "project.task", 15),
        ("list_users", "res.users", 5),
        ("find_users", "res.users", 5),
    ];
    app.call("list_users", json!({})).await;
    for (tool, model, all) in lists {
        app.no_faults();
        let page = app.call(tool, json!({ "limit": 2 })).await;
        assert_eq!((ids(&page).len(), &page["total"]), (2, &json!(all)), "{tool}");
        assert_eq!(app.odoo.proxy.calls(), [format!("{model}.search_read"), format!("{model}.search_count")]);
        app.no_faults();
        let page = app.call(tool, json!({ "limit": all })).await;
        assert_eq!((ids(&page).len(), page.get("total")), (all, None), "{tool}");
        assert_eq!(app.odoo.proxy.calls(), [format!("{model}.search_read")]);
        for bad in [json!(0), json!(-1), json!("many"), json!(1.5)] {
            let said = app.error(tool, json!({ "limit": bad })).await;
            assert!(said.contains("\n- limit: "), "{tool}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_is_longer_than_five_hundred() {
    let app = McpTools::start().await;
    let values: Vec<Value> =
        (0..510).map(|n| json!({ "name": format!("Tarea {n}"), "project_id": 5 })).collect();
    app.sandbox().execute("project.task", "create", vec![json!(values)], Default::default()).unwrap();
    let page = app.call("list_users", json!({ "limit": 100_000 })).await;
    assert_eq!(page.get("total"), None);
    let page = app.call("list_tasks", json!({ "project_id": 5, "limit": 100_000 })).await;
    // And never longer than a model reads at once, which is less here.
    let first = ids(&page).len();
    assert!((200..500).contains(&first), "{first}");
    assert_eq!((&page["total"], &page["next_offset"]), (&json!(512), &json!(first)));
    let page = app.call("list_tasks", json!({})).await;
    assert_eq!((ids(&page).len(), &page["total"]), (50, &json!(525)), "fifty unless asked otherwise");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_has_its_lines_in_every_version() {
    for version in [Version::V18, Version::V19] {
        let app = McpTools::builder().version(version).start_mcp().await;
        let note = json!({ "note": "<p>Pago a <b>30 días</b></p><p>IVA &amp; flete</p>" });
        app.sandbox().execute("sale.order", "write", vec![json!([7]), note], Default::default()).unwrap();
        let sale = app.call("get_sale", json!({ "sale_id": 7 })).await["record"].clone();
        assert_eq!(sale["opportunity"], json!({ "id": 11, "name": "Robots para hotel" }));
        assert_eq!(sale["note"], "Pago a 30 días\nIVA & flete");
        assert!(
            sale["url"].as_str().unwrap().ends_with("/web#id=7&model=sale.order&view_type=form"),
            "{sale}"
        );
        assert!(sale.get("payment_term").is_none(), "{sale}");
        let lines = sale["lines"].as_array().unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["product"]["id"], 26175);
        assert_eq!((&lines[0]["qty"], &lines[0]["price_unit"]), (&json!(2.0), &json!(18900.0)));
        assert_eq!(lines[0]["subtotal"], 37800.0);
        let without = app.call("get_sale", json!({ "sale_id": 7, "include_lines": false })).await;
        assert!(without["record"].get("lines").is_none(), "{without}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_an_error_that_says_where_to_look() {
    let app = McpTools::start().await;
    for (tool, arguments, says) in [
        ("get_sale", json!({ "sale_id": 999 }), "there is no sale with id 999 in Odoo"),
        ("get_task", json!({ "task_id": 999 }), "there is no task with id 999 in Odoo"),
        ("dev_read_sale", json!({ "sale_id": 999 }), "look its id up with list_sales"),
        ("get_sale", json!({ "sale_id": 0 }), "\n- sale_id: must be an id in Odoo, 1 or more"),
        ("get_sale", json!({}), "\n- sale_id: missing"),
        ("get_task", json!({ "task_id": "thirteen" }), "\n- task_id: "),
        ("list_sales", json!({ "state": "colour" }), "\n- state: must be open, won, lost"),
        ("list_sales", json!({ "partner": 1 }), "\n- partner: unknown field"),
        ("list_projects", json!({ "active": "maybe" }), "\n- active: "),
        ("list_users", json!({ "name": "x" }), "\n- name: unknown field"),
        ("get_salesperson_with_least_opportunities", json!({ "x": 1 }), "\n- x: unknown field"),
    ] {
        let said = app.error(tool, arguments).await;
        assert!(said.contains(says), "{tool}: {said}");
    }
}

/// There is one place for calls to Odoo, and a read that was cancelled gives it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_read_ends() {
    let builder = McpTools::builder().timeout(Duration::from_secs(60));
    let app = builder.configure(|config| config.calls.max_concurrency = 1).start_mcp().await;
    app.call("list_users", json!({})).await;
    let (asked, mut was_asked) = watch::channel(false);
    app.odoo.proxy.plan(move |_, _| {
        asked.send_replace(true);
        Some(Fault::Late)
    });
    let call = app.begin("list_sales", json!({})).await;
    soon(was_asked.wait_for(|asked| *asked)).await.unwrap();
    call.cancel(None).await.unwrap();
    app.no_faults();
    soon(app.call("list_users", json!({}))).await;
}

/// Some clients have no other numbers.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_number_may_be_a_floating_one() {
    let app = McpTools::start().await;
    let sale = app.call("get_sale", json!({ "sale_id": 7.0 })).await;
    assert_eq!(sale["record"]["id"], 7);
    let page = app.call("list_sales", json!({ "partner_id": 16.0, "limit": 5e0 })).await;
    assert!(!ids(&page).is_empty(), "{page}");
    for limit in [2.5, 1e300, -1.0] {
        let said = app.error("list_sales", json!({ "limit": limit })).await;
        assert!(said.contains("\n- limit: "), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_argument_is_not_said_to_be_missing_too() {
    let app = McpTools::start().await;
    let said = app.error("get_sale", json!({ "sale_id": "S00007" })).await;
    assert_eq!(said.matches("\n- ").count(), 1, "{said}");
    let said = app.error("get_sale", json!({})).await;
    assert!(said.ends_with("\n- sale_id: missing"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_and_archived_ones() {
    let app = McpTools::start().await;
    let page = app.call("list_projects", json!({ "q": "robots" })).await;
    let project = &page["items"][0];
    assert_eq!((ids(&page), &project["task_count"]), (vec![5], &json!(2)));
    assert_eq!(project["manager"], json!({ "id": 8, "name": "Laura Méndez" }));
    assert_eq!(project["partner"], json!({ "id": 16, "name": "Almacenes Torres" }));
    let archive = vec![json!([5]), json!({ "active": false })];
    app.sandbox().execute("project.project", "write", archive, Default::default()).unwrap();
    assert_eq!(ids(&app.call("list_projects", json!({})).await), [1, 2, 3, 4]);
    assert_eq!(ids(&app.call("list_projects", json!({ "active": false })).await), [5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_by_project_stage_person_and_words() {
    let app = McpTools::start().await;
    let tasks = async |arguments: Value| {
        let mut found = ids(&app.call("list_tasks", arguments).await);
        found.sort_unstable();
        found
    };
    assert_eq!(tasks(json!({ "project_id": 5 })).await, [13, 14]);
    assert_eq!(tasks(json!({ "assigned_to": 8 })).await, [13, 14]);
    assert_eq!(tasks(json!({ "assigned_to_name": "Carlos" })).await, [14]);
    assert_eq!(tasks(json!({ "stage_id": 3, "project_id": 1 })).await, [1, 2, 3]);
    assert_eq!(tasks(json!({ "q": "robot" })).await, [13]);
    let page = app.call("list_tasks", json!({ "q": "Instalar" })).await;
    let expected = json!({
        "id": 13, "name": "Instalar Robot PUDU", "project": { "id": 5, "name": "Instalación de robots" },
        "stage": { "id": 1, "name": "New" }, "assignee_ids": [8], "deadline": "2026-12-01T16:00:00Z",
        "urgent": true,
    });
    assert_eq!(page["items"][0], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_its_people_and_its_text() {
    let app = McpTools::start().await;
    let text = json!({ "description": "<p>Llevar <i>cables</i></p><ul><li>uno</li><li>dos</li></ul>" });
    app.sandbox().execute("project.task", "write", vec![json!([14]), text], Default::default()).unwrap();
    let task = app.call("get_task", json!({ "task_id": 14 })).await["record"].clone();
    let people = json!([{ "id": 9, "name": "Carlos Rivera" }, { "id": 8, "name": "Laura Méndez" }]);
    assert_eq!(task["assignees"], people);
    assert_eq!(task["description"], "Llevar cables\nuno\ndos");
    assert_eq!(task["urgent"], false);
    assert!(task.get("deadline").is_none(), "{task}");
    assert!(task["created"].as_str().unwrap().ends_with('Z'), "{task}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_by_name_login_or_address() {
    let app = McpTools::start().await;
    for q in ["laura", "Méndez", "laura.mendez@yourcompany"] {
        let page = app.call("find_users", json!({ "q": q })).await;
        let laura = json!({
            "id": 8, "name": "Laura Méndez", "login": "laura", "email": "laura.mendez@yourcompany.example.com",
        });
        assert_eq!(page, json!({ "items": [laura] }), "{q}");
    }
    assert_eq!(app.call("list_users", json!({ "q": "nobody" })).await, json!({ "items": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_salesperson_with_the_least_work() {
    let app = McpTools::start().await;
    for _ in 0..3 {
        let found = app.call("get_salesperson_with_least_opportunities", json!({})).await;
        assert_eq!(found, json!({ "user_id": 10, "name": "Ana Torres" }), "asking gives nothing out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odoo_that_is_down_is_an_error_with_advice() {
    for fault in Fault::ALL {
        let app = McpTools::builder().timeout(std::time::Duration::from_millis(200)).start_mcp().await;
        app.odoo.proxy.plan(move |_, _| Some(fault));
        for tool in [
            "list_sales",
            "list_projects",
            "list_tasks",
            "list_users",
            "get_salesperson_with_least_opportunities",
        ] {
            let said = app.error(tool, json!({})).await;
            assert!(said.contains(": try again"), "{fault:?} {tool}: {said}");
            assert!(!said.contains("Traceback") && said.contains(" (odoo_"), "{fault:?} {tool}: {said}");
        }
        app.no_faults();
        assert_eq!(sales(&app, json!({ "limit": 500 })).await.len(), 8, "{fault:?}: it is back");
    }
}
