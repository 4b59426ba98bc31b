//! Who may read and follow what.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Hearer, OFTEN, customer, left, rename, streamable};
use crate::access::{access_file, client_of, start_as};
use crate::mcp::client::{Streamable, request, single};
use crate::support::app::{TestApp, request as quotation};
use crate::support::mcp::Caller;
use rmcp::service::ClientLifecycleMode;

const QUOTES: &str = r#"permissions = ["quotations"]"#;
const READS: &str = r#"permissions = ["read"]"#;

async fn listed(app: &TestApp, name: &str, what: &str) -> Vec<String> {
    let session = Streamable::connect(&client_of(name), &app.url, "2025-11-25").await;
    let answer = session.ask(&request(7, what, &json!({}))).await;
    let all = answer["result"].as_object().unwrap().values().find_map(Value::as_array).unwrap();
    all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

async fn read(app: &TestApp, name: &str, uri: &str) -> Value {
    let session = Streamable::connect(&client_of(name), &app.url, "2025-11-25").await;
    session.ask(&request(7, "resources/read", &json!({ "uri": uri }))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_shown_what_they_may_read() {
    let (app, _folder) =
        start_as(TestApp::builder(), &[("quotes", QUOTES), ("reads", READS), ("nobody", "permissions = []")])
            .await;
    assert_eq!(listed(&app, "reads", "resources/list").await, ["models", "users", "companies", "config"]);
    assert_eq!(listed(&app, "reads", "resources/templates/list").await, ["record", "list", "file"]);
    assert!(listed(&app, "quotes", "resources/list").await.is_empty());
    assert_eq!(listed(&app, "quotes", "resources/templates/list").await, ["quotation"]);
    assert!(listed(&app, "nobody", "resources/templates/list").await.is_empty());
    for (name, uri) in [
        ("quotes", "odoo://models"),
        ("quotes", "odoo://config"),
        ("quotes", "odoo://res.partner/7"),
        ("quotes", "odoo://res.partner/7/image_128"),
        ("reads", "odoo://quotation/quot_0123456789abcdef0123456789abcdef"),
    ] {
        let answer = read(&app, name, uri).await;
        assert_eq!(answer["error"]["data"]["code"], "forbidden", "{name} {uri}: {answer}");
        let session = Streamable::connect(&client_of(name), &app.url, "2025-11-25").await;
        let answer = session.ask(&request(8, "resources/subscribe", &json!({ "uri": uri }))).await;
        assert!(answer["error"]["code"].is_number(), "{name} {uri}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_for_models_hold() {
    let (app, folder) = start_as(TestApp::builder(), &[("reads", READS)]).await;
    let rules = format!(
        "{READS}\n\n[models]\n'res.partner' = {{ read = true, hide = ['vat'] }}\n'res.company' = {{ read = true }}"
    );
    access_file(folder.path(), &[("reads", &rules)]);
    // Until the file was read again, which its time tells.
    while listed(&app, "reads", "resources/list").await.contains(&"users".to_owned()) {}
    assert_eq!(listed(&app, "reads", "resources/list").await, ["models", "companies", "config"]);
    for uri in ["odoo://sale.order/1", "odoo://sale.order/list", "odoo://users", "odoo://sale.order/1/image"]
    {
        let answer = read(&app, "reads", uri).await;
        assert_eq!(answer["error"]["data"]["code"], "model_closed", "{uri}: {answer}");
        let session = Streamable::connect(&client_of("reads"), &app.url, "2025-11-25").await;
        let answer = session.ask(&request(8, "resources/subscribe", &json!({ "uri": uri }))).await;
        assert_eq!(answer["error"]["data"]["code"], "model_closed", "{uri}: {answer}");
    }
    let partner = read(&app, "reads", "odoo://res.partner/1").await;
    assert!(!partner["result"]["contents"][0]["text"].as_str().unwrap().contains("\"vat\""), "{partner}");
    let uri = "odoo://res.partner/list?domain=%5B%5B%22vat%22%2C%22%3D%22%2C%221%22%5D%5D";
    assert_eq!(read(&app, "reads", uri).await["error"]["data"]["code"], "invalid_domain");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quotation_is_its_owners() {
    let admin = r#"permissions = ["quotations", "admin"]"#;
    let (app, _folder) =
        start_as(TestApp::builder(), &[("web", QUOTES), ("voice", QUOTES), ("boss", admin)]).await;
    let post = client_of("web").post(format!("{}/api/quotation/async", app.url));
    let accepted: Value =
        post.json(&quotation("eva@rights.example")).send().await.unwrap().json().await.unwrap();
    let uri = format!("odoo://quotation/{}", accepted["tracking_id"].as_str().unwrap());
    for (name, sees) in [("web", true), ("boss", true), ("voice", false)] {
        let answer = read(&app, name, &uri).await;
        assert_eq!(answer["error"]["code"].is_null(), sees, "{name}: {answer}");
        let session = Streamable::connect(&client_of(name), &app.url, "2025-11-25").await;
        let answer = session.ask(&request(8, "resources/subscribe", &json!({ "uri": uri }))).await;
        assert_eq!(answer["error"]["code"].is_null(), sees, "{name}: {answer}");
    }
}

/// Who works in one company hears nothing of what is another's, though both follow the same.
#[tokio::test(flavor = "multi_thread")]
async fn callers_of_different_companies_hear_of_what_each_may_see() {
    let quick = TestApp::builder().configure(|config| config.watching.every = OFTEN);
    let [one, two] =
        [1, 2].map(|company| format!("{READS}\ncompany = {company}\nlang = 'en_US'\ntz = 'America/Lima'"));
    let boss = r#"permissions = ["read", "write"]"#;
    let (app, _folder) = start_as(quick, &[("one", &one), ("two", &two), ("boss", boss)]).await;
    let boss = Caller::connect_by(client_of("boss"), &app.url).await;
    let (ana, luis) = (customer(&boss, "Ana").await, customer(&boss, "Luis").await);
    let [ana_uri, luis_uri] = [ana, luis].map(|id| format!("odoo://res.partner/{id}"));
    let list = "odoo://res.partner/list?domain=%5B%5B%22name%22%2C%22ilike%22%2C%22Ana%22%5D%5D".to_owned();
    let connect = async |name| {
        let hearer =
            Hearer::over(streamable(client_of(name), &app.url), ClientLifecycleMode::Initialize).await;
        for uri in [&ana_uri, &luis_uri, &list] {
            hearer.subscribe(uri).await.unwrap();
        }
        hearer
    };
    let (mut one, mut two) = (connect("one").await, connect("two").await);
    let both = BTreeSet::from([ana_uri.clone(), list.clone()]);
    rename(&boss, ana, "Ana Torres").await;
    for hearer in [&mut one, &mut two] {
        assert_eq!(BTreeSet::from([hearer.hears().await, hearer.hears().await]), both);
    }
    // It becomes the other company's: for the first one it is gone.
    let values = json!({ "company_id": 2, "name": "Ana Ruiz" });
    boss.call("update_record", json!({ "model": "res.partner", "record_id": ana, "values": values })).await;
    for hearer in [&mut one, &mut two] {
        assert_eq!(BTreeSet::from([hearer.hears().await, hearer.hears().await]), both);
    }
    one.error(&ana_uri).await;
    assert!(one.subscribe(&ana_uri).await.is_err());
    rename(&boss, ana, "Ana Gil").await;
    assert_eq!(BTreeSet::from([two.hears().await, two.hears().await]), both);
    rename(&boss, luis, "Luis Gil").await;
    for hearer in [&mut one, &mut two] {
        assert_eq!(hearer.hears().await, luis_uri, "nothing came before");
    }
}

/// What is followed ends with the key.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_followed_ends_when_the_key_is_revoked() {
    let quick = TestApp::builder().configure(|config| config.watching.every = OFTEN);
    let (app, folder) = start_as(quick, &[("leaves", READS), ("stays", READS)]).await;
    let uri = "odoo://res.company/1";
    let client =
        Hearer::over(streamable(client_of("leaves"), &app.url), ClientLifecycleMode::Initialize).await;
    client.subscribe(uri).await.unwrap();
    let uris = json!({ "notifications": { "resourceSubscriptions": ["odoo://res.partner/1"] } });
    let listening = single(&client_of("leaves"), &app.url, request(7, "subscriptions/listen", &uris));
    let listening = listening.send().await.unwrap();
    assert_eq!(listening.status(), StatusCode::OK);
    access_file(folder.path(), &[("leaves", &format!("{READS}\nrevoked = true")), ("stays", READS)]);
    // To its end.
    let told = listening.text().await;
    assert!(told.is_err() || told.unwrap().contains("acknowledged"));
    left(&app.state.tenant.watching).await;
}
