//! Every recording of a real Odoo, served over a socket and read by the client.

use axum::response::Response;
use mcp_odoo_core::odoo::{Odoo, OdooError, ProtocolChoice, Record, SearchRead};
use serde_json::{Map, Value, json};

use super::{
    asked::{Asked, rpc},
    expected::{EXPECTED, Expect},
    peer::{Peer, Received, answer, config, html},
    values,
};
use crate::support::transcripts::{self, Recording};

#[tokio::test]
async fn every_recording_on_jsonrpc() {
    for version in transcripts::VERSIONS {
        check(version, "jsonrpc").await;
    }
}

#[tokio::test]
async fn every_recording_on_xmlrpc() {
    for version in transcripts::VERSIONS {
        check(version, "xmlrpc").await;
    }
}

#[tokio::test]
async fn every_recording_on_json2() {
    check("19.0", "json2").await;
}

async fn check(version: &str, protocol: &str) {
    let Some(recordings) = transcripts::load(version, protocol) else { return };
    for (name, _, _) in EXPECTED.iter().filter(|(_, place, _)| place.includes(version, protocol)) {
        let left_out = transcripts::is_from_elsewhere() && transcripts::AS_SALESPERSON.contains(name);
        let found = recordings.iter().any(|it| it.name == *name);
        assert!(found || left_out, "{version}/{protocol} lacks '{name}'");
    }
    let mut typed = 0;
    for recording in &recordings {
        let name = &recording.name;
        let expected = EXPECTED.iter().find(|it| it.0 == name && it.1.includes(version, protocol));
        let Some((_, _, expect)) = expected else { panic!("{version}/{protocol}: no entry for '{name}'") };
        let run = Run {
            recordings: &recordings,
            recording,
            expect: *expect,
            at: format!("{version}/{protocol} {name}"),
        };
        match Asked::of(recording) {
            Some(asked) => {
                run.call(&asked).await;
                typed += usize::from(run.helper(&asked, version).await);
            }
            None => run.login().await,
        }
    }
    println!(
        "{version}/{protocol}: {} recordings checked, {typed} of them by a typed method too",
        recordings.len()
    );
}

struct Run<'a> {
    recordings: &'a [Recording],
    recording: &'a Recording,
    expect: Expect,
    at: String,
}

