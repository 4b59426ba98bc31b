//! `mcp-odoo check` and `mcp-odoo access explain`: who may do what, in plain words.

use mcp_odoo_sandbox::{Options, Version};
use serde_json::Value;
use tempfile::TempDir;

use super::access_file;
use crate::support::app::Odoo;
use crate::support::process::{borrowed, odoo_env, run};
use crate::support::proxy::Fault;

const CALLERS: [(&str, &str); 3] = [
    ("web", "permissions = [\"quotations\", \"read\"]\nips = [\"10.0.0.0/8\"]\nexpires = 2090-01-01"),
    ("old", "permissions = [\"read\"]\nrevoked = true"),
    (
        "writer",
        "permissions = [\"read\", \"write\", \"delete\"]\nlimits = { per_minute = 60, writes = { per_day = 9 } }\n\
         company = 2\nlang = \"es_MX\"\ntz = \"America/Mexico_City\"\n\n\
         [models]\npreset = \"projects\"\n\"sale.order\" = { read = true, hide = [\"note\"] }\n\
         \"res.partner\" = { read = true, update = true, hide = [\"email\"] }\n\
         \"product.template\" = { read = true, create = true }",
    ),
];

async fn said(folder: &TempDir, arguments: &[&str], env: &[(&str, &str)]) -> (Option<i32>, String) {
    let env = [&[("ACCESS_FILE", "access.toml")], env].concat();
    let output = run(folder.path(), arguments, &env).await;
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn check_tells_every_caller_and_every_rule() {
    let folder = TempDir::new().unwrap();
    access_file(folder.path(), &CALLERS);
    let env = [
        ("MCP_MODE", "readonly"),
        ("TENANT_HEADERS", "allow"),
        ("TENANT_HOSTS", "*.odoo.com, odoo.example:8443,10.1.0.0/16"),
    ];
    let (code, text) = said(&folder, &["check"], &env).await;
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "MCP_MODE=readonly ALLOW_ANONYMOUS=false",
        "  web: may quotations, read, from 10.0.0.0/8, until 2090-01-01 00:00 UTC",
        "  old: may read, but was revoked",
        "  writer: may read, write, delete, at most 60 requests per minute and 9 writes per day, for company 2, in es_MX, \
         at the time of America/Mexico_City",
        "TENANT_HEADERS=allow TENANT_HOSTS=*.odoo.com,odoo.example:8443,10.1.0.0/16",
        "  records: the preset projects",
        "  records: sale.order: read, without note",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}: {text}");
    }
    std::fs::write(folder.path().join("access.toml"), "[callers.web]\n").unwrap();
    let (code, text) = said(&folder, &["check"], &[]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("✗ ACCESS_FILE access.toml: [callers.web]: key is missing"), "{text}");
    let output = run(folder.path(), &["check"], &[("HOST", "0.0.0.0")]).await;
    assert_eq!(output.status.code(), Some(1));
}

/// What is worked out from a hidden field two models away stays open: the administrator is told, and may hide it as well.
#[tokio::test]
async fn check_tells_what_is_worked_out_from_a_hidden_field_and_stays_open() {
    for version in [Version::V16, Version::V18, Version::V19] {
        let odoo = Odoo::start(Options { version, ..Options::default() }).await;
        let (env, folder) = (odoo_env(&odoo), TempDir::new().unwrap());
        for (hidden, orders, told) in [
            ("price_unit", "", "amount_tax, amount_total, amount_untaxed"),
            ("price_unit", "amount_total", "amount_tax, amount_untaxed"),
            ("price_unit", "amount_total\", \"amount_tax\", \"amount_untaxed", ""),
            // One model away it is hidden.
            ("price_subtotal", "", ""),
            ("price_unit_of_a_module_that_is_gone", "", ""),
        ] {
            let orders = if orders.is_empty() { String::new() } else { format!(", hide = [\"{orders}\"]") };
            let rules = format!(
                "permissions = [\"read\"]\n\n[models]\n\"sale.order\" = {{ read = true{orders} }}\n\
                 \"sale.order.line\" = {{ read = true, hide = [\"{hidden}\"] }}\n\"no.such.model\" = {{ hide = [\"x\"] }}\n"
            );
            access_file(folder.path(), &[("bot", rules.as_str())]);
            let (code, text) = said(&folder, &["check"], &borrowed(&env)).await;
            assert_eq!(code, Some(0), "{text}");
            let line = format!(
                "- records: sale.order.line.{hidden} is hidden, and sale.order tells what is worked out from it: {told}. Hide \
                 that as well?"
            );
            let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("- records:")).collect();
            let misspelt = ["no.such.model.x", "sale.order.line.price_unit_of_a_module_that_is_gone"].map(|name| {
                format!("- records: {name} is to be hidden, but this account sees no such field: is it spelt so?")
            });
            let misspelt = misspelt
                .iter()
                .filter(|line| line.contains(".x is") || line.contains(&format!(".{hidden} is")));
            let expected: Vec<&String> =
                (!told.is_empty()).then_some(&line).into_iter().chain(misspelt).collect();
            assert_eq!(lines, expected, "{version:?} {text}");
        }
    }
}

