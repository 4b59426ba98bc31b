//! The variables: what each takes, where it is read from, and what is said of a bad one.

use std::fs;

use mcp_odoo::config::VARIABLES;
use mcp_odoo_sandbox::Options;
use tempfile::TempDir;

use crate::support::app::{Odoo, request};
use crate::support::events::Events;
use crate::support::http_client;
use crate::support::process::{Server, binary, odoo_env, run};

const ODOO: [(&str, &str); 4] = [
    ("ODOO_URL", "http://127.0.0.1:9"),
    ("ODOO_DB", "db"),
    ("ODOO_LOGIN", "login"),
    ("ODOO_API_KEY", "geheim-4711"),
];

/// What the start says with these variables: one line, and nothing of a secret.
async fn refusal(env: &[(&str, &str)], file: Option<&str>) -> String {
    let folder = TempDir::new().unwrap();
    if let Some(file) = file {
        fs::write(folder.path().join(".env"), file).unwrap();
    }
    let output = run(folder.path(), &[], env).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{env:?}: {said}");
    assert!(output.stdout.is_empty());
    assert_eq!(said.lines().count(), 1, "{env:?}: {said}");
    assert!(!said.contains("geheim"), "{said}");
    assert!(!folder.path().join("logs").exists(), "nothing is made before the configuration is known");
    said.trim_end().strip_prefix("mcp-odoo: ").unwrap().to_owned()
}

#[tokio::test]
async fn a_bad_value_stops_the_start_and_is_named() {
    let seconds = "a whole number from 1 to 604800";
    let concurrency = "a whole number from 1 to 1000";
    let hours = "a whole number from 0 to 87600";
    let capacity = "a whole number from 1 to 1000000";
    let workers = "a whole number from 1 to 10000";
    // Times anything, it overflows.
    let most = u64::MAX.to_string();
    let address = "an address, e.g. https://company.odoo.com";
    let ids = "ids in Odoo divided by commas, e.g. 1,5";
    let origins = "* or origins divided by commas, e.g. https://shop.example";
    let hosts = "* or host names divided by commas, e.g. mcp.company.example";
    let public = "the address of this service, e.g. https://quotes.company.com";
    let bucket = "the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens";
    let cases = [
        ("PORT", "http", "a port number, 0 to 65535"),
        ("PORT", "65536", "a port number, 0 to 65535"),
        ("HOST", "localhost:80", "an IP address, e.g. 127.0.0.1 or 0.0.0.0"),
        ("ODOO_URL", "company.odoo.com", address),
        ("ODOO_URL", "ftp://company.odoo.com", address),
        ("DEV_ODOO_URL", "geheim", address),
        ("ODOO_PROTOCOL", "soap", "auto, json2, jsonrpc or xmlrpc"),
        ("ODOO_TIMEOUT_SECONDS", "0", seconds),
        ("ODOO_TIMEOUT_SECONDS", &most, seconds),
        ("ODOO_MAX_CONCURRENCY", "-1", concurrency),
        ("ODOO_MAX_CONCURRENCY", "1001", concurrency),
        ("SALES_TEAM_IDS", "1,zwei", ids),
        ("SALES_TEAM_IDS", "0", ids),
        ("SALES_STAGE_IDS", "1;2", ids),
        ("SALES_TEAM_IDS", ",", ids),
        ("SALES_STAGE_IDS", " , ", ids),
        ("QUEUE_CAPACITY", "0", capacity),
        ("QUEUE_CAPACITY", &most, capacity),
        ("QUOTATION_WORKERS", "many", workers),
        ("QUOTATION_WORKERS", &most, workers),
        ("QUOTATION_DEADLINE_SECONDS", "1.5", seconds),
        ("QUOTATION_DEADLINE_SECONDS", &most, seconds),
        ("REQUEST_TIMEOUT_SECONDS", "0", seconds),
        ("REQUEST_TIMEOUT_SECONDS", "604801", seconds),
        ("MAX_CONNECTIONS", "0", "a whole number from 1 to 1000000"),
        ("TASK_RETENTION_HOURS", "-1", hours),
        ("TASK_RETENTION_HOURS", &most, hours),
        ("LOG_LEVEL", "loud", "error, warn, info, debug or trace"),
        ("CORS_ORIGINS", "shop.example", origins),
        ("CORS_ORIGINS", "https://shop.example,*", origins),
        ("CORS_ORIGINS", "http://a/b", origins),
        ("CORS_ORIGINS", "http://a/?b", origins),
        ("CORS_ORIGINS", "http://b@a", origins),
        ("CORS_ORIGINS", ",", origins),
        ("ALLOWED_ORIGINS", "app.example", origins),
        ("ALLOWED_HOSTS", ",", hosts),
        ("PUBLIC_URL", "http://a?b", public),
        ("PUBLIC_URL", "http://a/#b", public),
        ("LANGUAGE", "español", "es, en, or a list of locales, e.g. en_US:en"),
        ("LANGUAGE", "en,es", "es, en, or a list of locales, e.g. en_US:en"),
        ("ALLOWED_HOSTS", "https://mcp.example", hosts),
        ("ALLOWED_HOSTS", "mcp.example:port", hosts),
        ("ALLOWED_HOSTS", "*.example", hosts),
        ("MCP_MAX_SESSIONS", "0", "a whole number from 1 to 100000"),
        ("MCP_IDLE_SECONDS", "0", seconds),
        ("MCP_INLINE_SECONDS", "soon", seconds),
        ("LOG_RETENTION_DAYS", "-1", "a whole number from 0 to 36500"),
        ("AUDIT_RETENTION_DAYS", "36501", "a whole number from 0 to 36500"),
        ("AUDIT_REQUIRED", "yes", "true or false"),
        ("REQUESTS_PER_MINUTE", "0", "a whole number from 1 to 1000000000"),
        ("REQUESTS_PER_DAY", "many", "a whole number from 1 to 1000000000"),
        ("RATE_LIMIT_MAX_WAIT_SECONDS", "30", "a whole number of seconds, less than REQUEST_TIMEOUT_SECONDS"),
        ("S3_LOGS_BUCKET", "My_Logs", bucket),
        ("S3_LOGS_BUCKET", "../logs", bucket),
    ];
    for (name, value, takes) in cases {
        let env = [&ODOO[..], &[(name, value)]].concat();
        assert_eq!(refusal(&env, None).await, format!("{name} takes {takes}"), "{name}={value}");
    }
}

