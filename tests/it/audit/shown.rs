//! `mcp-odoo audit`.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::process::{binary, run};

fn write(folder: &Path) {
    let audit = folder.join("logs/audit");
    fs::create_dir_all(&audit).unwrap();
    let line = |time: &str, rest: &str| format!("{{\"time\":\"{time}\",\"caller\":{rest}}}\n");
    let web = r#""web","tenant":"acme","ip":"10.0.0.7","transport":"rest","operation":"get_sale","model":"sale.order","ids":[42,"quot_a1"],"outcome":"ok","milliseconds":12"#;
    let local = r#""local","tenant":"default","transport":"stdio","operation":"list_users","model":"res.users","ids":[142],"outcome":"forbidden","milliseconds":0"#;
    let evil = r#""e\u001b[31m\nvil","tenant":"acme","transport":"mcp","operation":"search","outcome":"ok","milliseconds":420"#;
    let lost = r#""","tenant":"","transport":"","operation":"audit","outcome":"lines_lost","milliseconds":0,"lost":7"#;
    fs::write(audit.join("2026-01-30.jsonl"), line("2026-01-30T10:00:00.000Z", web)).unwrap();
    let second = line("2026-01-31T10:00:00.500Z", local)
        + "{\"time\":\"2026-01-31T1"
        + &line("2026-01-31T10:00:01.000Z", evil);
    fs::write(audit.join("2026-01-31.jsonl"), second + &line("2026-01-31T10:00:02.000Z", lost) + "{ torn")
        .unwrap();
    fs::write(audit.join("notes.txt"), "").unwrap();
}

const TABLE: &str = "\
TIME                      CALLER      TENANT   FROM      BY     OPERATION   MODEL       IDS         OUTCOME       MS
2026-01-31T10:00:02.000Z                                        audit                               lines_lost 7  0
2026-01-31T10:00:01.000Z  e [31m vil  acme               mcp    search                              ok            420
2026-01-31T10:00:00.500Z  local       default            stdio  list_users  res.users   142         forbidden     0
2026-01-30T10:00:00.000Z  web         acme     10.0.0.7  rest   get_sale    sale.order  42,quot_a1  ok            12
";

async fn audit(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = run(folder, &[&["audit"], arguments].concat(), &[]).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn lines_are_shown_newest_first() {
    let folder = TempDir::new().unwrap();
    let heading = TABLE.lines().next().unwrap().split_whitespace().collect::<Vec<_>>().join("  ") + "\n";
    assert_eq!(audit(folder.path(), &[]).await, (0, heading, String::new()));
    write(folder.path());
    assert_eq!(audit(folder.path(), &[]).await, (0, TABLE.to_owned(), String::new()));
    let (code, shown, said) = audit(folder.path(), &["--limit", "1", "--json"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((code, &shown[0]["lost"], &shown[1]), (0, &Value::from(7), &Value::Null));
    assert!(said.starts_with("There are more: "), "{said}");
}

#[tokio::test]
async fn lines_are_narrowed() {
    let folder = TempDir::new().unwrap();
    write(folder.path());
    let cases: [(&[&str], &[&str]); 14] = [
        (&["--from", "2026-01-31", "--to", "2026-01-31"], &["audit", "search", "list_users"]),
        (&["--to", "2026-01-30"], &["get_sale"]),
        (&["--caller", "web"], &["get_sale"]),
        (&["--caller", "we"], &[]),
        (&["--tenant", "acme"], &["search", "get_sale"]),
        (&["--transport", "stdio"], &["list_users"]),
        (&["--operation", "search"], &["search"]),
        (&["--outcome", "forbidden"], &["list_users"]),
        (&["--outcome", "ok", "--tenant", "acme", "--model", "sale.order"], &["get_sale"]),
        (&["--model", "acme"], &[]),
        (&["--id", "42"], &["get_sale"]),
        (&["--id", "quot_a1"], &["get_sale"]),
        (&["--id", "420"], &[]),
        (&["--id", "7"], &[]),
    ];
    for (arguments, operations) in cases {
        let (code, shown, said) = audit(folder.path(), &[arguments, &["--json"]].concat()).await;
        assert_eq!((code, said.as_str()), (0, ""));
        let shown: Vec<Value> = serde_json::from_str(&shown).unwrap();
        let shown: Vec<&str> = shown.iter().map(|line| line["operation"].as_str().unwrap()).collect();
        assert_eq!(shown, operations, "{arguments:?}");
    }
    let (code, shown, said) = audit(folder.path(), &["--from", "2026-02-11", "--to", "2026-02-10"]).await;
    let expected =
        "mcp-odoo: --from 2026-02-11 is after --to 2026-02-10: --from takes the earlier of the two days\n";
    assert_eq!((code, shown.as_str(), said.as_str()), (1, "", expected));
    assert_eq!(audit(folder.path(), &["--from", "yesterday"]).await.0, 2);
    fs::remove_dir_all(folder.path().join("logs/audit")).unwrap();
    fs::write(folder.path().join("logs/audit"), "").unwrap();
    let (code, _, said) = audit(folder.path(), &[]).await;
    assert_eq!(code, 1);
    assert!(said.starts_with("mcp-odoo: cannot read LOG_DIR/audit: "), "{said}");
}

/// As `mcp-odoo audit | head -1` does.
#[cfg(unix)]
#[tokio::test]
async fn who_has_read_enough_ends_the_listing_without_a_word() {
    let folder = TempDir::new().unwrap();
    write(folder.path());
    let (reading, writing) = std::io::pipe().unwrap();
    drop(reading);
    for arguments in [&["audit"][..], &["audit", "--json"]] {
        let mut command = binary(folder.path());
        let output = command.args(arguments).stdout(writing.try_clone().unwrap()).output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}