/// An Odoo that does not tell of its fields can be worked with all the same.
#[tokio::test]
async fn check_is_content_with_an_odoo_that_does_not_tell_of_its_fields() {
    let odoo = Odoo::start(Options::default()).await;
    odoo.proxy.plan(|_, call| call.ends_with(".fields_get").then_some(Fault::Refuse));
    let (env, folder) = (odoo_env(&odoo), TempDir::new().unwrap());
    let env = borrowed(&env);
    let [url, db, login] = [0, 1, 2].map(|n| env[n].1);
    let rules = format!(
        "permissions = [\"read\"]\n\n[models]\n\"sale.order\" = {{ read = true, hide = [\"note\"] }}\n\n\
         [tenants.acme]\nurl = \"{url}\"\ndb = \"{db}\"\nlogin = \"{login}\"\napi_key_env = \"ODOO_API_KEY\"\n\
         company = 1\nlang = \"en_US\"\n"
    );
    access_file(folder.path(), &[("bot", rules.as_str())]);
    let (code, text) = said(&folder, &["check"], &env).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(", for company 1, in en_US: Odoo "), "{text}");
    for tried in ["✓ ODOO: Odoo ", "✓ tenant acme, "] {
        let mut lines = text.lines().skip_while(|line| !line.starts_with(tried)).skip(1);
        let line = lines.next().unwrap_or_default();
        assert!(
            line.starts_with("- records: what is worked out from hidden fields could not be told: "),
            "{tried}: {text}"
        );
    }
}

#[tokio::test]
async fn why_somebody_may_or_may_not_is_told() {
    let folder = TempDir::new().unwrap();
    access_file(folder.path(), &CALLERS);
    for (arguments, env, code, says) in [
        (&["web", "dev_create_quotation"][..], None, 0, "web has quotations, read"),
        (&["web", "list_sales"], None, 1, "this tool shows or finds by note of sale.order"),
        (&["web", "search_records", "sale.order"], None, 0, "- sale.order is without note"),
        (&["web", "search_records"], None, 0, "- the rules for models hold for each"),
        (&["web", "find_customers"], None, 1, "this tool shows or finds by email of res.partner"),
        (&["web", "list_projects"], None, 0, "read project.project is allowed"),
        (&["web", "find_products"], None, 1, "does not let anybody read product.product"),
        (&["web", "dev_update_sale"], None, 1, "✗ dev_update_sale needs the permission write"),
        (&["writer", "dev_update_sale"], None, 1, "does not let anybody update sale.order"),
        (&["writer", "dev_update_sale", "project.task"], None, 1, "is about sale.order, not project.task"),
        (&["writer", "update_record", "project.task"], None, 0, "update project.task is allowed"),
        (&["writer", "odoo_write", "ir.rule"], None, 1, "ir.rule is closed"),
        (&["writer", "delete_record", "project.task"], None, 1, "does not let anybody delete project.task"),
        (&["writer", "create_record", "res.partner"], None, 1, "does not let anybody create res.partner"),
        (&["writer", "post_message", "res.partner"], None, 0, "update res.partner is allowed"),
        (
            &["writer", "post_message", "product.template"],
            None,
            1,
            "does not let anybody update product.template",
        ),
        (&["writer", "schedule_activity", "sale.order"], None, 1, "does not let anybody update sale.order"),
        (&["writer", "schedule_activity", "project.task"], None, 0, "create mail.activity is allowed"),
        (&["writer", "call_method", "project.task"], None, 1, "✗ call_method needs the permission call"),
        (&["elevenlabs", "message_notification"], None, 0, "elevenlabs has handoffs"),
        (&["oauth:0", "list_sales"], None, 1, "the scopes of its token say what it may"),
        (&["old", "list_sales"], None, 1, "✗ old is in ACCESS_FILE; its key was revoked"),
        (&["local", "message_notification"], Some(("MCP_MODE", "readonly")), 1, "MCP_MODE=readonly"),
        (&["local", "list_projects"], Some(("MCP_MODE", "readonly")), 0, "it changes nothing"),
        (&["anonymous", "list_sales"], None, 1, "there is no caller anonymous"),
        (&["local", "list_everything"], None, 1, "there is no operation list_everything"),
    ] {
        let arguments = [&["access", "explain"], arguments].concat();
        let (is, text) = said(&folder, &arguments, env.as_slice()).await;
        assert_eq!(is, Some(code), "{arguments:?}: {text}");
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
}

#[tokio::test]
async fn clients_are_told_where_the_key_goes() {
    let folder = TempDir::new().unwrap();
    for (client, place) in [
        ("claude", "Bearer ${ODOO_MCP_KEY}"),
        ("vscode", "Bearer ${input:odoo-key}"),
        ("cursor", "Bearer ${env:ODOO_MCP_KEY}"),
    ] {
        let key = "0123456789abcdef";
        let output = run(folder.path(), &["client-config", client], &[("API_KEY", key)]).await;
        let told = String::from_utf8(output.stderr).unwrap();
        let json = &told[told.find('{').unwrap()..];
        let printed: Value = serde_json::from_str(json).unwrap();
        let servers = printed.get("servers").or(printed.get("mcpServers")).unwrap();
        assert_eq!(servers["odoo"]["headers"]["Authorization"], place, "{told}");
        assert_eq!(printed.get("inputs").is_some(), client == "vscode", "{told}");
        assert!(!told.contains(key));
    }
}
