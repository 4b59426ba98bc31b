//! Messages, activities and the files that hang on records.

use mcp_odoo_sandbox::Version;
use serde_json::json;

use super::served::{Served, VERSIONS, call, inside, try_call};

#[test]
fn a_message_is_a_note_on_one_record() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let file =
            call(&sandbox, "ir.attachment", "create", json!([{"name": "a.csv", "datas": "YSxi"}]), json!({}));
        let kwargs = json!({"body": "1 < 2", "attachment_ids": [file]});
        let posted = call(&sandbox, "crm.lead", "message_post", json!([[1]]), kwargs);
        let id = if version == Version::V18 { posted } else { posted[0].clone() };
        let fields = json!([["body", "subtype_id", "message_type", "attachment_ids", "author_id"]]);
        let read = call(&sandbox, "mail.message", "read", json!([[id], fields[0]]), json!({}));
        let expected = json!([{"id": id, "body": "<p>1 &lt; 2</p>", "subtype_id": [2, "Note"],
            "message_type": "notification", "attachment_ids": [file], "author_id": [3, "YourCompany, Mitchell Admin"]}]);
        assert_eq!(read, expected);
        let lead = call(&sandbox, "crm.lead", "read", json!([[1], ["message_ids"]]), json!({}));
        assert_eq!(lead[0]["message_ids"], json!([id]));
        let other = call(&sandbox, "res.partner", "read", json!([[1], ["message_ids"]]), json!({}));
        assert_eq!(other[0]["message_ids"], json!([]), "the same id in another model");
        let two = try_call(&sandbox, "crm.lead", "message_post", json!([[1, 2]]), json!({"body": "x"}));
        assert_eq!(two.unwrap_err().0, "builtins.ValueError");
        let gone = try_call(&sandbox, "crm.lead", "message_post", json!([[99_999]]), json!({"body": "x"}));
        assert_eq!(gone.unwrap_err().0, "odoo.exceptions.MissingError");
        call(&sandbox, "crm.lead", "unlink", json!([[1]]), json!({}));
        let left = call(&sandbox, "mail.message", "search_count", json!([[["id", "=", id]]]), json!({}));
        assert_eq!(left, 0, "a record's messages go with it");
    }
}

#[test]
fn an_activity_is_planned_and_done() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let kwargs = json!({
            "act_type_xmlid": "mail.mail_activity_data_call", "summary": "Llamar", "date_deadline": "2020-01-01",
            "user_id": 8,
        });
        call(&sandbox, "sale.order", "activity_schedule", json!([[1]]), kwargs);
        let fields = json!(["activity_ids", "activity_state", "activity_summary", "activity_user_id"]);
        let order = call(&sandbox, "sale.order", "read", json!([[1], fields]), json!({}));
        assert_eq!(order[0]["activity_state"], "overdue");
        assert_eq!(order[0]["activity_user_id"], json!([8, "Laura Méndez"]));
        let ids = order[0]["activity_ids"].clone();
        let read = call(
            &sandbox,
            "mail.activity",
            "read",
            json!([ids, ["activity_type_id", "res_name"]]),
            json!({}),
        );
        assert_eq!(read[0]["activity_type_id"], json!([2, "Call"]));
        assert_eq!(read[0]["res_name"], "S00001");
        let done =
            call(&sandbox, "mail.activity", "action_feedback", json!([ids]), json!({"feedback": "Sí"}));
        let message = call(&sandbox, "mail.message", "read", json!([[done], ["body", "res_id"]]), json!({}));
        assert!(message[0]["body"].as_str().is_some_and(|body| body.contains("Sí")), "{message}");
        let order = call(&sandbox, "sale.order", "read", json!([[1], fields]), json!({}));
        assert_eq!(order[0]["activity_ids"], json!([]));
        let unknown = json!({"act_type_xmlid": "mail.no_such"});
        let refused = try_call(&sandbox, "sale.order", "activity_schedule", json!([[1]]), unknown);
        assert_eq!(refused.unwrap_err().0, "builtins.ValueError");
    }
}

#[tokio::test]
async fn what_hangs_on_a_record_is_for_who_may_read_it() {
    for version in VERSIONS {
        let served = Served::of(version).await;
        let order = call(
            &served.sandbox,
            "sale.order",
            "create",
            json!([{"partner_id": 15, "user_id": 2}]),
            json!({}),
        );
        let values =
            json!({"name": "a.txt", "datas": "aG9sYQ==", "res_model": "sale.order", "res_id": order});
        let file = call(&served.sandbox, "ir.attachment", "create", json!([values]), json!({}));
        call(&served.sandbox, "sale.order", "message_post", json!([[order]]), json!({"body": "secret"}));
        let domain = json!([[["model", "=", "sale.order"], ["res_id", "=", order]]]);
        let seen = served.call("demo", "mail.message", "search_count", domain.clone(), json!({})).await;
        assert_eq!(seen["result"], 0);
        let seen = served.call("admin", "mail.message", "search_count", domain, json!({})).await;
        assert_eq!(seen["result"], 1);
        let read = served.call("demo", "ir.attachment", "read", json!([[file], ["datas"]]), json!({})).await;
        assert_eq!(read["error"]["data"]["name"], "odoo.exceptions.AccessError");
    }
}

#[test]
fn a_file_is_what_its_content_says_unless_it_came_by_default() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let fields = json!(["mimetype", "file_size", "datas"]);
        let made = call(
            &sandbox,
            "ir.attachment",
            "create",
            json!([{"name": "a.bin", "datas": "JVBERi0="}]),
            json!({}),
        );
        let read = call(&sandbox, "ir.attachment", "read", json!([[made], fields]), json!({}));
        assert_eq!(
            read[0],
            json!({"id": made, "mimetype": "application/pdf", "file_size": 5, "datas": "JVBERi0="})
        );
        call(&sandbox, "ir.attachment", "write", json!([[made], {"datas": "aG9sYQ=="}]), json!({}));
        let read = call(&sandbox, "ir.attachment", "read", json!([[made], ["file_size"]]), json!({}));
        assert_eq!(read[0]["file_size"], 4);
        let context = json!({"context": {"default_datas": "JVBERi0="}});
        let made = call(&sandbox, "ir.attachment", "create", json!([{"name": "b.bin"}]), context);
        let read = call(&sandbox, "ir.attachment", "read", json!([[made], ["mimetype"]]), json!({}));
        assert_eq!(
            read[0]["mimetype"], "application/octet-stream",
            "overrides of create do not see defaults"
        );
    }
}
