//! The codecs on an answer of ten thousand records, beside serde_json on the same data. Each in a process of its
//! own, which tells its peak of memory.

use std::path::Path;
use std::time::{Duration, Instant};

use mcp_odoo_core::odoo::Protocol;
use mcp_odoo_core::odoo::wire::Answer;
use serde_json::{Value, json};

use super::Scale;
use super::answers::{as_xml, records};
use super::process::{memory, role};
use super::report::{Report, Row};

const RECORDS: usize = 10_000;
const TIME: Duration = Duration::from_millis(700);

pub async fn run(_: Scale, report: &mut Report) {
    let folder = tempfile::TempDir::new().unwrap();
    let records = records(RECORDS);
    let json = json!({ "jsonrpc": "2.0", "id": 1, "result": records }).to_string();
    let bare = Value::Array(records.clone()).to_string();
    let xml = as_xml(&records);
    let file = |name| folder.path().join(name);
    let (json_file, bare_file, xml_file) = (file("json"), file("bare"), file("xml"));
    std::fs::write(&json_file, &json).unwrap();
    std::fs::write(&bare_file, &bare).unwrap();
    std::fs::write(&xml_file, &xml).unwrap();
    let (plain, plain_peak) = measured("serde_json", &json_file).await;
    let answers = [
        ("JSON-2", &bare_file, bare.len()),
        ("JSON-RPC", &json_file, json.len()),
        ("XML-RPC", &xml_file, xml.len()),
    ];
    for (name, file, size) in answers {
        let (rate, peak) = measured(name, file).await;
        let remark = format!(
            "of {:.1} MB, {:.0} records/s; peak {peak:.0} MB (serde_json {plain_peak:.0} on {:.1} MB)",
            size as f64 / 1e6,
            rate * 1e6 / size as f64 * RECORDS as f64,
            json.len() as f64 / 1e6
        );
        report.add(
            Row::new(format!("{name} decoded"), rate, "MB/s").beside("MB/s serde_json", plain).remark(remark),
        );
    }
}

/// MB a second, and MB at the peak.
async fn measured(name: &str, file: &Path) -> (f64, f64) {
    let env = [("BENCH_CODEC", name), ("BENCH_FILE", file.to_str().unwrap())];
    let output = role("decode", &env).output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let mut numbers = said.split_whitespace().map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// The process that decodes.
pub fn decode() {
    let (name, file) = (std::env::var("BENCH_CODEC").unwrap(), std::env::var("BENCH_FILE").unwrap());
    let body = std::fs::read(file).unwrap();
    let size = body.len() as f64 / 1e6;
    let answer = Answer { status: 200, content_type: String::new(), location: None, body };
    let value = || -> Value {
        match name.as_str() {
            "JSON-2" => Protocol::Json2.decode(&answer).unwrap(),
            "JSON-RPC" => Protocol::JsonRpc.decode(&answer).unwrap(),
            "XML-RPC" => Protocol::XmlRpc.decode(&answer).unwrap(),
            _ => serde_json::from_slice::<Value>(&answer.body).unwrap()["result"].take(),
        }
    };
    assert_eq!(value().as_array().unwrap().len(), RECORDS);
    let peak = memory(std::process::id(), "VmHWM:");
    let (started, mut rounds) = (Instant::now(), 0);
    while started.elapsed() < TIME {
        value();
        rounds += 1;
    }
    println!("{} {peak}", size * f64::from(rounds) / started.elapsed().as_secs_f64());
}