impl Run<'_> {
    /// A server that answers this recording, and the recorded good login where that is something else.
    async fn serve(&self) -> Peer {
        let login = ["version", "authenticate", "context_get"]
            .map(|name| (name, self.recordings.iter().find(|it| it.name == name).cloned()));
        let recording = self.recording.clone();
        let own = if recording.path.starts_with("/json/2/") { String::new() } else { rpc(&recording).0 };
        Peer::simple(move |received: &Received| {
            let found = login.iter().find(|(name, recorded)| {
                recorded.is_some() && (received.rpc_method() == *name || received.path.ends_with(name))
            });
            match found {
                Some((name, Some(recorded))) if own != *name => replay(recorded),
                _ if received.path != recording.path => html(404),
                _ => replay(&recording),
            }
        })
        .await
    }

    fn client(&self, peer: &Peer, database: &str, secret: &str) -> Odoo {
        let protocol = match self.recording.path.as_str() {
            "/jsonrpc" => ProtocolChoice::JsonRpc,
            path if path.starts_with("/xmlrpc") => ProtocolChoice::XmlRpc,
            _ => ProtocolChoice::Json2,
        };
        let mut config = config(&peer.url, protocol);
        config.database = database.to_owned();
        config.secret = secret.into();
        Odoo::new(config).unwrap()
    }

    async fn login(&self) {
        let peer = self.serve().await;
        let (method, args) = rpc(self.recording);
        let text = |index: usize| args.get(index).and_then(Value::as_str).unwrap_or("any");
        let outcome = self.client(&peer, text(0), text(2)).connection().await;
        match (self.expect, outcome) {
            (Expect::Refused(code), Err(error)) => assert_eq!(error.code(), code, "{}: {error}", self.at),
            (Expect::Answer, Ok(connection)) if method == "version" => {
                assert_eq!(json!(connection.version.text), self.result()["server_version"], "{}", self.at);
                assert_eq!(
                    json!(connection.version.major),
                    self.result()["server_version_info"][0],
                    "{}",
                    self.at
                );
            }
            (Expect::Answer, Ok(connection)) => {
                assert_eq!(json!(connection.uid), self.result(), "{}", self.at)
            }
            (_, outcome) => panic!("{}: {outcome:?}", self.at),
        }
        let sent = peer.received().into_iter().find(|it| it.rpc_method() == method).unwrap();
        self.same_request(&sent, None);
    }

    async fn call(&self, asked: &Asked) {
        let peer = self.serve().await;
        let outcome = self.client(&peer, &asked.database, &asked.secret).call(asked.call()).await;
        match (self.expect, outcome) {
            (Expect::Refused(code), Err(error)) => self.same_error(code, &error),
            (Expect::Answer | Expect::LoadRefused(_), Ok(value)) => {
                assert_eq!(value, self.result(), "{}", self.at)
            }
            (_, outcome) => panic!("{}: {outcome:?}", self.at),
        }
        self.same_request(peer.received().last().unwrap(), None);
    }

    /// The same through the typed method, if there is one that asks exactly this.
    async fn helper(&self, asked: &Asked, version: &str) -> bool {
        let peer = self.serve().await;
        let odoo = self.client(&peer, &asked.database, &asked.secret);
        let Some(outcome) = typed(&odoo, asked, version).await else { return false };
        let missing_id = asked.method == "check_object_reference";
        match (self.expect, outcome) {
            (Expect::Refused("odoo_missing_record"), outcome) if missing_id => {
                assert_eq!(outcome, Ok(Value::Null), "{}", self.at);
            }
            (Expect::Refused(code) | Expect::LoadRefused(code), Err(error)) => self.same_error(code, &error),
            (Expect::Answer, Ok(value)) => assert_eq!(value, simplified(asked, self.result()), "{}", self.at),
            (_, outcome) => panic!("{}: {outcome:?}", self.at),
        }
        // What the typed method asks differently.
        let aside = match asked.method.as_str() {
            "check_object_reference" => Some("context"),
            "fields_get" => Some("attributes"),
            _ => None,
        };
        self.same_request(peer.received().last().unwrap(), aside);
        true
    }

    fn same_error(&self, code: &str, error: &OdooError) {
        assert_eq!(error.code(), code, "{}: {error}", self.at);
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.to_lowercase().contains("traceback"), "{}: {text}", self.at);
        }
    }

    /// The recorded result as JSON.
    fn result(&self) -> Value {
        match &self.recording.answer {
            Value::String(xml) => values::json(&dxr::MethodResponse::from_xml(xml).unwrap().value),
            answer if self.recording.path == "/jsonrpc" => answer["result"].clone(),
            answer => answer.clone(),
        }
    }

    /// The request sent is the recorded one, but for the request's number, the user's, and one named argument.
    fn same_request(&self, sent: &Received, aside: Option<&str>) {
        assert_eq!(sent.path, self.recording.path, "{}", self.at);
        for (name, value) in &self.recording.headers {
            assert_eq!(sent.headers.get(name).unwrap(), value.as_str().unwrap(), "{}", self.at);
        }
        if let Value::String(recorded) = &self.recording.body {
            let mut both =
                [recorded.clone(), sent.text()].map(|xml| dxr::MethodCall::from_xml(&xml).unwrap());
            for call in &mut both {
                call.params.get_mut(1).into_iter().for_each(|uid| *uid = dxr::Value::Nil);
                if let (Some(aside), Some(dxr::Value::Struct(named))) = (aside, call.params.get_mut(6)) {
                    named.remove(aside);
                }
            }
            assert_eq!((&both[0].name, &both[0].params), (&both[1].name, &both[1].params), "{}", self.at);
        } else {
            let both = [self.recording.body.clone(), sent.json()].map(|mut body| {
                if body.get("jsonrpc").is_some() {
                    body["id"] = Value::Null;
                    body.pointer_mut("/params/args/1").into_iter().for_each(|uid| *uid = Value::Null);
                }
                for pointer in ["", "/params/args/6"] {
                    if let (Some(aside), Some(Value::Object(named))) = (aside, body.pointer_mut(pointer)) {
                        named.remove(aside);
                    }
                }
                body
            });
            assert_eq!(both[0], both[1], "{}", self.at);
        }
    }
}

