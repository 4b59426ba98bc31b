//! The recorded requests and answers of real Odoo servers.

use std::path::PathBuf;

use serde_json::{Map, Value};

/// The versions that were recorded.
pub const VERSIONS: [&str; 3] = ["16.0", "18.0", "19.0"];

/// What a user without a plain salesperson's login cannot record.
pub const AS_SALESPERSON: [&str; 4] = [
    "external_id_found_as_salesperson",
    "external_id_missing_as_salesperson",
    "model_data_search_as_salesperson",
    "access_denied_create_user",
];

/// One recorded request and the answer of a real Odoo.
#[derive(Clone)]
pub struct Recording {
    pub name: String,
    pub method: String,
    pub path: String,
    pub headers: Map<String, Value>,
    /// XML-RPC bodies are strings of XML, all others JSON values.
    pub body: Value,
    pub status: u16,
    pub content_type: String,
    pub content_disposition: Option<String>,
    /// The address that answered, where it is not the one asked.
    pub redirected_to: Option<String>,
    pub answer: Value,
}

/// The folder of recordings: `ODOO_TRANSCRIPTS`, else `../shared/odoo-transcripts` beside the checkout.
fn folder() -> PathBuf {
    std::env::var_os("ODOO_TRANSCRIPTS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/odoo-transcripts"),
        PathBuf::from,
    )
}

/// Whether the recordings are not our own: who records their own Odoo has one version, and perhaps no API key for
/// JSON-2.
pub fn is_from_elsewhere() -> bool {
    std::env::var_os("ODOO_TRANSCRIPTS").is_some()
}

/// The recordings of one version and protocol; `None`, with a plain word on stdout, when they are absent.
pub fn load(version: &str, protocol: &str) -> Option<Vec<Recording>> {
    let file = file(version, protocol);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if is_from_elsewhere() {
                assert!(any(), "ODOO_TRANSCRIPTS has no recordings of {}", VERSIONS.join(", "));
            } else {
                assert!(std::env::var_os("CI").is_none(), "no recordings at {}", file.display());
            }
            println!("NOT CHECKED: no recordings at {} (see ODOO_TRANSCRIPTS)", file.display());
            return None;
        }
        Err(error) => panic!("{}: {error}", file.display()),
    };
    let recordings: Vec<Value> = serde_json::from_str(&text).unwrap();
    Some(recordings.iter().map(recording).collect())
}

fn file(version: &str, protocol: &str) -> PathBuf {
    folder().join(version).join(format!("{protocol}.json"))
}

fn any() -> bool {
    VERSIONS
        .iter()
        .any(|version| ["xmlrpc", "jsonrpc", "json2"].iter().any(|protocol| file(version, protocol).exists()))
}

fn recording(value: &Value) -> Recording {
    let (request, response) = (&value["request"], &value["response"]);
    Recording {
        name: value["name"].as_str().unwrap().to_owned(),
        method: request["method"].as_str().unwrap_or("POST").to_owned(),
        path: request["path"].as_str().unwrap().to_owned(),
        headers: request["headers"].as_object().unwrap().clone(),
        body: request["body"].clone(),
        status: response["status"].as_u64().unwrap().try_into().unwrap(),
        content_type: response["headers"]["Content-Type"].as_str().unwrap_or_default().to_owned(),
        content_disposition: response["headers"]["Content-Disposition"].as_str().map(str::to_owned),
        redirected_to: response["redirected_to"].as_str().map(str::to_owned),
        answer: response["body"].clone(),
    }
}