/// Systems set it for all programs, each of which falls back to what it has.
#[tokio::test]
async fn a_language_that_is_not_there_is_told_and_stops_nothing() {
    for (list, known) in [("de_DE:de", false), ("C", false), ("de_DE:en", true), ("es_MX.UTF-8", true)] {
        let folder = TempDir::new().unwrap();
        let said = check(&folder, &[("LANGUAGE", list)]).await;
        assert_ne!(said.contains("LANGUAGE names neither es nor en"), known, "{list}: {said}");
        let server = Server::start(folder.path(), &[("LANGUAGE", list)]).await;
        server.process.terminate().await;
        let (status, said) = server.process.ended().await;
        assert_eq!(status.code(), Some(0), "{said}");
        assert_ne!(said.contains("LANGUAGE names neither es nor en"), known, "{list}: {said}");
    }
}

#[tokio::test]
async fn the_largest_values_work() {
    let folder = TempDir::new().unwrap();
    let env = [
        ("ODOO_TIMEOUT_SECONDS", "604800"),
        ("ODOO_MAX_CONCURRENCY", "1000"),
        ("QUEUE_CAPACITY", "1000000"),
        ("QUOTATION_WORKERS", "10000"),
        ("QUOTATION_DEADLINE_SECONDS", "604800"),
        ("TASK_RETENTION_HOURS", "87600"),
        ("REQUEST_TIMEOUT_SECONDS", "604800"),
        ("MAX_CONNECTIONS", "1000000"),
    ];
    let server = Server::start(folder.path(), &env).await;
    let url = format!("{}/api/quotation/async", server.url);
    let accepted = http_client().post(url).json(&request("eva@settings.example")).send().await.unwrap();
    let accepted: serde_json::Value = accepted.json().await.unwrap();
    let id = accepted["tracking_id"].as_str().unwrap();
    let events = http_client().get(format!("{}/api/quotation/events/{id}", server.url)).send().await.unwrap();
    assert_eq!(Events::new(events).last().await["status"], "completed");
    server.process.kill().await;
}

#[tokio::test]
async fn how_odoo_is_called_is_checked_for_the_embedded_one_too() {
    for (name, value) in
        [("ODOO_PROTOCOL", "soap"), ("ODOO_TIMEOUT_SECONDS", "0"), ("ODOO_MAX_CONCURRENCY", "0")]
    {
        let said = refusal(&[(name, value)], None).await;
        assert!(said.starts_with(&format!("{name} takes ")), "{said}");
    }
}

