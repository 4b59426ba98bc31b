use std::fs;
use std::path::Path;

use chrono::{NaiveDate, Utc};
use tempfile::TempDir;

use super::search::{Filter, search};
use super::*;

fn config(folder: &Path) -> AuditConfig {
    AuditConfig { folder: folder.join("audit"), required: true, retention_days: 0 }
}

fn line(caller: &str, id: i64) -> Line<'_> {
    Line {
        caller: caller.into(),
        tenant: "default".into(),
        transport: "rest".into(),
        operation: "get_sale".into(),
        ids: vec![id.into(), Id::Named("quot_a1".to_owned())],
        outcome: "ok".into(),
        ..Line::default()
    }
}

/// The callers of the lines that are found.
fn found(folder: &TempDir, filter: &Filter, at_most: usize) -> (Vec<String>, bool) {
    let (lines, more) = search(&folder.path().join("audit"), filter, at_most).unwrap();
    (lines.iter().map(|line| Line::parse(line).unwrap().caller.into_owned()).collect(), more)
}

fn of(name: &'static str, value: &str) -> Filter {
    Filter { fields: vec![(name, value.to_owned())], ..Filter::default() }
}

#[tokio::test]
async fn what_is_noted_stands_there_at_the_stop() {
    let folder = TempDir::new().unwrap();
    let audit = Audit::start(&config(folder.path())).unwrap();
    // Callers may be called anything.
    for caller in ["a", "\"b\" \\", "c\n"] {
        audit.note(&line(caller, 7));
    }
    audit.shutdown().await;
    assert_eq!(
        found(&folder, &Filter::default(), 9),
        (["c\n", "\"b\" \\", "a"].map(String::from).into(), false)
    );
    assert_eq!(found(&folder, &Filter::default(), 2), (["c\n", "\"b\" \\"].map(String::from).into(), true));
    assert_eq!(found(&folder, &of("caller", "\"b\" \\"), 9).0, ["\"b\" \\"]);
    assert_eq!(found(&folder, &of("caller", "b"), 9).0, [""; 0]);
    let with = |id| Filter { id: Some(id), ..Filter::default() };
    assert_eq!(found(&folder, &with(Id::Record(7)), 9).0.len(), 3);
    assert_eq!(found(&folder, &with(Id::Named("quot_a1".to_owned())), 9).0.len(), 3);
    assert_eq!(found(&folder, &with(Id::Record(70)), 9).0.len(), 0);
}

#[test]
fn lines_longer_than_a_block_and_torn_ones_hide_no_others() {
    let text =
        |caller: &str| serde_json::to_string(&Line { time: "2026".into(), ..line(caller, 1) }).unwrap();
    let noise = "x".repeat(700_000);
    let half = &text("lost")[..40];
    let file = format!("{}\n{noise}\n\n{half}{}\n{}\n{}", text("a"), text("b"), text("c"), text("d"));
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("audit")).unwrap();
    fs::write(folder.path().join("audit/2026-11-21.jsonl"), file).unwrap();
    for filter in [Filter::default(), of("operation", "get_sale")] {
        let mut names = found(&folder, &filter, 9).0;
        names.sort_unstable();
        assert_eq!(names, ["a", "b", "c"], "the last has no end");
    }
    assert!(found(&folder, &of("caller", "lost"), 9).0.is_empty());
    let day = |day| Some(NaiveDate::from_ymd_opt(2026, 11, day).unwrap());
    for (from, to, count) in [(day(21), day(21), 3), (day(22), None, 0), (None, day(20), 0)] {
        assert_eq!(found(&folder, &Filter { from, to, ..Filter::default() }, 9).0.len(), count);
    }
}

/// Several threads take parts of it: no line is found twice or by none, where they meet neither.
#[test]
fn of_a_large_file_the_newest_lines_are_found() {
    let mut file = String::new();
    for n in 0..60_000 {
        let caller = if n % 7 == 0 { "web" } else { "dashboard" };
        let line = Line { milliseconds: n, time: "2026-11-21T10:00:00.000Z".into(), ..line(caller, 1) };
        file.push_str(&serde_json::to_string(&line).unwrap());
        file.push('\n');
        if n == 30_000 {
            file.push_str(&"x".repeat(5_000_000));
            file.push('\n');
        }
    }
    assert!(file.len() > 12_000_000, "it has several parts");
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("audit")).unwrap();
    fs::write(folder.path().join("audit/2026-11-21.jsonl"), file).unwrap();
    let newest = |filter: &Filter, at_most| {
        let (lines, more) = search(&folder.path().join("audit"), filter, at_most).unwrap();
        (lines.iter().map(|line| Line::parse(line).unwrap().milliseconds).collect::<Vec<_>>(), more)
    };
    let all: Vec<_> = (0..60_000).rev().collect();
    let of_web: Vec<_> = all.iter().copied().filter(|n| n % 7 == 0).collect();
    for (filter, expected) in [(Filter::default(), &all), (of("caller", "web"), &of_web)] {
        for at_most in [1, 999, expected.len() - 1, expected.len(), expected.len() + 1] {
            let (found, more) = newest(&filter, at_most);
            assert_eq!(more, at_most < expected.len(), "{at_most}");
            assert_eq!(found, expected[..at_most.min(expected.len())], "{at_most}");
        }
    }
}

#[tokio::test]
async fn while_the_disk_refuses_lines_wait_and_what_is_lost_is_told() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("audit");
    fs::write(&place, "no folder").unwrap();
    let audit = Audit::start(&config(folder.path())).unwrap();
    assert!(audit.forbids_writing());
    let long = "c".repeat(4000);
    for n in 0..2000 {
        audit.note(&line(&long, n));
    }
    fs::remove_file(&place).unwrap();
    while audit.is_down() {
        tokio::task::yield_now().await;
    }
    assert!(!audit.forbids_writing());
    audit.shutdown().await;
    let (lines, _) = search(&place, &of("operation", "audit"), 9).unwrap();
    let lost = lines.iter().map(|line| Line::parse(line).unwrap().lost).sum::<u64>();
    let (kept, _) = search(&place, &of("caller", &long), 9999).unwrap();
    assert!(lost > 0 && !kept.is_empty());
    assert_eq!(lost + kept.len() as u64, 2000);
    assert!(place.join(format!("{}.jsonl", Utc::now().date_naive())).exists());
}
