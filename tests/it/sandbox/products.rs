//! Products and their variants, what Odoo says of models and views, and invoices.

use mcp_odoo_sandbox::Version;
use serde_json::{Value, json};

use super::served::{Served, VERSIONS, call, inside, try_call};

#[test]
fn a_template_and_its_only_variant_say_the_same() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let on = |model: &str, method: &str, args: Value| call(&sandbox, model, method, args, json!({}));
        let read =
            |model: &str, id: i64, field: &str| on(model, "read", json!([[id], [field]]))[0][field].clone();
        assert_eq!(read("product.template", 1005, "product_variant_ids"), json!([5]));
        assert_eq!(read("product.template", 1005, "default_code"), "FURN_7777");
        assert_eq!(read("product.template", 1005, "display_name"), "[FURN_7777] Office Chair");
        on("product.template", "write", json!([[1005], {"list_price": 71.5, "barcode": "12"}]));
        assert_eq!(read("product.product", 5, "list_price"), 71.5);
        assert_eq!(read("product.product", 5, "barcode"), "12");
        on("product.product", "write", json!([[5], {"name": "Silla", "default_code": "S"}]));
        assert_eq!(read("product.template", 1005, "display_name"), "[S] Silla");
        on("product.template", "action_archive", json!([[1005]]));
        assert_eq!(read("product.product", 5, "active"), false);

        let template = on("product.template", "create", json!([{"name": "Mesa", "default_code": "M1"}]));
        let variant = read("product.template", template.as_i64().unwrap(), "product_variant_id");
        assert_eq!(variant[1], "[M1] Mesa");
        let variant = variant[0].as_i64().unwrap();
        assert_eq!(read("product.product", variant, "product_tmpl_id")[0], template);
        on("product.product", "unlink", json!([[variant]]));
        assert_eq!(on("product.template", "search", json!([[["name", "=", "Mesa"]]])), json!([]));

        let made = on("product.product", "create", json!([{"name": "Banco", "list_price": 9.0}]));
        let of = on("product.template", "search_read", json!([[["name", "=", "Banco"]]]));
        assert_eq!((&of[0]["product_variant_ids"], &of[0]["list_price"]), (&json!([made]), &json!(9.0)));
    }
}

#[tokio::test]
async fn models_and_fields_are_records_for_administrators() {
    let served = Served::of(Version::V19).await;
    let ask = |model: &str, fields: Value| {
        let domain = json!([["model", "=", "sale.order"]]);
        call(&served.sandbox, model, "search_read", json!([domain, fields]), json!({}))
    };
    let fields = ask("ir.model.fields", json!(["name", "ttype", "relation", "model_id", "display_name"]));
    let partner = fields.as_array().unwrap().iter().find(|field| field["name"] == "partner_id").unwrap();
    assert_eq!(partner["ttype"], "many2one");
    assert_eq!(partner["relation"], "res.partner");
    assert_eq!(partner["model_id"][1], "Sales Order");
    assert_eq!(partner["display_name"], "Customer (sale.order)");
    let count = ask("ir.model", json!(["field_id"]))[0]["field_id"].as_array().unwrap().len();
    assert_eq!(count, fields.as_array().unwrap().len());
    let refused = served.call("demo", "ir.model.fields", "search", json!([[]]), json!({})).await;
    assert_eq!(refused["error"]["data"]["name"], "odoo.exceptions.AccessError");
}

#[test]
fn views_tell_the_fields_in_them() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let asked = json!([[[false, "list"], [false, "form"]]]);
        let views = call(&sandbox, "res.country.state", "get_views", asked, json!({}));
        let arch = views["views"]["list"]["arch"].as_str().unwrap();
        assert!(arch.starts_with("<list") && arch.contains("<field name=\"code\"/>"), "{arch}");
        assert_eq!(views["models"]["res.country.state"]["fields"]["code"]["type"], "char");
        let error = try_call(&sandbox, "res.country.state", "get_views", json!([[[false, "no"]]]), json!({}));
        assert_eq!(error.unwrap_err().0, "odoo.exceptions.UserError");
    }
}

#[tokio::test]
async fn invoices_are_listed_summed_up_and_printed() {
    for version in VERSIONS {
        let served = Served::of(version).await;
        let sandbox = &served.sandbox;
        let posted = json!([
            [["move_type", "=", "out_invoice"], ["state", "=", "posted"]],
            ["amount_untaxed:sum", "amount_total:sum", "amount_residual:sum"],
            []
        ]);
        let sums = call(sandbox, "account.move", "read_group", posted, json!({"lazy": false}));
        assert_eq!(sums[0]["amount_untaxed"], 9160.0);
        assert_eq!(sums[0]["amount_total"], 10585.2);
        assert_eq!(sums[0]["amount_residual"], 9035.2);
        let read = |id: i64, fields: Value| {
            call(sandbox, "account.move", "read", json!([[id], fields]), json!({}))[0].clone()
        };
        let lines = read(4, json!(["invoice_line_ids", "amount_tax"]));
        assert_eq!((&lines["invoice_line_ids"], &lines["amount_tax"]), (&json!([5, 6, 7]), &json!(819.2)));

        let link = json!({"report_type": "pdf", "download": true});
        let url = call(sandbox, "account.move", "get_portal_url", json!([[4]]), link);
        let response = served.client.get(format!("{}{}", served.url, url.as_str().unwrap())).send().await;
        let response = response.unwrap();
        let name = response.headers()["content-disposition"].to_str().unwrap();
        assert_eq!(name, "attachment; filename*=UTF-8''INV_2026_00004.pdf");
        let file = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        assert!(file.starts_with("%PDF-") && file.contains("Invoice INV/2026/00004"), "{file}");
        assert!(file.contains("Office Lamp") && file.contains("5939.20 USD"), "{file}");
    }
}