#[tokio::test]
async fn what_another_variable_makes_necessary_is_named() {
    let cases = [
        ("ODOO_DB", "ODOO_DB is required when ODOO_URL is set: the database's name"),
        ("ODOO_LOGIN", "ODOO_LOGIN is required when ODOO_URL is set: the login of the service's user"),
        (
            "ODOO_API_KEY",
            "ODOO_API_KEY is required when ODOO_URL is set: an API key or password of that user",
        ),
    ];
    for (name, says) in cases {
        // Empty is as good as not set.
        assert_eq!(refusal(&[&ODOO[..], &[(name, "  ")]].concat(), None).await, says);
        let without: Vec<_> = ODOO.into_iter().filter(|(known, _)| *known != name).collect();
        assert_eq!(refusal(&without, None).await, says);
    }
    let address = "an address, e.g. https://company.odoo.com";
    let account = [
        ("ODOO_URL", "ODOO_DB"),
        ("ODOO_URL", "ODOO_DATABASE"),
        ("ODOO_URL", "ODOO_USERNAME"),
        ("ODOO_URL", "ODOO_API_KEY"),
        ("ODOO_URL", "ODOO_PASS"),
        ("DEV_ODOO_URL", "DEV_ODOO_LOGIN"),
    ];
    for (url, name) in account {
        let says = format!("{url} is required when {name} is set: {address}");
        assert_eq!(refusal(&[(name, "geheim")], None).await, says);
    }
    let dev = ODOO.map(|(name, value)| (format!("DEV_{name}"), value));
    let dev: Vec<(&str, &str)> = dev.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let says = "ODOO_URL is required when DEV_ODOO_URL is set: the Odoo to read from";
    assert_eq!(refusal(&dev, None).await, says);
}

