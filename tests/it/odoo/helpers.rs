//! The typed methods that the recordings of single steps do not cover.

use mcp_odoo_core::odoo::{Metadata, OdooError, ProtocolChoice, Version};
use serde_json::{Map, json};

use super::peer::{self, client, result};

#[tokio::test]
async fn records_are_read_with_what_they_point_to() {
    let lead = json!({"id": 7, "name": "A", "order_ids": [{"id": 3, "name": "S3"}]});
    let answer = json!([lead]);
    let peer = peer::odoo(move |_| result(answer.clone())).await;
    let odoo = client(&peer.url, ProtocolChoice::JsonRpc);
    let specification = json!({"name": {}, "order_ids": {"fields": {"name": {}}}});
    let read = odoo.web_read("crm.lead", &[7], specification.clone()).await.unwrap();
    assert_eq!(read[0].get("order_ids"), Some(&lead["order_ids"]));
    let sent = peer.received().last().unwrap().json();
    assert_eq!(sent["params"]["args"][4], "web_read");
    assert_eq!(sent["params"]["args"][5], json!([[7], specification]));
    let version = |major| Version { major, text: String::new() };
    assert!(!version(16).has_web_read() && version(17).has_web_read());
}

#[tokio::test]
async fn a_value_that_names_no_record_is_told_as_such() {
    const SAID: [&str; 2] = [
        "No puede ser: otro modelo requiere el registro.\n\nModelo: Pista (crm.lead)\nRestricción: crm_lead_partner_id_fkey",
        "Otro modelo usa el registro.\n\nEs: 'Lead' (crm.lead)\nPor la restricción: 'Contacto' (partner_id)",
    ];
    let values = |id: serde_json::Value| {
        Map::from_iter([("name".to_owned(), json!("A")), ("partner_id".to_owned(), id)])
    };
    for said in SAID {
        let peer = peer::odoo(move |_| peer::error("odoo.exceptions.ValidationError", said)).await;
        let odoo = client(&peer.url, ProtocolChoice::JsonRpc);
        let bad = "Odoo does not take 99999 for partner_id: it must be the id of a record that exists";
        let error = odoo.write("crm.lead", &[7], values(json!(99999))).await.unwrap_err();
        assert_eq!(error, OdooError::Validation(bad.to_owned()));
        let error = odoo.create("crm.lead", vec![values(json!(99999))]).await.unwrap_err();
        assert_eq!(error, OdooError::Validation(bad.to_owned()));
        // Something else is wrong with what is no id.
        let error = odoo.write("crm.lead", &[7], values(json!(false))).await.unwrap_err();
        assert_eq!(error, OdooError::Validation(said.to_owned()));
    }
}

#[tokio::test]
async fn metadata_has_external_id_and_time() {
    let of = |id: i64, xmlid| json!({"id": id, "xmlid": xmlid, "create_date": "2026-05-06 10:00:00", "noupdate": true});
    let answer = json!([of(7, json!("m.x")), of(8, json!(false))]);
    let peer = peer::odoo(move |_| result(answer.clone())).await;
    let known = client(&peer.url, ProtocolChoice::JsonRpc).metadata("crm.lead", &[7, 8]).await.unwrap();
    let expected = |id, xmlid: Option<&str>| Metadata {
        id,
        xmlid: xmlid.map(str::to_owned),
        create_date: Some("2026-05-06 10:00:00".to_owned()),
    };
    assert_eq!(known, [expected(7, Some("m.x")), expected(8, None)]);
    assert_eq!(peer.received().last().unwrap().json()["params"]["args"][5], json!([[7, 8]]));
}

#[tokio::test]
async fn languages_are_asked_once() {
    let peer = peer::odoo(|_| result(json!([["en_US", "English (US)"], ["es_MX", "Español"]]))).await;
    let odoo = client(&peer.url, ProtocolChoice::JsonRpc);
    for handle in [odoo.clone(), odoo.reading()] {
        assert_eq!(handle.languages().await.unwrap(), ["en_US", "es_MX"]);
    }
    assert_eq!(peer.count("execute_kw"), 1);
    let peer = peer::odoo(|_| result(json!([false]))).await;
    let error = client(&peer.url, ProtocolChoice::JsonRpc).languages().await.unwrap_err();
    assert!(matches!(error, OdooError::Malformed(_)));
}
