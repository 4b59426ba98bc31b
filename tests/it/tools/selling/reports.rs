//! Reports as files, over MCP and REST.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::{Options, Version};
use reqwest::StatusCode;
use rmcp::model::{CallToolResult, ResourceContents};
use serde_json::{Value, json};

use crate::support::mcp::{McpTools, text};
use crate::support::odoo::search;
use crate::support::proxy::Fault;

const LOG_IN: &str = "/web/session/authenticate";

/// What goes with an answer: its MIME type and its content.
fn file(result: &CallToolResult) -> (String, Vec<u8>) {
    let file = result.content.get(1).and_then(|content| content.as_resource());
    let file = file.unwrap_or_else(|| panic!("a file: {result:?}"));
    match &file.resource {
        ResourceContents::BlobResourceContents { mime_type, blob, .. } => {
            (mime_type.clone().unwrap(), BASE64_STANDARD.decode(blob).unwrap())
        }
        ResourceContents::TextResourceContents { mime_type, text, .. } => {
            (mime_type.clone().unwrap(), text.clone().into_bytes())
        }
        other => panic!("{other:?}"),
    }
}

fn order(ids: &[i64], format: &str) -> Value {
    json!({ "report_name": "sale.report_saleorder", "record_ids": ids, "format": format })
}

