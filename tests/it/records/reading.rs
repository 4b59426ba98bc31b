//! What is found and read of any model, and how it is told.

use std::collections::BTreeSet;

use mcp_odoo_sandbox::{Options, Version};
use serde_json::{Value, json};

use super::WAYS;
use crate::access::{client_of, start};
use crate::support::mcp::{Caller, McpTools};
use crate::support::odoo::search;

/// Odoo takes such a condition for true, wherever on the path it is, and finds everything.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_through_what_is_worked_out_when_it_is_read() {
    let app = McpTools::start().await;
    for (model, condition, part) in [
        ("product.template", json!(["product_variant_id", "=", 1]), "product_variant_id"),
        ("product.template", json!(["product_variant_id.default_code", "=", "X"]), "product_variant_id"),
        ("product.template", json!(["product_variant_id", "any", [["id", "=", 1]]]), "product_variant_id"),
        (
            "product.product",
            json!(["product_tmpl_id.product_variant_id.default_code", "ilike", "a"]),
            "product_tmpl_id.product_variant_id",
        ),
        (
            "sale.order.line",
            json!(["product_id", "any", [["product_tmpl_id.product_variant_id", "!=", false]]]),
            "product_tmpl_id.product_variant_id",
        ),
    ] {
        let error = app.error("search_records", json!({ "model": model, "domain": [condition] })).await;
        let said = format!("{part} is worked out when it is read, so nothing is found by it");
        assert!(error.contains(&said), "{condition}: {error}");
    }
    let by = json!({ "model": "product.product", "group_by": ["product_tmpl_id.product_variant_id.default_code"] });
    let error = app.error("aggregate_records", by).await;
    assert!(
        error.contains("product_variant_id is worked out when it is read, so nothing is grouped"),
        "{error}"
    );
    let order = json!({ "model": "product.template", "order": "product_variant_id" });
    assert!(app.error("search_records", order).await.contains("is no column of the database"));
}

