//! A defect that one quotation meets is that quotation's alone.

use std::time::Duration;

use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;
use crate::support::proxy::Fault;

/// Panics where the process says that an attempt of the first quotation failed.
#[derive(Default)]
struct PanicsOnce(std::sync::OnceLock<()>);

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for PanicsOnce {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        if message.0 == "attempt failed" && self.0.set(()).is_ok() {
            panic!("on purpose, with luis@almacenes-torres.example in it");
        }
    }
}

#[tokio::test]
async fn a_panic_fails_one_quotation_and_no_other() {
    let app = TestApp::start().await;
    let refused_once = || app.proxy().plan(|n, _| (n == 1).then_some(Fault::Refuse));
    refused_once();
    assert_eq!(app.quote(&request("warm@panic.example")).await["status"], "completed");
    // All of the service runs on this thread. A subscriber that is the only one of the process may not
    // be asked about events that another thread met first; one of two is.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(PanicsOnce::default()));
    refused_once();
    let first = app.accepted(&request("panic@panic.example"), Some("panic")).await;
    let last = tokio::time::timeout(Duration::from_secs(20), app.finished(&first)).await;
    let last = last.expect("a panic ends its quotation");
    assert_eq!(
        (&last["status"], &last["error_code"]),
        (&json!("failed"), &json!("internal_error")),
        "{last}"
    );
    let error = last["error"].as_str().unwrap();
    assert!(error.contains("misma Idempotency-Key") && !error.contains("on purpose"), "{error}");

    let other = app.quote(&request("other@panic.example")).await;
    assert_eq!(other["status"], "completed", "{other}");
    let answer: Value = app.post(&request("panic@panic.example"), Some("panic")).await.json().await.unwrap();
    assert_eq!(answer["tracking_id"], first);
    assert_eq!(app.finished(&first).await["status"], "completed", "a repeat tries again");
    Made::by_email(app.sandbox(), "panic@panic.example").assert_exactly_once(&REQUEST_LINES, "after a panic");
}
