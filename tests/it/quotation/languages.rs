//! A database and an Odoo that speak Spanish: no decision hangs on their words.

use std::sync::Arc;

use futures::future::join_all;
use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::{Language, Options, Version};
use serde_json::{Map, Value, json};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;

const PROTOCOLS: [ProtocolChoice; 3] =
    [ProtocolChoice::Json2, ProtocolChoice::JsonRpc, ProtocolChoice::XmlRpc];

async fn spanish(protocol: ProtocolChoice) -> TestApp {
    let options = Options { language: Language::Spanish, ..Options::default() };
    TestApp::builder().protocol(protocol).sandbox(options).start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn quotations_that_meet_at_a_new_customer_are_all_made() {
    for protocol in PROTOCOLS {
        let app = spanish(protocol).await;
        for round in 0..8 {
            let body = request(&format!("meet{round}@languages.example"));
            let done = join_all((0..4).map(|_| app.quote(&body))).await;
            assert!(done.iter().all(|status| status["status"] == "completed"), "{protocol:?}: {done:?}");
            let made = Made::by_email(app.sandbox(), body["email"].as_str().unwrap());
            assert_eq!((made.partners.len(), made.leads.len(), made.orders.len()), (1, 4, 4), "{protocol:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_in_two_services_makes_one_quotation() {
    for protocol in PROTOCOLS {
        let one = spanish(protocol).await;
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let other =
            TestApp::builder().protocol(protocol).after((Arc::clone(&one.odoo), folder)).start().await;
        for round in 0..8 {
            let email = format!("key{round}@languages.example");
            let (body, key) = (request(&email), format!("key {round}"));
            let quote = async |app: &TestApp| {
                let id = app.accepted(&body, Some(&key)).await;
                app.finished(&id).await
            };
            let (first, second) = tokio::join!(quote(&one), quote(&other));
            assert_eq!(first["status"], "completed", "{first}");
            assert_eq!(first["output"]["sale_order_id"], second["output"]["sale_order_id"], "{second}");
            Made::by_email(one.sandbox(), &email).assert_exactly_once(&REQUEST_LINES, &email);
        }
    }
}

/// Staff know the product by its Spanish name, the service's user by its English one.
#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_found_by_its_name_in_any_language() {
    for (version, language) in [(Version::V18, Language::English), (Version::V19, Language::Spanish)] {
        let options = Options { version, language, ..Options::default() };
        let app = TestApp::builder().sandbox(options).start().await;
        let name = |lang: &str| {
            let kwargs = json!({ "fields": ["name"], "context": { "lang": lang } });
            let kwargs: Map<String, Value> = kwargs.as_object().unwrap().clone();
            let found = app.sandbox().execute("product.product", "read", vec![json!([5])], kwargs).unwrap();
            found[0]["name"].as_str().unwrap().to_owned()
        };
        assert_ne!(name("en_US"), name("es_ES"));
        for called in [name("en_US"), name("es_ES")] {
            let mut body = request("rosa@languages.example");
            body["products"] = json!([{ "product": called }]);
            let status = app.quote(&body).await;
            assert_eq!(status["output"]["products_added"][0]["product_id"], 5, "{called}: {status}");
        }
    }
}
