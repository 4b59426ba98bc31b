//! The least client that makes a quotation by the same calls: JSON-RPC, nothing checked, nothing kept.

use serde_json::{Value, json};

pub struct Direct {
    client: reqwest::Client,
    url: String,
    database: String,
    key: String,
    uid: i64,
    product: i64,
}

impl Direct {
    /// Logs in.
    pub async fn connect(odoo: &[(&str, &str)], product: i64) -> Self {
        let get = |name| odoo.iter().find(|(key, _)| *key == name).unwrap().1.to_owned();
        let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().unwrap();
        let url = format!("{}/jsonrpc", get("ODOO_URL").trim_end_matches('/'));
        let (database, key) = (get("ODOO_DB"), get("ODOO_API_KEY"));
        let mut direct = Self { client, url, database, key, uid: 0, product };
        let args = json!([direct.database, get("ODOO_LOGIN"), direct.key, {}]);
        direct.uid = direct.post("common", "authenticate", args).await.as_i64().unwrap();
        direct
    }

    /// A quotation for a new customer, in six calls and four round trips.
    pub async fn quote(&self, name: &str, lines: usize) {
        let email = format!("{name}@direct.example");
        let partners = json!([[["email_normalized", "=", email]]]);
        let products = json!([[["id", "in", [self.product]]]]);
        let reference = json!(["mcp_odoo_bench", format!("{name}_partner")]);
        tokio::join!(
            self.ask_for_external_id(reference),
            self.call(
                "res.partner",
                "search_read",
                partners,
                json!({ "fields": ["name"], "limit": 1, "order": "id" })
            ),
            self.call("product.product", "search_read", products, json!({ "fields": ["sale_ok"] })),
        );
        let id = |what: &str| format!("mcp_odoo_bench.{name}_{what}");
        let partner = json!([id("partner"), "Almacenes Torres", email, "+525512345678"]);
        let partner =
            self.load("res.partner", json!(["id", "name", "email", "phone"]), json!([partner])).await;
        let columns = json!([
            "id",
            "name",
            "type",
            "partner_id/.id",
            "email_from",
            "user_id/.id",
            "order_ids/id",
            "order_ids/partner_id/.id",
            "order_ids/origin",
            "order_ids/user_id/.id",
            "order_ids/order_line/id",
            "order_ids/order_line/product_id/.id",
            "order_ids/order_line/product_uom_qty"
        ]);
        let user = self.uid.to_string();
        let title = "Cotización Robot PUDU".to_owned();
        let lead = [id("lead"), title, "opportunity".to_owned(), partner.clone(), email, user.clone()];
        let order = [id("order"), partner, name.to_owned(), user];
        let head: Vec<String> = lead.into_iter().chain(order).collect();
        let rows = (0..lines).map(|line| {
            let head = if line == 0 { head.clone() } else { vec![String::new(); head.len()] };
            let line = [id(&format!("line_{line}")), self.product.to_string(), "2".to_owned()];
            head.into_iter().chain(line).collect::<Vec<_>>()
        });
        let lead: i64 = self.load("crm.lead", columns, rows.collect()).await.parse().unwrap();
        let named = json!({ "fields": { "display_name": {} } });
        let line = json!({ "product_id": named, "name": {}, "product_uom_qty": {}, "price_unit": {} });
        let order = json!({
            "name": {}, "partner_id": named, "opportunity_id": named, "user_id": named, "amount_total": {},
            "currency_id": named, "order_line": { "fields": line, "order": "sequence, id" },
        });
        let domain = json!([[["opportunity_id", "=", lead]]]);
        let read =
            self.call("sale.order", "web_search_read", domain, json!({ "specification": order })).await;
        assert_eq!(read["records"][0]["order_line"].as_array().unwrap().len(), lines);
    }

    /// There is no such id, which Odoo calls an error.
    async fn ask_for_external_id(&self, reference: Value) {
        let args = json!([
            self.database,
            self.uid,
            self.key,
            "ir.model.data",
            "check_object_reference",
            reference,
            {}
        ]);
        self.answer("object", "execute_kw", args).await;
    }

    async fn load(&self, model: &str, columns: Value, rows: Value) -> String {
        let context = json!({ "mode": "update", "noupdate": true, "active_test": false });
        let answer = self.call(model, "load", json!([columns, rows]), json!({ "context": context })).await;
        answer["ids"][0].as_i64().unwrap_or_else(|| panic!("{answer}")).to_string()
    }

    pub async fn call(&self, model: &str, method: &str, args: Value, kwargs: Value) -> Value {
        let args = json!([self.database, self.uid, self.key, model, method, args, kwargs]);
        self.post("object", "execute_kw", args).await
    }

    async fn post(&self, service: &str, method: &str, args: Value) -> Value {
        let mut answer = self.answer(service, method, args).await;
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].take()
    }

    async fn answer(&self, service: &str, method: &str, args: Value) -> Value {
        let params = json!({ "service": service, "method": method, "args": args });
        let call = json!({ "jsonrpc": "2.0", "method": "call", "id": 1, "params": params });
        let answer = self.client.post(&self.url).json(&call).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}
