//! Every call of a quotation that was asked for over REST fails once, in every way.

use std::time::Duration;

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::{Language, Options};
use serde_json::{Value, json};

use crate::support::app::{Odoo, REQUEST_LINES, TestApp, request};
use crate::support::sweep::{EMAIL, Quoter, sweep};

impl Quoter for TestApp {
    async fn start(protocol: ProtocolChoice, language: Language, timeout: Duration) -> Self {
        let options = Options { language, ..Options::default() };
        Self::builder().protocol(protocol).sandbox(options).timeout(timeout).start().await
    }

    fn odoo(&self) -> &Odoo {
        &self.odoo
    }

    async fn quote(&self, request: &Value) -> Value {
        TestApp::quote(self, request).await
    }

    async fn end(self) {
        self.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json2() {
    sweep::<TestApp>(ProtocolChoice::Json2, Language::English, &request(EMAIL), &REQUEST_LINES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jsonrpc() {
    sweep::<TestApp>(ProtocolChoice::JsonRpc, Language::Spanish, &request(EMAIL), &REQUEST_LINES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn xmlrpc() {
    sweep::<TestApp>(ProtocolChoice::XmlRpc, Language::Spanish, &request(EMAIL), &REQUEST_LINES).await;
}

/// Lines with and without a price go along as defaults.
#[tokio::test(flavor = "multi_thread")]
async fn mixed_prices() {
    let mut body = request(EMAIL);
    body["products"] =
        json!([{ "product_id": 2, "price": 5 }, { "product_id": 1 }, { "product_id": 3, "price": 0 }]);
    let lines = [(2, 1.0, 5.0), (1, 1.0, 14.0), (3, 1.0, 0.0)];
    sweep::<TestApp>(ProtocolChoice::Json2, Language::Spanish, &body, &lines).await;
}
