//! What `[tenants.*]` of the access file takes.

use mcp_odoo::app::App;
use mcp_odoo::config::{Config, Env};
use mcp_odoo_core::journal::Target;
use mcp_odoo_sandbox::Options;
use serde_json::json;
use tempfile::TempDir;

use super::World;
use crate::support::app::{Odoo, TestApp, request};
use crate::support::process::run;

const GOOD: &str =
    "url = \"https://acme.odoo.com\"\ndb = \"acme\"\nlogin = \"bot\"\napi_key_file = \"KEY\"\n";

/// What the start says of this file.
fn said(text: &str) -> String {
    let folder = TempDir::new().unwrap();
    let (file, key) = (folder.path().join("access.toml"), folder.path().join("key"));
    std::fs::write(&key, "a-secret-key").unwrap();
    std::fs::write(&file, text.replace("KEY", key.to_str().unwrap())).unwrap();
    let mut config = Config::from_env(&Env::default()).unwrap();
    config.access.file = Some(file);
    config.log_dir = folder.path().join("logs");
    let odoo = mcp_odoo_core::odoo::OdooConfig {
        url: "http://127.0.0.1:9".parse().unwrap(),
        database: "x".to_owned(),
        login: "x".to_owned(),
        secret: "x".into(),
        secret_is_api_key: true,
        protocol: mcp_odoo_core::odoo::ProtocolChoice::Auto,
        timeout: config.calls.timeout,
        max_concurrency: 1,
    };
    match App::new(config, odoo, Target::embedded()) {
        Ok(_) => String::new(),
        Err(error) => format!("{error:#}"),
    }
}

#[tokio::test]
async fn a_bad_entry_stops_the_start_with_one_line() {
    let table = |name: &str, lines: &str| format!("[tenants.{name}]\n{lines}");
    let with = |line: &str| table("acme", &format!("{GOOD}{line}\n"));
    let without = |key: &str| {
        let lines = GOOD.lines().filter(|line| !line.starts_with(key));
        table("acme", &lines.map(|line| format!("{line}\n")).collect::<String>())
    };
    assert_eq!(said(&table("acme", GOOD)), "");
    let twilio =
        "[tenants.acme.twilio]\naccount_sid = \"AC1\"\nauth_token_file = \"KEY\"\nfrom = \"+14155238886\"\n";
    assert_eq!(said(&with(twilio)), "");
    for (text, problem) in [
        (table("Acme", GOOD), "[tenants.Acme] is no name of a tenant"),
        (table("_a", GOOD), "[tenants._a] is no name of a tenant"),
        (table("default", GOOD), "[tenants.default] is the tenant of ODOO_URL"),
        (without("api_key"), "[tenants.acme] api_key_env takes"),
        (without("db"), "missing field `db`"),
        (with("passwd = \"x\""), "unknown field `passwd`"),
        (with("api_key = \"x\""), "unknown field `api_key`"),
        (
            with("api_key_env = \"NO_SUCH_VARIABLE\""),
            "[tenants.acme] api_key_env takes a variable only where",
        ),
        (
            without("api_key").replace("db =", "api_key_env = \"NO_SUCH_VARIABLE\"\ndb ="),
            "api_key_env takes a variable that is set; NO_SUCH_VARIABLE is not",
        ),
        (table("acme", GOOD).replace("KEY", "/no/such/file"), "api_key_file takes a file that can be read"),
        (table("acme", GOOD).replace("https://", "ftp://"), "[tenants.acme] url takes"),
        (table("acme", GOOD).replace("https://", "https://bot:geheim@"), "[tenants.acme] url takes"),
        (with("company = 0"), "[tenants.acme] company takes"),
        (with("lang = \"es MX\""), "[tenants.acme] lang takes"),
        (with("tz = \"Europe/Madird\""), "tz takes a time zone that there is, such as Europe/Madrid"),
        (with("language = \"fr\""), "unknown variant `fr`"),
        (with("vendedor_whatsapp = \"nobody\""), "[tenants.acme] vendedor_whatsapp takes"),
        (with("sales_team_ids = [0]"), "[tenants.acme] sales_team_ids takes"),
        (with(&twilio.replace("AC1", "1")), "[tenants.acme.twilio] account_sid takes"),
        (with(&twilio.replace("+1415", "415")), "[tenants.acme.twilio] from takes"),
        ("[callers.web]\nkey = \"HASH\"\ntenant = \"acme\"\n".to_owned(), "there is no [tenants.acme]"),
    ] {
        let hash = mcp_odoo_core::access::key::KeyHash::of("k").to_string();
        let said = said(&text.replace("HASH", &hash));
        assert!(said.contains(problem) && said.contains("access.toml"), "{text}: {said}");
        assert!(!said.contains('\n') && !said.contains("a-secret-key") && !said.contains("geheim"), "{said}");
    }
}

