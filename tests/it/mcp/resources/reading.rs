//! What is at which address.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::{ArgumentInfo, CompleteRequestParams, CompletionContext, Reference, ResourceContents};
use serde_json::{Value, json};

use super::{Hearer, customer};
use crate::mcp::client::{Sse, Streamable, modern, request, single};
use crate::support::app::request as quotation;
use crate::support::mcp::McpTools;

/// Not there, in the words of either era.
const NOT_THERE: i64 = -32002;
const NOT_THERE_NOW: i64 = -32602;

#[tokio::test]
async fn resources_are_announced_and_listed() {
    let mcp = McpTools::start().await;
    for client in [Hearer::connect(&mcp.app.url).await, Hearer::modern(&mcp.app.url).await] {
        let info = client.client.peer_info().unwrap();
        let resources = info.capabilities.resources.clone().unwrap();
        assert_eq!((resources.subscribe, resources.list_changed), (Some(true), None));
        assert!(info.capabilities.completions.is_some());
        let listed = client.client.list_all_resources().await.unwrap();
        let uris: Vec<_> = listed.iter().map(|resource| resource.uri.as_str()).collect();
        assert_eq!(uris, ["odoo://models", "odoo://users", "odoo://companies", "odoo://config"]);
        let templates = client.client.list_all_resource_templates().await.unwrap();
        let uris: Vec<_> = templates.iter().map(|template| template.uri_template.as_str()).collect();
        assert_eq!(
            uris,
            [
                "odoo://{model}/{id}",
                "odoo://{model}/list{?domain,limit,offset,order,fields}",
                "odoo://{model}/{id}/{field}",
                "odoo://quotation/{tracking_id}",
            ]
        );
    }
}

#[tokio::test]
async fn every_resource_is_read_in_both_eras() {
    let mcp = McpTools::start().await;
    let id = customer(&mcp, "Almacenes Ñandú").await;
    let status = mcp.app.quote(&quotation("eva@resources.example")).await;
    let tracking_id = status["tracking_id"].as_str().unwrap();
    for client in [Hearer::connect(&mcp.app.url).await, Hearer::modern(&mcp.app.url).await] {
        let models = client.json("odoo://models").await;
        let models = models["items"].as_array().unwrap();
        assert!(models.iter().any(|model| model["model"] == "sale.order"), "{models:?}");
        assert!(client.json("odoo://users").await["items"][0]["login"].is_string());
        assert!(client.json("odoo://companies").await["items"][0]["name"].is_string());
        let config = client.json("odoo://config").await;
        assert_eq!(config["mode"], "readwrite");
        assert_eq!(config["toolsets"], json!(["quotation", "records", "sales-work"]));
        assert_eq!(config["version"], env!("CARGO_PKG_VERSION"));
        assert!(config["companies"][0]["name"].is_string() && config["languages"][0].is_string(), "{config}");
        let record = client.json(&format!("odoo://res.partner/{id}")).await;
        assert_eq!((&record["id"], &record["name"]), (&json!(id), &json!("Almacenes Ñandú")));
        let found = client
            .json("odoo://res.partner/list?domain=%5B%5B%22name%22%2C%22ilike%22%2C%22%C3%B1and%C3%BA%22%5D%5D&limit=5")
            .await;
        assert_eq!((&found["total"], &found["items"][0]["id"]), (&json!(1), &json!(id)), "{found}");
        let told = client.json(&format!("odoo://quotation/{tracking_id}")).await;
        assert_eq!((&told["status"], &told["output"]), (&json!("completed"), &status["output"]));
    }
}

