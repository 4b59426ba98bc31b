//! Log files in S3, against a store that others wrote.

mod audit;
mod check;
mod crash;
mod credentials;
mod logs;
mod outage;
mod retention;
mod uploading;

use serde_json::{Value, json};

/// The log file of a handoff.
fn handoff(id: &str, date: &str, status: &str) -> Value {
    let at = format!("{date}T10:00:00");
    json!({
        "handoff_id": id, "timestamp": at, "date": date, "time": "10:00:00", "status": status, "user_phone": "33 1234 5678",
        "reason": "Precio", "user_name": null, "conversation_id": null, "lead_id": null, "sale_order_id": null,
        "assigned_user_id": 42, "vendor_sms": null, "message_sid": null, "error": null, "updated_at": at,
    })
}
