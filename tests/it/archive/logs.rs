//! `mcp-odoo logs`, on the disk and in the bucket.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::handoff;
use crate::support::process::{Server, binary, borrowed, run};
use crate::support::s3::S3;

/// A failed one of January, a completed one of February, one of March that waits, and a handoff.
fn write_logs(folder: &Path) {
    let logs = folder.join("logs");
    fs::create_dir(&logs).unwrap();
    let log = |date: &str, id: &str, status: &str, output: Value, error: Value| {
        let log = json!({
            "tracking_id": id, "timestamp": format!("{date}T10:00:00"), "date": date, "time": "10:00:00",
            "status": status, "output": output, "error": error, "updated_at": format!("{date}T10:00:05"),
            "odoo": "elsewhere",
            "input": { "partner_name": "Torres\u{1b}[31m\nSA", "contact_name": "Luis Privat",
                       "email": "luis@privat.example", "phone": "+52 155 1234 5678", "lead_name": "Robot" },
        });
        fs::write(logs.join(format!("{date}_{id}.log")), log.to_string()).unwrap();
    };
    log("2026-01-30", "quot_a1", "failed", Value::Null, json!("product 7 does not exist"));
    log("2026-02-10", "quot_b2", "completed", json!({ "sale_order_name": "S00042" }), Value::Null);
    log("2026-03-05", "quot_c3", "queued", Value::Null, Value::Null);
    let id = "sms_1770800000_0a1b2c3d";
    let log = handoff(id, "2026-02-11", "sent").to_string();
    fs::write(logs.join(format!("2026-02-11_{id}.log")), log).unwrap();
    fs::write(logs.join("2026-02-12_quot_d4.log"), "{ torn").unwrap();
    fs::write(logs.join("notes.txt"), "").unwrap();
}