#[tokio::test]
async fn files_are_read_with_what_they_are() {
    let mcp = McpTools::start().await;
    let odoo = &mcp.app.state.tenant.odoo;
    let partner = async |bytes: &[u8]| {
        let values = json!({ "name": "Ana", "image_1920": STANDARD.encode(bytes) });
        let Value::Object(values) = values else { panic!("an object") };
        odoo.create("res.partner", vec![values]).await.unwrap()[0]
    };
    let dot = b"\x89PNG\r\n\x1a\n and a dot".as_slice();
    let uri = |id| format!("odoo://res.partner/{id}/image_1920");
    let (small, large) = (partner(dot).await, partner(&vec![b'a'; 10 * 1024 * 1024 + 1]).await);
    let client = Hearer::connect(&mcp.app.url).await;
    match client.read(&uri(small)).await.unwrap() {
        ResourceContents::BlobResourceContents { uri: told, mime_type, blob, .. } => {
            assert_eq!((told, mime_type.as_deref()), (uri(small), Some("image/png")));
            assert_eq!(STANDARD.decode(blob).unwrap(), dot);
        }
        other => panic!("{other:?}"),
    }
    let error = client.error(&uri(large)).await;
    assert!(error.message.contains("more than 10 MiB"), "{error:?}");
    let empty = customer(&mcp, "Luis").await;
    let error = client.error(&uri(empty)).await;
    assert_eq!(error.data, Some(json!({ "code": "not_found", "uri": uri(empty) })), "{error:?}");
    let record = client.json(&format!("odoo://res.partner/{small}")).await;
    assert!(record.get("image_1920").is_none(), "files are read by themselves: {record}");
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_words_of_either_era() {
    let mcp = McpTools::start().await;
    let (old, new) = (Hearer::connect(&mcp.app.url).await, Hearer::modern(&mcp.app.url).await);
    for (uri, code, words) in [
        ("odoo://nothing", "resource_not_found", "resources/templates/list"),
        ("file:///etc/passwd", "resource_not_found", "resources/templates/list"),
        ("odoo://res.partner/999999", "not_found", "no record of res.partner with id 999999"),
        ("odoo://res.partnr/7", "model_not_found", "res.partner"),
        ("odoo://quotation/quot_0123456789abcdef0123456789abcdef", "quotation_not_found", "no quotation"),
    ] {
        for (client, number) in [(&old, NOT_THERE), (&new, NOT_THERE_NOW)] {
            let error = client.error(uri).await;
            assert_eq!(i64::from(error.code.0), number, "{uri}: {error:?}");
            assert!(error.message.contains(words), "{uri}: {error:?}");
            assert_eq!(error.data, Some(json!({ "code": code, "uri": uri })));
        }
    }
    for (uri, code, words) in [
        (
            "odoo://res.partner/list?domain=%5B%5B%22nme%22%2C%22%3D%22%2C1%5D%5D",
            "invalid_domain",
            "there is name",
        ),
        ("odoo://res.partner/7/name", "invalid_value", "name holds no file"),
        ("odoo://ir.config_parameter/1", "model_closed", "is closed"),
    ] {
        let error = old.error(uri).await;
        assert_eq!((error.code.0, error.data), (-32602, Some(json!({ "code": code, "uri": uri }))), "{uri}");
        assert!(error.message.contains(words), "{uri}: {}", error.message);
    }
}

#[tokio::test]
async fn older_clients_ask_for_a_resource_by_a_method_of_their_own() {
    let mcp = McpTools::start().await;
    let session = Streamable::connect(&mcp.app.client, &mcp.app.url, "2025-03-26").await;
    let mut sse = Sse::connect(&mcp.app.client, &mcp.app.url).await;
    let asked = request(7, "get_resource", &json!({ "uri": "odoo://config" }));
    let read = session.ask(&request(8, "resources/read", &json!({ "uri": "odoo://config" }))).await;
    assert_eq!(read["result"]["contents"][0]["uri"], "odoo://config", "{read}");
    assert_eq!(session.ask(&asked).await["result"], read["result"]);
    assert_eq!(sse.ask(&asked).await["result"], read["result"]);
    let missing = session.ask(&request(9, "get_resource", &json!({}))).await;
    assert_eq!(missing["error"]["code"], -32602, "{missing}");
    assert!(missing["error"]["message"].as_str().unwrap().contains("params.uri"), "{missing}");
    let other = session.ask(&request(10, "get_resources", &json!({}))).await;
    assert_eq!(other["error"]["code"], -32601, "{other}");
}

/// rmcp takes a request with wrong parameters for one of another method.
#[tokio::test]
async fn parameters_that_do_not_fit_are_named() {
    let mcp = McpTools::start().await;
    let session = Streamable::connect(&mcp.app.client, &mcp.app.url, "2025-11-25").await;
    for (method, params, words) in [
        ("resources/read", json!({}), "missing field `uri`"),
        ("resources/read", json!({ "uri": 7 }), "params.uri"),
        ("resources/subscribe", json!({ "uri": [] }), "params.uri"),
        ("resources/unsubscribe", json!({}), "missing field `uri`"),
        ("completion/complete", json!({ "ref": {} }), "params"),
    ] {
        let answer = session.ask(&request(7, method, &params)).await;
        assert_eq!(answer["error"]["code"], -32602, "{method}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{method}: {answer}");
    }
    let listen = modern(request(8, "subscriptions/listen", &json!({ "notifications": 7 })));
    let answer: Value =
        single(&mcp.app.client, &mcp.app.url, listen).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[tokio::test]
async fn models_and_fields_are_completed() {
    let mcp = McpTools::start().await;
    let client = Hearer::connect(&mcp.app.url).await.client;
    let complete = async |argument: &str, written: &str, model: Option<&str>| {
        let of = Reference::for_resource("odoo://{model}/{id}/{field}");
        let asked = CompleteRequestParams::new(of, ArgumentInfo::new(argument, written));
        let context = model.map(|model| [("model".to_owned(), model.to_owned())].into_iter().collect());
        let asked = context
            .into_iter()
            .fold(asked, |asked, context| asked.with_context(CompletionContext::with_arguments(context)));
        client.complete(asked).await.unwrap().completion
    };
    let found = complete("model", "sale.", None).await;
    assert_eq!(&found.values[..2], ["sale.order", "sale.order.line"], "{found:?}");
    let all = complete("model", "", None).await;
    assert!(all.values.contains(&"res.partner".to_owned()) && all.total.unwrap() >= 10, "{all:?}");
    assert!(complete("model", "ir.config", None).await.values.is_empty(), "it is closed");
    let files = complete("field", "image", Some("res.partner")).await;
    assert!(files.values.contains(&"image_1920".to_owned()), "{files:?}");
    assert!(complete("id", "7", Some("res.partner")).await.values.is_empty());
    assert!(complete("field", "name", Some("res.partner")).await.values.is_empty(), "it holds no file");
}

/// Who takes one answer and no stream would wait for changes in vain.
#[tokio::test]
async fn changes_are_not_promised_to_who_takes_one_answer() {
    let mcp = McpTools::start().await;
    let post = async |method: &str, params: Value| {
        let ask = mcp.app.client.post(format!("{}/mcp", mcp.app.url)).header("accept", "application/json");
        ask.json(&request(7, method, &params)).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let uri = "odoo://res.company/1";
    assert!(post("resources/read", json!({ "uri": uri })).await["result"]["contents"].is_array());
    assert!(post("get_resource", json!({ "uri": uri })).await["result"]["contents"].is_array());
    let refused = post("resources/subscribe", json!({ "uri": uri })).await;
    assert_eq!(refused["error"]["code"], -32600, "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("in a session"), "{refused}");
}
