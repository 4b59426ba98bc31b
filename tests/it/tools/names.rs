//! Names and words that are looked for: whose they are, and that they mean what they say.

use serde_json::{Value, json};

use crate::support::mcp::McpTools;
use crate::support::odoo::search;

fn users(app: &McpTools, names: &[&str]) -> Vec<i64> {
    let values = |(n, name): (usize, &&str)| json!({ "name": name, "login": format!("{n}@users.example") });
    let values: Vec<Value> = names.iter().enumerate().map(values).collect();
    let made = app.sandbox().execute("res.users", "create", vec![json!(values)], Default::default()).unwrap();
    serde_json::from_value(made).unwrap()
}

fn count(page: &Value) -> usize {
    page["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_persons_or_an_error() {
    let app = McpTools::start().await;
    users(&app, &["Ana Torres Ruiz", "Mariana Luna"]);
    let people = search(app.sandbox(), "res.users", json!([["name", "ilike", "ana"]]), &["name"]);
    assert_eq!(people.len(), 3, "{people:?}");
    let said = app.error("list_tasks", json!({ "assigned_to_name": "ana" })).await;
    for person in &people {
        let named = format!("{} (id {})", person["name"].as_str().unwrap(), person["id"]);
        assert!(said.contains(&named), "{named}: {said}");
    }
    assert!(said.contains("(ambiguous_name)") && said.contains("assigned_to"), "{said}");
    let whole = app.call("list_tasks", json!({ "assigned_to_name": "ana torres" })).await;
    assert_eq!(count(&whole), 0, "the whole name of one is hers, though part of another's");
    let said = app.error("list_tasks", json!({ "assigned_to_name": "Zacarías" })).await;
    assert!(said.contains("no user is called \"Zacarías\"") && said.contains("find_users"), "{said}");
    let both = json!({ "assigned_to_name": "Ana", "assigned_to": 2 });
    let said = app.error("list_tasks", both).await;
    assert!(said.contains("\n- assigned_to_name: cannot be given together"), "{said}");
}

/// Neither the order of the names nor an accent decides, however many there are; and one search finds them.
#[tokio::test(flavor = "multi_thread")]
async fn the_whole_name_wins_without_accents_over_many_parts() {
    let app = McpTools::start().await;
    let many: Vec<String> = (0..30).map(|n| format!("Jose Munoz {n}")).collect();
    users(&app, &many.iter().map(String::as_str).collect::<Vec<_>>());
    let jose = users(&app, &["José Muñoz"])[0];
    let task = json!([{ "name": "Visita", "project_id": 5, "user_ids": [[6, 0, [jose]]] }]);
    app.sandbox().execute("project.task", "create", vec![task], Default::default()).unwrap();
    for name in ["José Muñoz", "jose munoz", "JOSÉ  MUÑOZ", "Jose Mun\u{303}oz"] {
        app.no_faults();
        let page = app.call("list_tasks", json!({ "assigned_to_name": name })).await;
        assert_eq!((count(&page), &page["items"][0]["assignee_ids"]), (1, &json!([jose])), "{name}");
        let calls = app.odoo.proxy.calls();
        assert_eq!(calls.iter().filter(|call| *call == "res.users.search_read").count(), 1, "{calls:?}");
    }
    let said = app.error("list_tasks", json!({ "assigned_to_name": "muñoz" })).await;
    assert_eq!(said.matches("(id ").count(), 20, "{said}");
    assert!(said.contains(" or one of 11 more, which find_users lists: repeat with assigned_to"), "{said}");
    let laura = app.call("list_tasks", json!({ "assigned_to_name": "mendez" })).await;
    assert_eq!(count(&laura), 2, "the only one it is part of");
    users(&app, &["Jose Muñoz"]);
    let said = app.error("list_tasks", json!({ "assigned_to_name": "José Muñoz" })).await;
    assert_eq!(said.matches("(id ").count(), 2, "only those of that very name: {said}");
}

/// What LIKE makes of them is nothing that a reader of the tool would expect.
#[tokio::test(flavor = "multi_thread")]
async fn percent_underscore_and_backslash_are_themselves() {
    let app = McpTools::start().await;
    let title = r"Ahorro 50%_off C:\robots";
    for (model, values) in [
        ("project.project", json!([{ "name": title }])),
        ("project.task", json!([{ "name": title, "project_id": 5 }])),
        ("res.users", json!([{ "name": title, "login": "literal@users.example" }])),
    ] {
        app.sandbox().execute(model, "create", vec![values], Default::default()).unwrap();
    }
    let order = vec![json!([7]), json!({ "client_order_ref": title })];
    app.sandbox().execute("sale.order", "write", order, Default::default()).unwrap();
    for tool in ["list_projects", "list_tasks", "list_sales", "list_users", "find_users"] {
        for q in ["%", "0%_o", "%_", r"\", r"C:\robots", r":\r"] {
            assert_eq!(count(&app.call(tool, json!({ "q": q })).await), 1, "{tool} {q}");
        }
        for q in ["%0", "5_%", r"\%", r"5\0", "a%o"] {
            assert_eq!(count(&app.call(tool, json!({ "q": q })).await), 0, "{tool} {q}");
        }
    }
    for query in ["50%_off", r"proyecto C:\robots", "%_"] {
        let found = app.call("search", json!({ "query": query })).await;
        let narrow = query.starts_with("proyecto");
        assert_eq!(found["results"].as_array().unwrap().len(), if narrow { 1 } else { 3 }, "{query}");
    }
    let one = app.call("list_tasks", json!({ "assigned_to_name": "%" })).await;
    assert_eq!(count(&one), 0, "the user of that name has no task");
}