#[tokio::test]
async fn a_bucket_needs_what_belongs_to_it() {
    let cases: [(&[(&str, &str)], &str); 8] = [
        (&[], "AWS_REGION is required when S3_LOGS_BUCKET is set: the bucket's region, e.g. eu-central-1"),
        (&[("AWS_REGION", "https://x")], "AWS_REGION takes a region, e.g. eu-central-1"),
        (
            &[("AWS_ENDPOINT_URL", "http://bot:geheim@minio:9000")],
            "AWS_ENDPOINT_URL takes an address, e.g. http://minio:9000",
        ),
        (
            &[("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "geheim")],
            "AWS_SECRET_ACCESS_KEY is required when AWS_ACCESS_KEY_ID is set: the secret that belongs to the access key",
        ),
        (
            &[("AWS_REGION", "eu-central-1"), ("AWS_SECRET_ACCESS_KEY", "geheim")],
            "AWS_ACCESS_KEY_ID is required when AWS_SECRET_ACCESS_KEY is set: the access key that belongs to the secret",
        ),
        (
            &[("AWS_REGION", "eu-central-1"), ("AWS_SESSION_TOKEN", "geheim")],
            "AWS_ACCESS_KEY_ID is required when AWS_SESSION_TOKEN is set: the access key that belongs to the token",
        ),
        (
            &[("AWS_REGION", "eu-central-1"), ("AWS_ROLE_ARN", "mcp-odoo")],
            "AWS_ROLE_ARN takes the ARN of a role, e.g. arn:aws:iam::123456789012:role/mcp-odoo",
        ),
        (
            &[("AWS_REGION", "eu-central-1"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")],
            "AWS_ROLE_ARN is required when AWS_WEB_IDENTITY_TOKEN_FILE is set: the ARN of a role, e.g. \
             arn:aws:iam::123456789012:role/mcp-odoo",
        ),
    ];
    for (env, says) in cases {
        assert_eq!(refusal(&[&[("S3_LOGS_BUCKET", "mcp-logs")], env].concat(), None).await, says);
    }
    // Without a bucket they may be meant for others.
    let folder = TempDir::new().unwrap();
    let others = [("AWS_ENDPOINT_URL", "nonsense"), ("AWS_ACCESS_KEY_ID", "geheim"), ("AWS_ROLE_ARN", "x")];
    let said = check(&folder, &others).await;
    assert!(said.contains("✓ S3: not configured, log files stay in LOG_DIR"), "{said}");
    assert!(!said.contains("geheim"), "{said}");
}

#[tokio::test]
async fn an_address_with_a_password_in_it_is_refused_and_not_printed() {
    for url in ["http://admin:geheim@127.0.0.1:9", "http://geheim@127.0.0.1:9"] {
        let env = [&ODOO[..], &[("ODOO_URL", url)]].concat();
        let said = refusal(&env, None).await;
        assert_eq!(said, "ODOO_URL takes an address, e.g. https://company.odoo.com");
        let folder = TempDir::new().unwrap();
        let output = run(folder.path(), &["check"], &env).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(!String::from_utf8(output.stdout).unwrap().contains("geheim"));
    }
}

#[tokio::test]
async fn a_bad_env_file_is_named_without_its_secrets() {
    let says = refusal(&[], Some("PORT=0\nODOO_APIKEY=geheim\n")).await;
    assert_eq!(says, ".env: ODOO_APIKEY is not a variable of mcp-odoo; see .env.example");
    for broken in ["ODOO_API_KEY geheim-4711\n", "ODOO_API_KEY='geheim-4711\n", "geheim 4711=x\n"] {
        let says = refusal(&[], Some(broken)).await;
        assert_eq!(says, ".env: line 1 is not NAME=value", "{broken}");
        let file = format!("# geheim\nPORT=0\n\nODOO_DB='two\nlines'\n{broken}HOST=127.0.0.1\n");
        assert_eq!(refusal(&[], Some(&file)).await, ".env: line 6 is not NAME=value", "{broken}");
    }
    assert_eq!(refusal(&[], Some("PORT=http")).await, "PORT takes a port number, 0 to 65535");
}

#[cfg(unix)]
#[tokio::test]
async fn a_value_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let folder = TempDir::new().unwrap();
    let mut command = binary(folder.path());
    command.env("PORT", "0").env("ODOO_URL", std::ffi::OsStr::from_bytes(b"http://\xff"));
    let output = command.arg("healthcheck").output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "mcp-odoo: ODOO_URL takes UTF-8 text\n");
    assert_eq!(output.status.code(), Some(1));
}

/// What `check` prints, which must be content.
async fn check(folder: &TempDir, env: &[(&str, &str)]) -> String {
    let output = run(folder.path(), &["check"], env).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said} {}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test]
async fn every_alias_works() {
    let odoo = Odoo::start(Options::default()).await;
    let good = odoo_env(&odoo);
    let url = good[0].1.as_str();
    let cases = [
        [("ODOO_DATABASE", "sandbox"), ("ODOO_USER", "admin"), ("ODOO_PASS", "admin")],
        [("ODOO_DB", "sandbox"), ("ODOO_USERNAME", "laura"), ("ODOO_PASSWORD", "laura")],
        [("ODOO_DB", "sandbox"), ("ODOO_LOGIN", "admin"), ("ODOO_PASSWORD", "sandbox")],
    ];
    for case in cases {
        let folder = TempDir::new().unwrap();
        let said = check(&folder, &[&[("ODOO_URL", url)][..], &case].concat()).await;
        assert!(said.contains("✓ ODOO: "), "{case:?}: {said}");
        assert!(said.contains(&format!("ODOO_LOGIN={}", case[1].1)), "{case:?}: {said}");
    }
}

#[tokio::test]
async fn the_env_file_is_read_and_the_environment_wins() {
    let folder = TempDir::new().unwrap();
    let file = "# a comment\nPORT=0\nHOST=\"127.0.0.2\"\nexport QUEUE_CAPACITY=7 # small\nLOG_DIR=from_file\n\
                SALES_TEAM_IDS=' 5, 6 '\nLOG_LEVEL=\n\
                ODOO_TIMEOUT_SECONDS=9\n";
    fs::write(folder.path().join(".env"), file).unwrap();
    let said = check(&folder, &[("LOG_DIR", "from_environment"), ("HOST", "")]).await;
    assert!(said.contains("QUEUE_CAPACITY=7 "), "{said}");
    assert!(said.contains("LOG_DIR=from_environment LOG_LEVEL=info "), "{said}");
    assert!(said.contains("SALES_TEAM_IDS=[5, 6]"), "{said}");
    assert!(said.contains("HOST=127.0.0.2 PORT=0 "), "{said}");
    assert!(said.contains("ODOO_PROTOCOL=auto ODOO_TIMEOUT_SECONDS=9 ODOO_MAX_CONCURRENCY=8"), "{said}");
    assert!(said.contains(" REQUEST_TIMEOUT_SECONDS=30"), "{said}");
    let server = Server::start(folder.path(), &[]).await;
    assert!(folder.path().join("from_file").is_dir());
    server.process.kill().await;
}

#[test]
fn every_variable_is_in_the_example_and_in_the_readme() {
    let example = include_str!("../../../.env.example");
    let readme = include_str!("../../../README.md");
    for name in VARIABLES {
        assert!(example.contains(name), "{name} is not in .env.example");
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in README.md");
    }
    let names = example.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name);
    for name in names.filter(|name| !name.starts_with('#')) {
        assert!(VARIABLES.contains(&name), "{name} in .env.example is not read");
    }
}
