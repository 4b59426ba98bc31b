//! The same request once more without a key: who clicks twice, or asks again after a time-out, means the first one.

use std::time::Duration;

use mcp_odoo_core::tasks::RepeatWindows;
use serde_json::{Value, json};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::mcp::{McpTools, text};
use crate::support::odoo::Made;
use crate::support::proxy::Fault;

const EMAIL: &str = "eva@repeats.example";

async fn asked(app: &TestApp, body: &Value) -> (String, String) {
    let answer: Value = app.post(body, None).await.json().await.unwrap();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("tracking_id"), text("message"))
}

#[tokio::test(flavor = "multi_thread")]
async fn over_mcp_the_same_request_is_the_first_quotation() {
    let app = McpTools::builder().start_mcp().await;
    let first = app.result("dev_create_quotation", request(EMAIL)).await;
    assert!(!text(&first).contains("same request"), "{}", text(&first));
    let first = first.structured_content.unwrap();
    assert!(first["message"].is_null());
    let again = app.result("dev_create_quotation", request(EMAIL)).await;
    assert!(text(&again).contains("no second one was made"), "{}", text(&again));
    assert!(text(&again).contains("idempotency_key"), "{}", text(&again));
    let again = again.structured_content.unwrap();
    assert_eq!(again["tracking_id"], first["tracking_id"]);
    assert!(again["message"].as_str().unwrap().contains("new idempotency_key"), "{again}");
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "twice");

    let mut second = request(EMAIL);
    second["idempotency_key"] = json!("second");
    let second = app.call("dev_create_quotation", second).await;
    assert_ne!(second["tracking_id"], first["tracking_id"]);
    assert_eq!(Made::by_email(app.sandbox(), EMAIL).orders.len(), 2, "a key is a wish for another");
}

#[tokio::test]
async fn over_rest_each_is_a_new_one_unless_it_is_set() {
    let app = TestApp::start().await;
    let (one, _) = asked(&app, &request(EMAIL)).await;
    let (other, message) = asked(&app, &request(EMAIL)).await;
    assert_ne!(one, other);
    assert_eq!(message, "Cotización en proceso...");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_set_one_of_many_at_once_is_made_and_a_failed_one_is_tried_again() {
    let window = Duration::from_secs(600);
    let builder = TestApp::builder().timeout(Duration::from_millis(300)).configure(|config| {
        config.tasks.repeat_windows = RepeatWindows { rest: window, mcp: window };
        config.tasks.deadline = Duration::from_secs(3);
    });
    let app = builder.start().await;
    let body = request(EMAIL);
    let answers = futures::future::join_all((0..8).map(|_| asked(&app, &body))).await;
    assert!(answers.iter().all(|(id, _)| *id == answers[0].0), "{answers:?}");
    let first = |(_, message): &&(String, String)| message == "Cotización en proceso...";
    assert_eq!(answers.iter().filter(first).count(), 1, "{answers:?}");
    let told = &answers.iter().find(|answer| !first(answer)).unwrap().1;
    assert!(told.contains("no se hizo otra") && told.contains("Idempotency-Key"), "{told}");
    assert_eq!(app.finished(&answers[0].0).await["status"], "completed");
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "at once");

    let other = request("other@repeats.example");
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let (id, _) = asked(&app, &other).await;
    assert_eq!(app.finished(&id).await["status"], "failed");
    app.proxy().plan(|_, _| None);
    assert_eq!(asked(&app, &other).await.0, id);
    assert_eq!(app.finished(&id).await["status"], "completed");
    Made::by_email(app.sandbox(), "other@repeats.example").assert_exactly_once(&REQUEST_LINES, "again");
}

/// Finished or not, it is the first one, also for the next process.
#[tokio::test]
async fn a_restart_does_not_forget_it() {
    let window = Duration::from_secs(600);
    let builder = || {
        TestApp::builder().configure(|config| {
            config.tasks.repeat_windows = RepeatWindows { rest: window, mcp: window };
        })
    };
    let app = builder().start().await;
    let (done, cut, old) = (request(EMAIL), request("cut@repeats.example"), request("old@repeats.example"));
    let first = asked(&app, &done).await.0;
    let long_ago = asked(&app, &old).await.0;
    for id in [&first, &long_ago] {
        assert_eq!(app.finished(id).await["status"], "completed");
    }
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let unfinished = asked(&app, &cut).await.0;
    let (odoo, folder) = app.stop().await;
    odoo.proxy.plan(|_, _| None);
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        if entry.file_name().to_str().unwrap().contains(&long_ago) {
            let mut log: Value = serde_json::from_slice(&std::fs::read(entry.path()).unwrap()).unwrap();
            let before = chrono::Utc::now() - 2 * window;
            log["timestamp"] = json!(before.format("%Y-%m-%dT%H:%M:%S").to_string());
            std::fs::write(entry.path(), log.to_string()).unwrap();
        }
    }
    let app = builder().after((odoo, folder)).start().await;
    for (body, id) in [(&done, &first), (&cut, &unfinished)] {
        let (again, message) = asked(&app, body).await;
        assert_eq!(&again, id);
        assert!(message.contains("no se hizo otra"), "{message}");
        assert_eq!(app.finished(id).await["status"], "completed");
        let email = body["email"].as_str().unwrap();
        Made::by_email(app.sandbox(), email).assert_exactly_once(&REQUEST_LINES, email);
    }
    assert_ne!(asked(&app, &old).await.0, long_ago, "its time is over");
}