/// An API key opens no session: the portal link does.
#[tokio::test(flavor = "multi_thread")]
async fn with_an_api_key_a_quotation_is_had_by_its_link() {
    for (version, protocol, log_ins) in [
        (Version::V18, ProtocolChoice::JsonRpc, 1),
        (Version::V18, ProtocolChoice::XmlRpc, 1),
        (Version::V19, ProtocolChoice::Json2, 0),
    ] {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        for _ in 0..2 {
            let result = app.result("sale_pdf", json!({ "sale_id": 7 })).await;
            assert_eq!(result.is_error, Some(false), "{result:?}");
            let (kind, pdf) = file(&result);
            assert!(kind == "application/pdf" && pdf.starts_with(b"%PDF"), "{kind}");
            let told = result.structured_content.as_ref().unwrap();
            assert_eq!((&told["file"], &told["bytes"]), (&json!("S00007.pdf"), &json!(pdf.len())), "{told}");
            assert!(text(&result).starts_with("S00007.pdf: "), "{result:?}");
            let token = search(app.sandbox(), "sale.order", json!([["id", "=", 7]]), &["access_token"]);
            let token = token[0]["access_token"].as_str().expect("the link has a key");
            assert!(!format!("{result:?}").contains(token), "it is a password");
        }
        let (_, html) = file(&app.result("get_report", order(&[7], "html")).await);
        assert!(String::from_utf8(html).unwrap().contains("S00007"));
        let read = text(&app.result("get_report", order(&[7], "text")).await);
        assert!(read.contains("S00007") && !read.contains('<'), "{read}");
        // Odoo counts log-ins that fail.
        let tried = app.odoo.proxy.calls().iter().filter(|call| *call == LOG_IN).count();
        assert_eq!(tried, log_ins, "{version:?} {protocol:?}");
        // Nobody has visited the customer's page.
        let notes = json!([["model", "=", "sale.order"], ["res_id", "=", 7], ["body", "ilike", "viewed"]]);
        assert_eq!(search(app.sandbox(), "mail.message", notes, &[]), Vec::<Value>::new());

        let said = app.error("get_report", order(&[7, 6], "pdf")).await;
        assert!(
            said.contains("ask for one record at a time") && said.ends_with("(report_needs_password)"),
            "{said}"
        );
        let other = json!({ "report_name": "sale.report_saleorder_pro_forma", "record_ids": [7] });
        let said = app.error("get_report", other).await;
        assert!(said.contains("tell the user to open it in Odoo"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_password_every_report_is_had_by_one_session() {
    for version in [Version::V18, Version::V19] {
        let app = McpTools::builder().version(version).password("admin").start_mcp().await;
        for ids in [[7, 6], [6, 7]] {
            let result = app.result("get_report", order(&ids, "pdf")).await;
            assert!(file(&result).1.starts_with(b"%PDF"));
            assert_eq!(result.structured_content.unwrap()["file"], "sale.report_saleorder.pdf");
        }
        let by_title = json!({ "report_name": "pro-forma invoice", "record_ids": [7, 7], "format": "html" });
        let result = app.result("get_report", by_title).await;
        assert!(String::from_utf8(file(&result).1).unwrap().contains("S00007"));
        assert_eq!(result.structured_content.unwrap()["record_ids"], json!([7]));
        let log_ins = || app.odoo.proxy.calls().iter().filter(|call| *call == LOG_IN).count();
        assert_eq!(log_ins(), 1);
        let links = app.odoo.proxy.calls().iter().filter(|call| call.ends_with("get_portal_url")).count();
        assert_eq!(links, 0, "no key is left in an order for who needs none");
        // A session that is over is begun anew.
        let end = format!("http://{}/web/session/destroy", app.odoo.proxy.address);
        let body = json!({ "jsonrpc": "2.0", "method": "call", "id": 1, "params": {} });
        let session = format!("session_id={:040x}", 1);
        app.app.client.post(end).header("cookie", session).json(&body).send().await.unwrap();
        assert!(file(&app.result("sale_pdf", json!({ "sale_id": 7 })).await).1.starts_with(b"%PDF"));
        assert_eq!(log_ins(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odoo_without_wkhtmltopdf_gives_the_page_and_says_so() {
    for password in [None, Some("admin")] {
        let options = Options { no_wkhtmltopdf: true, ..Options::default() };
        let builder = McpTools::builder().sandbox(options);
        let builder = password.into_iter().fold(builder, |builder, password| builder.password(password));
        let app = builder.start_mcp().await;
        let result = app.result("sale_pdf", json!({ "sale_id": 7 })).await;
        assert_eq!(result.is_error, Some(true), "no PDF is no success");
        let said = text(&result);
        assert!(said.contains("wkhtmltopdf is not installed") && said.ends_with("(no_pdf)"), "{said}");
        let (kind, html) = file(&result);
        assert!(kind.starts_with("text/html") && String::from_utf8(html).unwrap().contains("S00007"));
        let url = "/odoo/report/sale.report_saleorder/7";
        let refused = app.app.get(url).await;
        assert_eq!(refused.status(), StatusCode::BAD_GATEWAY);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], "no_pdf");
        assert!(problem["detail"].as_str().unwrap().contains("?format=html"), "{problem}");
        assert_eq!(app.app.get(&format!("{url}?format=html")).await.status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_not_is_told_with_what_there_is() {
    let app = McpTools::start().await;
    let wrong = json!({ "report_name": "sale.report_quotation", "record_ids": [7] });
    let said = app.error("get_report", wrong).await;
    assert!(said.contains("Odoo has no report \"sale.report_quotation\": there is "), "{said}");
    assert!(said.contains("sale.report_saleorder (PDF Quote, sale.order)"), "{said}");
    assert!(said.ends_with("(report_not_found)"), "{said}");
    let said = app.error("sale_pdf", json!({ "sale_id": 999 })).await;
    assert!(said.contains("no record 999 of sale.order") && said.ends_with("(not_found)"), "{said}");
    for (arguments, says) in [
        (order(&[], "pdf"), "- record_ids: "),
        (order(&[0], "pdf"), "- record_ids[0]: "),
        (order(&[7], "doc"), "- format: must be pdf, html or text"),
        (json!({ "report_name": "../web/login", "record_ids": [7] }), "Odoo has no report"),
    ] {
        let said = app.error("get_report", arguments).await;
        assert!(said.contains(says), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_rest_it_is_the_file_itself() {
    let app = McpTools::builder().password("admin").start_mcp().await;
    for (path, kind, start) in [
        ("sale.report_saleorder/7", "application/pdf", "%PDF"),
        ("sale.report_saleorder/7,6?format=pdf", "application/pdf", "%PDF"),
        ("sale.report_saleorder/7?format=html", "text/html; charset=utf-8", "<!DOCTYPE"),
        ("sale.report_saleorder/7?format=text", "text/plain; charset=utf-8", ""),
    ] {
        let answer = app.app.get(&format!("/odoo/report/{path}")).await;
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (StatusCode::OK, &kind.parse().unwrap())
        );
        let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(disposition.starts_with("attachment; filename*=UTF-8''"), "{disposition}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert!(answer.bytes().await.unwrap().starts_with(start.as_bytes()), "{path}");
    }
    for (path, code) in [
        ("sale.report_saleorder/x", "invalid_request"),
        ("sale.report_saleorder/7?format=doc", "invalid_request"),
        ("sale.report_saleorder/7?colour=red", "invalid_request"),
        ("sale.report_saleorder/999", "not_found"),
        ("sale.report_quotation/7", "report_not_found"),
    ] {
        let answer = app.app.get(&format!("/odoo/report/{path}")).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], code, "{path}");
    }
}

/// What is no report is never given as one.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_once_the_report_comes_or_a_failure_is_told() {
    for password in [None, Some("admin")] {
        for fault in Fault::ALL {
            let builder = McpTools::builder().timeout(fault.timeout());
            let builder = password.into_iter().fold(builder, |builder, password| builder.password(password));
            let app = builder.start_mcp().await;
            for format in ["pdf", "html"] {
                app.result("get_report", order(&[7], format)).await;
                app.no_faults();
                app.result("get_report", order(&[7], format)).await;
                let calls = app.odoo.proxy.calls().len();
                for at in 1..=calls {
                    app.odoo.proxy.plan(move |n, _| (n == at).then_some(fault));
                    let result = app.result("get_report", order(&[7], format)).await;
                    let context = format!("{fault:?} {at}: {result:?}, {:?}", app.odoo.proxy.calls());
                    if result.is_error == Some(false) {
                        let (_, content) = file(&result);
                        let start: &[u8] = if format == "pdf" { b"%PDF" } else { b"<!DOCTYPE" };
                        assert!(content.starts_with(start), "{context}");
                    } else {
                        assert!(text(&result).contains("odoo_"), "{context}");
                    }
                }
            }
        }
    }
}
