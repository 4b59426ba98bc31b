//! What a log file says at a glance.

use mcp_odoo_core::journal::LogName;
use mcp_odoo_core::quotation::status::Notification;
use mcp_odoo_core::timestamp::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// One line about a log: enough to recognise it, and no more of a customer than the company's name.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// UTC day of the acceptance.
    pub date: String,
    /// UTC time of the acceptance.
    pub time: String,
    /// `quot_…` or `sms_…`.
    pub id: String,
    /// As in the file; `unreadable` when the file cannot be understood.
    pub status: String,
    /// Order and company of a quotation, the salesperson of a handoff.
    pub what: String,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether the salesperson is still to be told of the quotation.
    #[serde(skip)]
    to_be_told: bool,
    /// When it last changed.
    #[serde(skip)]
    pub(crate) updated_at: Option<Timestamp>,
}

impl Summary {
    /// Reads the content of a log file.
    pub fn new(name: &LogName, content: &[u8]) -> Self {
        let log: Value = serde_json::from_slice(content).unwrap_or_default();
        let text = |path| log.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let notification = log.pointer("/output/notification").cloned();
        let notification = notification.and_then(|it| serde_json::from_value::<Notification>(it).ok());
        let order_and_company = [text("/output/sale_order_name"), text("/input/partner_name")];
        let salesperson = log.get("assigned_user_id").and_then(Value::as_i64);
        let what = match salesperson {
            Some(user) => format!("user {user}"),
            None => order_and_company.into_iter().flatten().collect::<Vec<_>>().join(" "),
        };
        Self {
            date: name.date().to_string(),
            time: text("/time").unwrap_or_default(),
            id: name.id().to_owned(),
            status: text("/status").unwrap_or_else(|| "unreadable".to_owned()),
            what,
            error: text("/error"),
            to_be_told: notification.is_some_and(|it| it.is_pending()),
            updated_at: log.get("updated_at").and_then(|at| serde_json::from_value(at.clone()).ok()),
        }
    }

    /// Whether nothing will change any more.
    pub(crate) fn is_final(&self) -> bool {
        // What is not known is kept.
        let over = ["completed", "failed", "sent", "delivered", "read", "undelivered"];
        over.contains(&self.status.as_str()) && !self.to_be_told
    }
}
