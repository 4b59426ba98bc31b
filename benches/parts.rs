//! The parts that take time with the size of what they are given: `cargo bench --bench parts [name]`.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "service/answers.rs"]
mod answers;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Read, Write};
use std::num::NonZeroU32;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures::FutureExt;
use mcp_odoo_core::audit::search::{Filter, search};
use mcp_odoo_core::audit::{Audit, AuditConfig, Id, Line};
use mcp_odoo_core::input;
use mcp_odoo_core::language::Language;
use mcp_odoo_core::limits::{Kind, Limiter, Limits, LimitsConfig};
use mcp_odoo_core::odoo::Protocol;
use mcp_odoo_core::odoo::wire::Answer;
use mcp_odoo_core::quotation::document::Quotation;
use mcp_odoo_core::quotation::id::{ExternalIds, TrackingId};
use mcp_odoo_core::quotation::request::QuotationRequest;
use mcp_odoo_core::quotation::status::QuotationStatus;
use mcp_odoo_core::quotation::told::Told;
use mcp_odoo_core::store::Document;
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
        let status = QuotationStatus::queued(id, request, Timestamp::now(), Language::Es);
        let document = Document::new(
            Quotation { status, external_ids, repeat_mark: None, language: Language::Es },
            "",
            "anonymous",
        );
        criterion.bench_with_input(
            BenchmarkId::new("write a state, lines", lines),
            &document,
            |bencher, document| {
                bencher.iter(|| Told::from(black_box(document).clone()).json());
            },
        );
    }
}

/// A million lines of the audit, beside reading them once; and what a line and a count cost who asks for an operation.
fn auditing(criterion: &mut Criterion) {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("2026-11-21.jsonl");
    let mut lines = BufWriter::new(File::create(&file).unwrap());
    for n in 0..1_000_000_u64 {
        let line = Line {
            time: format!("2026-11-21T10:{:02}:{:02}.{:03}Z", n / 60_000 % 60, n / 1000 % 60, n % 1000)
                .into(),
            caller: if n % 1000 == 0 { "web".into() } else { "dashboard".into() },
            tenant: "default".into(),
            ip: Some([10, 0, 0, 7].into()),
            transport: "rest".into(),
            operation: "list_sales".into(),
            model: Some("sale.order".into()),
            ids: (0..n % 8).map(|id| Id::Record((n + id) as i64)).collect(),
            not_done: 0,
            outcome: if n % 100 == 0 { "rate_limited".into() } else { "ok".into() },
            milliseconds: n % 900,
            request_id: Some("6f1c1f0e-0a0b-4c0d-8e0f-000000000001".into()),
            lost: 0,
            repeated: 0,
        };
        serde_json::to_writer(&mut lines, &line).unwrap();
        lines.write_all(b"\n").unwrap();
    }
    lines.into_inner().unwrap().sync_all().unwrap();
    let of = |name, value: &str| Filter { fields: vec![(name, value.to_owned())], ..Filter::default() };
    let filters = [
        ("of a caller", of("caller", "web")),
        ("of an outcome", of("outcome", "rate_limited")),
        (
            "of a caller, for an operation that is in every line",
            Filter {
                fields: vec![("operation", "list_sales".to_owned()), ("caller", "web".to_owned())],
                ..Filter::default()
            },
        ),
        ("of a record", Filter { id: Some(Id::Record(777_777)), ..Filter::default() }),
        ("all, the last 1,000", Filter::default()),
    ];
    let mut group = criterion.benchmark_group("1 M lines of the audit");
    group.sample_size(10).throughput(Throughput::Bytes(file.metadata().unwrap().len()));
    group.bench_function("read once", |bencher| {
        bencher.iter(|| {
            let (mut file, mut block) = (File::open(&file).unwrap(), vec![0; 256 * 1024]);
            while file.read(black_box(&mut block)).unwrap() > 0 {}
        });
    });
    for (name, filter) in filters {
        group.bench_function(name, |bencher| {
            bencher.iter(|| search(folder.path(), black_box(&filter), 1000).unwrap());
        });
    }
    group.finish();
    let config = AuditConfig { folder: folder.path().join("audit"), required: false, retention_days: 0 };
    let audit = Audit::start(&config).unwrap();
    criterion.bench_function("note a line", |bencher| {
        bencher.iter(|| {
            audit.note(&Line {
                caller: "web".into(),
                tenant: "default".into(),
                transport: "mcp".into(),
                operation: "list_sales".into(),
                outcome: "ok".into(),
                ..Line::default()
            });
        });
    });
    let limits = Limits {
        per_minute: NonZeroU32::new(u32::MAX),
        per_day: NonZeroU32::new(u32::MAX),
        ..Limits::default()
    };
    let limiter = Limiter::open(LimitsConfig { limits, ..LimitsConfig::default() }, folder.path());
    criterion.bench_function("count a request", |bencher| {
        bencher.iter(|| limiter.admit(black_box("web"), None, Kind::Read).now_or_never().unwrap().unwrap());
    });
}

criterion_group!(parts, decoding, telling, auditing);
criterion_main!(parts);