fn replay(recording: &Recording) -> Response {
    match &recording.answer {
        Value::String(xml) => answer(recording.status, "text/xml; charset=utf-8", xml.clone()),
        value => answer(recording.status, "application/json; charset=utf-8", value.to_string()),
    }
}

async fn typed(odoo: &Odoo, asked: &Asked, version: &str) -> Option<Result<Value, OdooError>> {
    let (model, get) =
        (asked.model.as_str(), |name: &str| asked.named.get(name).cloned().unwrap_or_default());
    let texts = |name: &str| asked.texts(name);
    let object = |value: &Value| value.as_object().unwrap().clone();
    Some(match asked.method.as_str() {
        "search_read" => {
            let (fields, order) = (texts("fields"), get("order"));
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let query = SearchRead {
                fields: &fields,
                offset: get("offset").as_u64(),
                limit: get("limit").as_u64(),
                order: order.as_str(),
                ..SearchRead::default()
            };
            odoo.search_read(model, get("domain"), &query).await.map(list)
        }
        "read" => {
            let fields = texts("fields");
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            odoo.read(model, &asked.ids(), &fields).await.map(list)
        }
        "search_count" => odoo.search_count(model, get("domain")).await.map(Value::from),
        "read_group" if version == "19.0" => return None,
        "read_group" | "formatted_read_group" => {
            let groups = odoo.count_by(model, get("domain"), &texts("groupby")[0]).await;
            groups.map(|groups| json!(groups))
        }
        "load" => {
            let fields = texts("fields");
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let rows = serde_json::from_value(get("data")).unwrap();
            odoo.load(model, &fields, rows, json!({})).await.map(Value::from)
        }
        "check_object_reference" => {
            let (module, name) = (get("module"), get("xml_id"));
            let found = odoo.external_id(module.as_str().unwrap(), name.as_str().unwrap()).await;
            found.map(|found| found.map_or(Value::Null, |it| json!([it.model, it.id])))
        }
        "fields_get" if asked.texts("attributes") == ["type", "string"] => {
            let fields = texts("allfields");
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            odoo.fields(model, &fields).await.map(Value::Object)
        }
        "create" if get("vals_list").is_array() => {
            let records: Vec<Map<_, _>> = get("vals_list").as_array().unwrap().iter().map(object).collect();
            odoo.create(model, records).await.map(Value::from)
        }
        "write" => odoo.write(model, &asked.ids(), object(&get("vals"))).await.map(|()| json!(true)),
        "unlink" => odoo.unlink(model, &asked.ids()).await.map(|()| json!(true)),
        _ => return None,
    })
}

fn list(records: Vec<Record>) -> Value {
    records.into_iter().map(|record| Value::Object(record.into_map())).collect()
}

/// The recorded result as the typed method gives it.
fn simplified(asked: &Asked, result: Value) -> Value {
    match asked.method.as_str() {
        "load" => result["ids"].clone(),
        "check_object_reference" if result[1] == json!(false) => json!([result[0], null]),
        "read_group" | "formatted_read_group" => {
            let groups = result.as_array().unwrap().iter();
            groups.map(|group| json!([group["user_id"][0], group["__count"]])).collect()
        }
        _ => result,
    }
}
