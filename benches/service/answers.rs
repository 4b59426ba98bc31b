//! Answers of Odoo, as large as they are wanted.

use serde_json::{Value, json};

/// Orders.
pub fn records(count: usize) -> Vec<Value> {
    let record = |id| {
        json!({
            "id": id, "name": format!("S{id:05}"), "partner_id": [id, "Almacenes Torres, Luis Fernández"],
            "amount_total": id as f64 * 1.16, "state": "sale", "date_order": "2026-01-30 10:15:00",
            "note": false, "order_line": [id, id + 1, id + 2],
        })
    };
    (0..count).map(record).collect()
}

/// As XML-RPC has them.
pub fn as_xml(records: &[Value]) -> String {
    let mut xml = "<?xml version='1.0'?><methodResponse><params><param>".to_owned();
    write_xml(&Value::Array(records.to_vec()), &mut xml);
    xml + "</param></params></methodResponse>"
}

fn write_xml(value: &Value, xml: &mut String) {
    *xml += "<value>";
    match value {
        Value::Array(items) => {
            *xml += "<array><data>";
            items.iter().for_each(|item| write_xml(item, xml));
            *xml += "</data></array>";
        }
        Value::Object(fields) => {
            *xml += "<struct>";
            for (name, value) in fields {
                *xml += &format!("<member><name>{name}</name>");
                write_xml(value, xml);
                *xml += "</member>";
            }
            *xml += "</struct>";
        }
        Value::Number(number) if number.is_f64() => *xml += &format!("<double>{number}</double>"),
        Value::Number(number) => *xml += &format!("<int>{number}</int>"),
        Value::String(text) => *xml += &format!("<string>{text}</string>"),
        Value::Bool(value) => *xml += &format!("<boolean>{}</boolean>", u8::from(*value)),
        Value::Null => *xml += "<nil/>",
    }
    *xml += "</value>";
}
