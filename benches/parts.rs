//! The parts that take time with the size of what they are given: `cargo bench --bench parts [name]`.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "service/answers.rs"]
mod answers;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mcp_odoo_core::input;
use mcp_odoo_core::odoo::Protocol;
use mcp_odoo_core::odoo::wire::Answer;
use mcp_odoo_core::quotation::document::Quotation;
use mcp_odoo_core::quotation::id::{ExternalIds, TrackingId};
use mcp_odoo_core::quotation::request::QuotationRequest;
use mcp_odoo_core::quotation::status::QuotationStatus;
use mcp_odoo_core::quotation::told::Told;
use mcp_odoo_core::store::{ANONYMOUS, Document};
use mcp_odoo_core::timestamp::Timestamp;
use serde_json::{Value, json};

/// An answer of 10,000 records, beside serde_json on the same records.
fn decoding(criterion: &mut Criterion) {
    let records = answers::records(10_000);
    let json = json!({ "jsonrpc": "2.0", "id": 1, "result": records }).to_string();
    let (bare, xml) = (Value::Array(records.clone()).to_string(), answers::as_xml(&records));
    let mut group = criterion.benchmark_group("decode 10,000 records");
    group.throughput(Throughput::Bytes(bare.len() as u64));
    group.bench_function("serde_json", |bencher| {
        bencher.iter(|| serde_json::from_str::<Value>(black_box(&bare)).unwrap());
    });
    for (protocol, body) in
        [(Protocol::Json2, bare.clone()), (Protocol::JsonRpc, json), (Protocol::XmlRpc, xml)]
    {
        group.throughput(Throughput::Bytes(body.len() as u64));
        let answer =
            Answer { status: 200, content_type: String::new(), location: None, body: body.into_bytes() };
        group.bench_function(protocol.to_string(), |bencher| {
            bencher.iter(|| protocol.decode(black_box(&answer)).unwrap());
        });
    }
}

fn request(lines: usize) -> Value {
    let products: Vec<_> = (0..lines).map(|_| json!({ "product_id": 26174, "qty": 2 })).collect();
    json!({
        "partner_name": "Almacenes Torres", "contact_name": "Luis Fernández", "email": "luis@torres.mx",
        "phone": "+52 155 1234 5678", "lead_name": "Cotización Robot PUDU", "products": products,
    })
}

/// From the JSON of a request to one that keeps the rules, and from a state to its JSON.
fn telling(criterion: &mut Criterion) {
    for lines in [2, 100, 500] {
        let text = request(lines).to_string();
        criterion.bench_with_input(
            BenchmarkId::new("read a request, lines", lines),
            &text,
            |bencher, text| {
                bencher.iter(|| {
                    input::parse::<QuotationRequest>(serde_json::from_str(black_box(text)).unwrap()).ok()
                });
            },
        );
        let request: QuotationRequest = serde_json::from_str(&text).unwrap();
        let id = TrackingId::random();
        let external_ids = ExternalIds::new(&id, &request);
        let status = QuotationStatus::queued(id, request, Timestamp::now());
        let document = Document::new(Quotation { status, external_ids, repeat_mark: None }, "", ANONYMOUS);
        criterion.bench_with_input(
            BenchmarkId::new("write a state, lines", lines),
            &document,
            |bencher, document| {
                bencher.iter(|| Told::from(black_box(document).clone()).json());
            },
        );
    }
}

criterion_group!(parts, decoding, telling);
criterion_main!(parts);
