//! A million contacts that take no memory.

use mcp_odoo_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use super::served::call;

const MANY: u32 = 1_000_000;

fn many() -> Sandbox {
    Sandbox::new(Options { records: MANY, ..Options::default() })
}

#[test]
fn all_are_read_page_by_page() {
    let sandbox = Sandbox::new(Options { records: 20_000, ..Options::default() });
    let (mut last, mut seen) = (0, 0);
    loop {
        let kwargs = json!({"fields": ["name", "city", "category_id"], "order": "id", "limit": 5_000});
        let page = call(&sandbox, "res.partner", "search_read", json!([[["id", ">", last]]]), kwargs);
        let page = page.as_array().unwrap();
        let Some(end) = page.last() else { break };
        assert!(page.windows(2).all(|pair| pair[0]["id"].as_i64() < pair[1]["id"].as_i64()));
        (last, seen) = (end["id"].as_i64().unwrap(), seen + page.len());
    }
    let count = call(&sandbox, "res.partner", "search_count", json!([[]]), json!({}));
    assert_eq!(count, seen);
    assert!(seen > 20_000, "the demo data's, too: {seen}");
}

#[test]
fn a_page_far_on_is_found_by_the_id_before_it() {
    let sandbox = many();
    let kwargs = json!({"fields": ["name"], "order": "id", "limit": 2});
    let page = call(&sandbox, "res.partner", "search_read", json!([[["id", ">", 900_000]]]), kwargs);
    assert_eq!(
        page,
        json!([{"id": 900_001, "name": "Contact 0899001"}, {"id": 900_002, "name": "Contact 0899002"}])
    );
    assert_eq!(call(&sandbox, "res.partner", "search_count", json!([[]]), json!({"limit": 7})), 7);
}

#[test]
fn each_can_be_changed_deleted_and_found() {
    let sandbox = many();
    let find = |domain: Value| {
        let kwargs = json!({"fields": ["name", "city"], "limit": 2, "order": "id"});
        call(&sandbox, "res.partner", "search_read", json!([domain]), kwargs)
    };
    let found = find(json!([["ref", "=", "C0000007"]]));
    assert_eq!(found[0]["name"], "Contact 0000007");
    let id = found[0]["id"].clone();
    call(&sandbox, "res.partner", "write", json!([[id], {"city": "Mérida", "email": "a@b.mx"}]), json!({}));
    assert_eq!(
        find(json!([["email_normalized", "=", "a@b.mx"]])),
        json!([{"id": id, "name": "Contact 0000007", "city": "Mérida"}])
    );
    call(&sandbox, "res.partner", "unlink", json!([[id]]), json!({}));
    assert_eq!(find(json!([["id", "=", id]])), json!([]));
    let new = call(&sandbox, "res.partner", "create", json!([{"name": "Last"}]), json!({}));
    assert!(new.as_i64() > Some(i64::from(MANY)), "after all the others");
    let order = json!([{"partner_id": id.as_i64().unwrap() + 1}]);
    let order = call(&sandbox, "sale.order", "create", order, json!({}));
    let read = call(&sandbox, "sale.order", "read", json!([[order], ["partner_id"]]), json!({}));
    assert_eq!(read[0]["partner_id"][1], "Contact 0000008");
}
