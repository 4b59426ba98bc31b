//! Their configuration files. What the documents show runs: see process/config_file.rs.

use serde_json::json;
use tempfile::TempDir;

use crate::support::process::run;

/// The file that comes with one of them has keys that mean nothing here: all are named at once.
#[tokio::test]
async fn the_file_that_is_shipped_is_refused_by_its_keys() {
    let unknown = [
        "pii_masking",
        "rate_limit_per_minute",
        "rate_limit_burst",
        "audit_logging",
        "implicit_domains",
        "max_payload_size",
        "max_fields_limit",
        "max_records_limit",
        "schema_cache_ttl",
        "actions_registry",
        "log_level",
    ];
    let mut config = json!({ "odoo_url": "http://localhost:8069", "database": "your_db", "connection_type": "streamable_http" });
    config.as_object_mut().unwrap().extend(unknown.map(|key| (key.to_owned(), json!(1))));
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let output = run(folder.path(), &["--config", "config.json"], &[]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    for key in unknown {
        assert!(said.contains(key), "{key}: {said}");
    }
}