/// What waits for a new key needs no restart, and no call.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_file_that_changes_is_read_again() {
    let world = World::start(&["acme"]).await;
    let (acme, key) = (world.seat("acme"), world.folder.path().join("key"));
    let health = async || world.app.get_json("/health").await;
    // In the middle of being replaced it is not there.
    std::fs::remove_file(&key).unwrap();
    while health().await.get("access").is_none() {}
    std::fs::write(&key, "revoked-4711").unwrap();
    while health().await.get("access").is_some() {}
    world.odoo("acme").proxy.plan(|_, _| None);
    let id = acme.accepted(&request("waits@acme.mx"), None).await;
    world.odoo("acme").proxy.until(|calls| !calls.is_empty()).await;
    std::fs::write(&key, "sandbox").unwrap();
    world.odoo("acme").proxy.until(|calls| calls.iter().any(|call| call == "crm.lead.load")).await;
    assert_eq!(acme.finished(&id).await["status"], "completed");
}

/// Each is tried, and its own problem is told.
#[tokio::test(flavor = "multi_thread")]
async fn check_tries_each_tenant() {
    let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, key) in [("good", "sandbox"), ("bad", "wrong-4711")] {
        std::fs::write(path(name), key).unwrap();
    }
    let entry = |id: &str, url: &str, key: &str| {
        let key = path(key);
        format!(
            "[tenants.{id}]\nurl = \"{url}\"\ndb = \"sandbox\"\nlogin = \"admin\"\napi_key_file = \"{key}\"\n"
        )
    };
    let url = format!("http://{}", odoo.proxy.address);
    let good = entry("acme", &url, "good");
    let check = async |text: &str| {
        std::fs::write(path("access.toml"), text).unwrap();
        let output = run(folder.path(), &["check"], &[("ACCESS_FILE", &path("access.toml"))]).await;
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = check(&good).await;
    assert_eq!(code, Some(0), "{said}");
    let line = format!("✓ tenant acme, sandbox at {url}/: Odoo 19.0 by JSON-2 as user 2");
    assert!(said.contains(&line), "{said}");
    let others = [
        entry("beta", &url, "bad"),
        entry("gamma", "http://127.0.0.1:9", "good"),
        entry("delta", &url, "none"),
    ];
    let (code, said) = check(&format!("{good}{}", others.concat())).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&line) && !said.contains("4711"), "{said}");
    for begins in
        ["✗ tenant beta, sandbox at ", "✗ tenant gamma, sandbox at ", "✗ [tenants.delta] api_key_file takes"]
    {
        assert!(said.contains(begins), "{begins}: {said}");
    }
}

/// The company and the language go with every call.
#[tokio::test(flavor = "multi_thread")]
async fn calls_are_made_for_the_company_and_in_the_language() {
    let folder = std::sync::Arc::new(TempDir::new().unwrap());
    let odoos = vec![("acme".to_owned(), Odoo::start(Options::default()).await)];
    let lines = "company = 1\nlang = \"en_US\"\n".to_owned();
    let world = World::build(TestApp::builder(), odoos, folder, &[("acme", lines)], |_| {}).await;
    world.odoo("acme").proxy.keep_bodies();
    world.seat("acme").quote(&request("context@acme.mx"), None).await;
    world.seat("acme").mcp().await.call("list_sales", json!({})).await;
    let proxy = &world.odoo("acme").proxy;
    let calls = proxy.bodies();
    assert!(calls.len() > 6, "{}", calls.len());
    for (name, body) in calls {
        // It asks who it is, and for which companies it may work.
        if ["res.users.context_get", "res.company.search_read"].contains(&name.as_str()) {
            continue;
        }
        assert_eq!(body["context"]["allowed_company_ids"], json!([1]), "{name}: {body}");
        assert_eq!(body["context"]["lang"], "en_US", "{name}: {body}");
    }
    assert!(!proxy.calls().contains(&"res.users.read".to_owned()), "the company is known");
}