async fn logs(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
    let output = run(folder, &[&["logs"], arguments].concat(), env).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const TABLE: &str = "\
DATE        TIME      ID                       STATUS      WHAT                   ERROR
2026-03-05  10:00:00  quot_c3                  queued      Torres [31m SA
2026-02-12            quot_d4                  unreadable
2026-02-11  10:00:00  sms_1770800000_0a1b2c3d  sent        user 42
2026-02-10  10:00:00  quot_b2                  completed   S00042 Torres [31m SA
2026-01-30  10:00:00  quot_a1                  failed      Torres [31m SA         product 7 does not exist
";

#[tokio::test]
async fn the_bucket_lists_and_shows_the_same_as_the_disk_beside_a_running_server() {
    let (s3, folder) = (S3::start(), TempDir::new().unwrap());
    write_logs(folder.path());
    fs::remove_file(folder.path().join("logs/2026-02-12_quot_d4.log")).unwrap();
    let s3_env = s3.env();
    let env = borrowed(&s3_env);
    let server = Server::start(folder.path(), &env).await;
    s3.until_mirrors(&folder.path().join("logs")).await;
    for arguments in [&["--from", "2026-01-01"][..], &["--from", "2026-01-31", "--json"], &["quot_b2"]] {
        let here = logs(folder.path(), arguments, &env).await;
        assert_eq!(here.0, 0, "{}", here.2);
        assert!(here.1.contains("quot_b2"), "{}", here.1);
        assert_eq!(logs(folder.path(), &[&["--s3"], arguments].concat(), &env).await, here, "{arguments:?}");
    }
    server.process.kill().await;
    let elsewhere = [&env[..], &[("S3_LOGS_BUCKET", "no-such-bucket")]].concat();
    let (code, _, said) = logs(folder.path(), &["--s3"], &elsewhere).await;
    let expected = "mcp-odoo: S3_LOGS_BUCKET is not there: make the bucket, or correct the name\n";
    assert_eq!((code, said.as_str()), (1, expected));
    s3.down();
    let (code, _, said) = logs(folder.path(), &["--s3"], &env).await;
    assert_eq!(code, 1);
    assert!(said.starts_with("mcp-odoo: the store cannot be reached: "), "{said}");
}

#[tokio::test]
async fn a_listing_is_short_and_tells_no_more_than_it_must() {
    let folder = TempDir::new().unwrap();
    write_logs(folder.path());
    let all = ["--from", "2026-01-01"];
    let (code, table, said) = logs(folder.path(), &all, &[]).await;
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(table, TABLE);
    let (_, json, _) = logs(folder.path(), &[&all[..], &["--json"]].concat(), &[]).await;
    let listed: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 5);
    let failed = json!({
        "date": "2026-01-30", "time": "10:00:00", "id": "quot_a1", "status": "failed",
        "what": "Torres\u{1b}[31m\nSA", "error": "product 7 does not exist",
    });
    assert_eq!(listed[4], failed);
    for personal in ["privat", "Privat", "155", "1234 5678"] {
        assert!(!table.contains(personal) && !json.contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn a_listing_is_narrowed_by_day_and_status() {
    let folder = TempDir::new().unwrap();
    write_logs(folder.path());
    let cases: [(&[&str], &[&str]); 6] = [
        (&["--from", "2026-02-10", "--to", "2026-02-11"], &["sms_1770800000_0a1b2c3d", "quot_b2"]),
        (&["--from", "2026-01-01", "--status", "failed"], &["quot_a1"]),
        (&["--from", "2026-01-01", "--status", "processing"], &[]),
        (&["--to", "2026-02-01"], &["quot_a1"]),
        (&["--to", "2026-03-31", "--status", "queued"], &["quot_c3"]),
        (&[], &[]),
    ];
    for (arguments, ids) in cases {
        let (code, json, said) = logs(folder.path(), &[arguments, &["--json"]].concat(), &[]).await;
        assert_eq!(code, 0, "{said}");
        let listed: Vec<Value> = serde_json::from_str(&json).unwrap();
        let listed: Vec<&str> = listed.iter().map(|log| log["id"].as_str().unwrap()).collect();
        assert_eq!(listed, ids, "{arguments:?}");
    }
    let (code, _, said) = logs(folder.path(), &["--from", "yesterday"], &[]).await;
    assert_eq!(code, 2, "{said}");
    let (code, listed, said) = logs(folder.path(), &["--status", "foo"], &[]).await;
    assert_eq!((code, listed.as_str()), (2, ""));
    for status in ["queued", "processing", "completed", "failed", "sent", "delivered", "read", "undelivered"]
    {
        assert!(said.contains(status), "{said}");
        assert_eq!(logs(folder.path(), &["--status", status], &[]).await.0, 0, "{status}");
    }
    let reversed = ["--from", "2026-02-11", "--to", "2026-02-10"];
    let (code, listed, said) = logs(folder.path(), &reversed, &[]).await;
    let expected =
        "mcp-odoo: --from 2026-02-11 is after --to 2026-02-10: --from takes the earlier of the two days\n";
    assert_eq!((code, listed.as_str(), said.as_str()), (1, "", expected));
}

#[tokio::test]
async fn one_log_is_shown_whole() {
    let folder = TempDir::new().unwrap();
    write_logs(folder.path());
    let (code, shown, _) = logs(folder.path(), &["quot_a1"], &[]).await;
    assert_eq!(code, 0);
    assert_eq!(shown.as_bytes(), fs::read(folder.path().join("logs/2026-01-30_quot_a1.log")).unwrap());
    let (code, shown, said) = logs(folder.path(), &["quot_none"], &[]).await;
    assert_eq!((code, shown.as_str(), said.as_str()), (1, "", "mcp-odoo: there is no log of quot_none\n"));
    let (code, _, said) = logs(folder.path(), &[], &[("LOG_DIR", "elsewhere")]).await;
    assert_eq!(code, 1);
    assert!(said.starts_with("mcp-odoo: cannot read LOG_DIR: "), "{said}");
    let (code, _, said) = logs(folder.path(), &["--s3"], &[]).await;
    assert_eq!((code, said.as_str()), (1, "mcp-odoo: S3_LOGS_BUCKET is not set\n"));
}

#[tokio::test]
async fn the_listing_of_a_bucket_goes_over_all_its_pages() {
    let (s3, folder) = (S3::start(), TempDir::new().unwrap());
    let month = s3.objects_folder().join("mcp-odoo-logs/2026/01");
    fs::create_dir_all(&month).unwrap();
    // A page has a thousand.
    for n in 0..1100 {
        let log = json!({ "status": if n == 7 { "failed" } else { "completed" }, "time": "10:00:00" });
        fs::write(month.join(format!("2026-01-{:02}_quot_{n:04}.log", 1 + n % 28)), log.to_string()).unwrap();
    }
    fs::write(month.join("check-abc"), "not a log").unwrap();
    let s3_env = s3.env();
    let env = borrowed(&s3_env);
    let january = ["--s3", "--json", "--from", "2026-01-01", "--to", "2026-01-31"];
    let (code, json, said) = logs(folder.path(), &january, &env).await;
    assert_eq!(code, 0, "{said}");
    let listed: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert_eq!((listed.len(), &listed[0]["date"]), (1000, &json!("2026-01-28")));
    assert_eq!(said, "There are more: ask for fewer days with --from and --to\n");
    let (_, json, said) = logs(folder.path(), &[&january[..], &["--status", "failed"]].concat(), &env).await;
    let listed: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert_eq!((listed.len(), &listed[0]["id"], said.as_str()), (1, &json!("quot_0007"), ""));
    let (code, shown, said) = logs(folder.path(), &["--s3", "quot_1099"], &env).await;
    assert_eq!(code, 0, "{said}");
    assert!(shown.contains("completed"), "{shown}");
}

/// As `mcp-odoo logs | head -1` does.
#[cfg(unix)]
#[tokio::test]
async fn who_has_read_enough_ends_the_listing_without_a_word() {
    let folder = TempDir::new().unwrap();
    write_logs(folder.path());
    let (reading, writing) = std::io::pipe().unwrap();
    drop(reading);
    for arguments in [&["logs", "--from", "2026-01-01"][..], &["logs", "quot_a1"], &["openapi"]] {
        let mut command = binary(folder.path());
        let output = command.args(arguments).stdout(writing.try_clone().unwrap()).output();
        let output = output.await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}