/// Each part of a path is looked at, and a name compared with all others: what is too long is refused before.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_longer_than_any_name_is_not_looked_at() {
    let app = McpTools::start().await;
    let path = format!("{}name", "parent_id.".repeat(100_000));
    let too_long = "must lead over at most 16 fields";
    for (tool, arguments, says) in [
        (
            "search_records",
            json!({ "model": "res.partner", "domain": [[&path, "=", "x"]] }),
            format!("- domain[0]: {too_long}"),
        ),
        (
            "aggregate_records",
            json!({ "model": "res.partner", "group_by": [&path] }),
            format!("- group_by[0]: {too_long}"),
        ),
        (
            "search_records",
            json!({ "model": "res.partner", "context": { "tz": "Europe/".repeat(100_000) } }),
            "- context.tz: must be a time zone that there is, such as".to_owned(),
        ),
    ] {
        let error = app.error(tool, arguments).await;
        assert!(error.contains(&says), "{tool}: {}", error.chars().take(300).collect::<String>());
    }
    let path = format!("{}name", "parent_id.".repeat(15));
    app.call("search_records", json!({ "model": "res.partner", "domain": [[&path, "=", "x"]] })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_the_same_whatever_odoo_speaks() {
    let mut first: Option<[Value; 3]> = None;
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let orders = app
            .call(
                "search_records",
                json!({ "model": "sale.order", "domain": [["state", "=", "sent"]], "order": "id desc", "limit": 1,
                        "fields": ["name", "partner_id", "state", "amount_total", "date_order", "order_line", "note"] }),
            )
            .await;
        assert_eq!(
            orders,
            json!({
                "items": [{
                    "id": 7,
                    "name": "S00007",
                    "partner_id": { "id": 16, "name": "Almacenes Torres" },
                    "state": { "value": "sent", "label": "Quotation Sent" },
                    "amount_total": { "amount": 39540.0, "currency": "USD" },
                    "date_order": "2026-11-11T18:40:00Z",
                    "order_line": orders["items"][0]["order_line"],
                }],
                "total": 2,
                "next_offset": 1,
            }),
            "{version:?} {protocol:?}"
        );
        let months = app
            .call(
                "aggregate_records",
                json!({ "model": "sale.order", "group_by": ["date_order:month", "partner_id"],
                        "measures": ["amount_total", "amount_total:max"], "domain": [["state", "=", "sent"]] }),
            )
            .await;
        assert_eq!(
            months["items"][0],
            json!({
                "date_order:month": { "from": "2026-11-01T00:00:00Z", "label": "November 2026" },
                "partner_id": months["items"][0]["partner_id"],
                "count": 1,
                "amount_total:sum": months["items"][0]["amount_total:max"],
                "amount_total:max": months["items"][0]["amount_total:max"],
            }),
            "{version:?} {protocol:?}"
        );
        let one = app
            .call("get_record", json!({ "model": "sale.order", "record_id": 7, "fields": ["name"] }))
            .await;
        assert_eq!(one, json!({ "record": { "id": 7, "name": "S00007" } }));
        let all = [orders, months, one];
        assert_eq!(first.get_or_insert_with(|| all.clone()), &all, "{version:?} {protocol:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_come_in_many_forms() {
    let app = McpTools::start().await;
    let find = async |domain: Value| {
        let found = app
            .call("search_records", json!({ "model": "sale.order", "domain": domain, "fields": ["name"] }));
        found.await["total"].as_u64().unwrap()
    };
    let sent = find(json!([["state", "=", "sent"]])).await;
    assert_eq!(sent, 2);
    for domain in [
        json!("[[\"state\", \"=\", \"sent\"]]"),
        json!("[('state', '=', 'sent')]"),
        json!("[('state', 'in', ('sent',))]"),
        // What people read is understood, too.
        json!([["state", "=", "Quotation Sent"]]),
        json!(["&", ["state", "=", "sent"], ["id", ">", "0"]]),
        json!(["!", ["state", "!=", "sent"]]),
        json!([["state", "=", "sent"], [1, "=", 1]]),
        json!([["date_order", ">=", "2020-01-01T00:00:00Z"], ["state", "=", "sent"]]),
        json!([["partner_id.id", ">", 0], ["state", "=", "sent"]]),
        json!([["partner_id", "any", [["id", ">", 0]]], ["state", "=", "sent"]]),
    ] {
        assert_eq!(find(domain.clone()).await, sent, "{domain}");
    }
    assert_eq!(find(json!([["partner_id", "=", "16"]])).await, find(json!([["partner_id", "=", 16]])).await);
    assert_eq!(
        find(json!([["partner_id", "ilike", "torres"]])).await,
        find(json!([["partner_id", "=", 16]])).await
    );
    assert!(find(json!([])).await > sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_model_is_named_before_odoo_hears_of_it() {
    let app = McpTools::builder().version(Version::V18).start_mcp().await;
    app.call("search_records", json!({ "model": "sale.order" })).await;
    app.no_faults();
    for (arguments, path, said) in [
        (json!({ "domain": [["parnter_id", "=", 1]] }), "domain[0]", "there is partner_id"),
        (json!({ "domain": [["partner_id.emial", "=", 1]] }), "domain[0]", "there is email"),
        (json!({ "domain": [["name.x", "=", 1]] }), "domain[0]", "points to no other model"),
        (json!({ "domain": ["|", ["id", "=", 1]] }), "domain", "lacks a condition"),
        (json!({ "domain": ["and", ["id", "=", 1]] }), "domain[0]", "must be &, |, !"),
        (json!({ "domain": [["id", "equals", 1]] }), "domain[0]", "operator"),
        (json!({ "domain": [["id", "="]] }), "domain[0]", "three parts"),
        (json!({ "domain": [["state", "=", "confirmed"]] }), "domain[0]", "draft, sent, sale"),
        (json!({ "domain": "name = 3" }), "domain", "must be a list"),
        (json!({ "domain": [["date_order", ">=", "hoy"]] }), "domain[0]", "a day such as"),
        (json!({ "domain": [["date_order", "in", ["2026-13-01"]]] }), "domain[0]", "a day such as"),
        (json!({ "domain": [["id", "=", "x"]] }), "domain[0]", "an integer"),
        (json!({ "domain": [["id", "=", 99_999_999_999_i64]] }), "domain[0]", "32 bits"),
        (json!({ "domain": [["amount_total", ">", "mil"]] }), "domain[0]", "a number"),
        (json!({ "domain": [["partner_id.is_company", "=", "no"]] }), "domain[0]", "true or false"),
        (
            json!({ "domain": [["partner_id.country_id.code", "=", "MEX"]] }),
            "domain[0]",
            "at most 2 characters",
        ),
        (json!({ "domain": [["access_url", "=", "x"]] }), "domain[0]", "nothing is found by it"),
        (json!({ "fields": ["name", "amount"] }), "fields[1]", "amount_total"),
        (json!({ "fields": ["partner_id.email"] }), "fields[0]", "no dotted names"),
        (json!({ "order": "nme desc" }), "order", "there is name"),
        (json!({ "order": "name down" }), "order", "asc or desc"),
        (json!({ "context": { "allowed_company_ids": [99] } }), "context.allowed_company_ids", "YourCompany"),
        (json!({ "context": { "lang": "xx_XX" } }), "context.lang", "en_US"),
        (json!({ "context": { "sudo": true } }), "context", "sudo"),
        (json!({ "limit": 0 }), "limit", "1"),
    ] {
        let mut arguments = arguments;
        arguments["model"] = json!("sale.order");
        let error = app.error("search_records", arguments.clone()).await;
        assert!(error.contains(&format!("- {path}")) && error.contains(said), "{arguments}: {error}");
    }
    let asked: Vec<String> =
        app.odoo.proxy.calls().into_iter().filter(|call| call.contains("search")).collect();
    assert!(asked.iter().all(|call| call.contains("res.company")), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_cut_at_a_record_and_says_how_to_go_on() {
    let app = McpTools::start().await;
    let page = async |offset: u64| {
        app.call(
            "search_records",
            json!({ "model": "res.partner", "limit": 7, "offset": offset, "fields": ["name"],
            "context": { "active_test": false } }),
        )
        .await
    };
    let (mut ids, mut offset) = (Vec::new(), Some(0));
    let mut total = 0;
    while let Some(from) = offset {
        let found = page(from).await;
        ids.extend(found["items"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()));
        total = found["total"].as_u64().unwrap();
        offset = found["next_offset"].as_u64();
    }
    assert_eq!(u64::try_from(ids.len()).unwrap(), total);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(u64::try_from(ids.len()).unwrap(), total, "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_odoo_says_of_its_fields_is_asked_once_however_many_ask() {
    let app = McpTools::start().await;
    app.call("list_sales", json!({})).await;
    app.no_faults();
    let search = || app.call("search_records", json!({ "model": "crm.lead", "limit": 1 }));
    futures::future::join_all((0..8).map(|_| search())).await;
    let calls = app.odoo.proxy.calls();
    assert_eq!(calls.iter().filter(|call| call.contains("fields_get")).count(), 1, "{calls:?}");
    // A search is one call, with how many there are in all.
    assert_eq!(calls.len(), 1 + 8, "{calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_described() {
    let app = McpTools::start().await;
    let state = app.call("describe_model", json!({ "model": "sale.order", "fields": ["state"] })).await;
    assert_eq!(state["fields"][0]["type"], "selection");
    assert!(state["fields"][0]["selection"].to_string().contains("draft: Quotation"), "{state}");
    assert_eq!(state["may"], json!(["read", "create", "update", "delete", "call"]));
    let all = app.call("describe_model", json!({ "model": "res.partner" })).await;
    let names: Vec<&str> =
        all["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.contains(&"email"), "{names:?}");
}

/// Never the default one silently.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_works_in_its_own_company_unless_a_call_says_otherwise() {
    let rules = "permissions = [\"read\"]\n";
    let (there, not_there) =
        (format!("{rules}company = 1\nlang = \"en_US\""), format!("{rules}company = 99"));
    let callers = [("there", there.as_str()), ("not_there", not_there.as_str())];
    let (app, _folder) = start(&callers).await;
    let search = json!({ "model": "sale.order", "limit": 1 });
    let caller = Caller::connect_by(client_of("there"), &app.url).await;
    assert!(caller.call("search_records", search.clone()).await["total"].as_u64().unwrap() > 0);
    let caller = Caller::connect_by(client_of("not_there"), &app.url).await;
    let error = caller.error("search_records", search.clone()).await;
    assert!(error.contains("YourCompany (id 1)"), "{error}");
    let mut otherwise = search;
    otherwise["context"] = json!({ "allowed_company_ids": ["yourcompany"] });
    assert!(caller.call("search_records", otherwise).await["total"].as_u64().unwrap() > 0);
}

/// Of an operator for lists, one value is a list of one; an empty value is none of any type.
#[tokio::test(flavor = "multi_thread")]
async fn values_are_compared_as_they_are_meant() {
    let app = McpTools::start().await;
    let count = async |condition: Value| {
        app.call("search_records", json!({ "model": "res.partner", "domain": [condition] })).await["total"]
            .clone()
    };
    assert_eq!(count(json!(["id", "in", "16"])).await, 1);
    assert_eq!(
        count(json!(["country_id.code", "in", "MX"])).await,
        count(json!(["country_id.code", "=", "MX"])).await
    );
    assert_eq!(
        count(json!(["is_company", "=", "false"])).await,
        count(json!(["is_company", "=", false])).await
    );
    assert_ne!(count(json!(["vat", "=", false])).await, 0);
    assert_eq!(
        count(json!(["create_date", ">", "2000-01-01T00:00:00-06:00"])).await,
        count(json!(["id", ">", 0])).await
    );
}

/// A user's name is their partner's: no column of the user's own, and for all that put in order and told by it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_record_has_of_the_one_it_is_a_part_of_is_its_own() {
    let app = McpTools::start().await;
    let users = app
        .call("search_records", json!({ "model": "res.users", "order": "name desc", "fields": ["name"] }))
        .await;
    let names: Vec<&str> =
        users["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.len() > 2 && names.is_sorted_by(|one, next| one >= next), "{names:?}");
    let user = app.call("get_record", json!({ "model": "res.users", "record_id": 8 })).await;
    assert_eq!(user["record"]["name"], "Laura Méndez", "{user}");
    let groups = app.call("aggregate_records", json!({ "model": "res.users", "group_by": ["name"] })).await;
    assert_eq!(groups["items"].as_array().unwrap().len(), names.len());
}

/// Odoo takes from a page of messages what the account may not read, and counts what is left of the page.
#[tokio::test(flavor = "multi_thread")]
async fn messages_that_may_not_be_read_are_no_end_of_the_list() {
    for version in [Version::V18, Version::V19] {
        let app = McpTools::builder().version(version).start_mcp().await;
        let order = async |company: i64| {
            let order = json!({ "model": "sale.order", "values": { "partner_id": 16 },
                                "context": { "allowed_company_ids": [company] } });
            app.call("create_record", order).await["id"].as_i64().unwrap()
        };
        let (here, elsewhere) = (order(1).await, order(2).await);
        for id in [here, here, here, elsewhere, elsewhere, elsewhere] {
            app.call("post_message", json!({ "model": "sale.order", "record_id": id, "body": "una nota" }))
                .await;
        }
        let mut found = Vec::new();
        for offset in [0, 2] {
            let page = json!({ "model": "mail.message", "fields": ["res_id"], "order": "id desc", "limit": 2, "offset": offset,
                               "domain": [["model", "=", "sale.order"], ["res_id", "in", [here, elsewhere]], ["body", "ilike", "nota"]],
                               "context": { "allowed_company_ids": [1] } });
            let page = app.call("search_records", page).await;
            assert_eq!(page["total"], 3, "{version:?}: {page}");
            found.extend(page["items"].as_array().unwrap().iter().map(|one| one["res_id"].as_i64().unwrap()));
        }
        assert_eq!(found, [here; 3], "{version:?}");
    }
}

/// Of a thousand customers, who asks for the best five is told those.
#[tokio::test(flavor = "multi_thread")]
async fn groups_come_in_the_order_that_is_asked_for() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let best = |order: &str, limit: u64| {
            let arguments = json!({ "model": "sale.order", "group_by": ["partner_id"], "order": order, "limit": limit,
                                    "measures": ["amount_total:sum", "date_order:max"] });
            app.call("aggregate_records", arguments)
        };
        let page = best("amount_total:sum desc, count", 3).await;
        let sums: Vec<f64> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["amount_total:sum"]["amount"].as_f64().unwrap())
            .collect();
        assert!(
            sums.len() == 3 && sums.is_sorted_by(|one, next| one >= next),
            "{version:?} {protocol:?}: {page}"
        );
        assert_eq!(page["next_offset"], 3, "{version:?} {protocol:?}: {page}");
        let all = best("", 1_000).await;
        let all = all["items"].as_array().unwrap();
        assert!(all.iter().all(|group| group["amount_total:sum"]["amount"].as_f64().unwrap() <= sums[0]));
        // A time is told as any other.
        assert!(all.iter().all(|group| group["date_order:max"].as_str().unwrap().ends_with('Z')), "{all:?}");
    }
    let app = McpTools::builder().version(Version::V18).start_mcp().await;
    for (arguments, said) in [
        (json!({ "group_by": ["state"], "order": "amount_total" }), "must be of state, count"),
        (json!({ "group_by": ["state"], "order": "state down" }), "asc or desc"),
        (json!({ "group_by": ["partner_id.country_id"] }), "group by partner_id"),
        (json!({ "group_by": ["display_name"] }), "nothing is grouped by it"),
    ] {
        let mut arguments = arguments;
        arguments["model"] = json!("sale.order");
        let error = app.error("aggregate_records", arguments.clone()).await;
        assert!(error.contains(said), "{arguments}: {error}");
    }
}

/// Who sums groups up must not take some for all.
#[tokio::test(flavor = "multi_thread")]
async fn more_groups_than_are_told_are_said_to_be_there() {
    let options = Options { records: 1_500, ..Options::default() };
    let app = McpTools::builder().sandbox(options).start_mcp().await;
    let (mut ids, mut offset) = (BTreeSet::new(), Some(0));
    while let Some(from) = offset {
        let groups = json!({ "model": "res.partner", "group_by": ["id"], "offset": from, "context": { "active_test": false } });
        let page = app.call("aggregate_records", groups).await;
        ids.extend(page["items"].as_array().unwrap().iter().map(|group| group["id"].to_string()));
        offset = page["next_offset"].as_u64();
    }
    let all = search(app.sandbox(), "res.partner", json!([["active", "in", [true, false]]]), &["id"]);
    assert_eq!(ids.len(), all.len());
}

/// One text may be longer than all that a model reads at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_is_cut_and_says_so() {
    let app = McpTools::start().await;
    let long = |end: &str| format!("{}{end}", "palabra ".repeat(60_000));
    let update = |end| json!({ "model": "res.partner", "record_id": 16, "values": { "comment": long(end) } });
    app.call("update_record", update("primera")).await;
    for (tool, arguments) in [
        ("update_record", update("segunda")),
        (
            "search_records",
            json!({ "model": "res.partner", "domain": [["id", "in", [15, 16]]], "fields": ["name", "comment"] }),
        ),
        ("get_record", json!({ "model": "res.partner", "record_id": [16, 15], "fields": ["comment"] })),
        ("create_record", json!({ "model": "res.partner", "values": { "name": "B", "comment": long("") } })),
        ("dev_update_sale", json!({ "sale_id": 1, "values": { "note": long("") } })),
        ("get_sale", json!({ "sale_id": 1 })),
        ("dev_read_sale", json!({ "sale_id": 1, "fields": ["note"] })),
    ] {
        let answer = app.call(tool, arguments).await.to_string();
        assert!(answer.len() <= 40_000, "{tool}: {} bytes", answer.len());
        assert!(answer.contains("characters in all]"), "{tool}: {answer}");
    }
}
