//! The recorded requests and answers of real Odoo servers.

use std::path::PathBuf;

use serde_json::{Map, Value};

/// One recorded request and the answer of a real Odoo.
#[derive(Clone)]
pub struct Recording {
    pub name: String,
    pub path: String,
    pub headers: Map<String, Value>,
    /// XML-RPC bodies are strings of XML, all others JSON values.
    pub body: Value,
    pub status: u16,
    pub answer: Value,
}

/// The folder of recordings: `ODOO_TRANSCRIPTS`, else `../shared/odoo-transcripts` beside the checkout.
pub fn folder() -> PathBuf {
    std::env::var_os("ODOO_TRANSCRIPTS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/odoo-transcripts"),
        PathBuf::from,
    )
}

/// The recordings of one version and protocol; `None`, with a plain word on stdout, when the folder is absent.
pub fn load(version: &str, protocol: &str) -> Option<Vec<Recording>> {
    let file = folder().join(version).join(format!("{protocol}.json"));
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(
                std::env::var_os("CI").is_none() && std::env::var_os("ODOO_TRANSCRIPTS").is_none(),
                "no recordings at {}",
                file.display()
            );
            println!("NOT CHECKED: no recordings at {} (set ODOO_TRANSCRIPTS)", file.display());
            return None;
        }
        Err(error) => panic!("{}: {error}", file.display()),
    };
    let recordings: Vec<Value> = serde_json::from_str(&text).unwrap();
    Some(recordings.iter().map(recording).collect())
}

fn recording(value: &Value) -> Recording {
    let (request, response) = (&value["request"], &value["response"]);
    Recording {
        name: value["name"].as_str().unwrap().to_owned(),
        path: request["path"].as_str().unwrap().to_owned(),
        headers: request["headers"].as_object().unwrap().clone(),
        body: request["body"].clone(),
        status: response["status"].as_u64().unwrap().try_into().unwrap(),
        answer: response["body"].clone(),
    }
}
