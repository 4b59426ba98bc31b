//! What the buttons of orders and invoices do.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::chatter::singleton;
use crate::env::{Env, Operation, now};
use crate::error::Error;
use crate::methods::Bound;
use crate::python;
use crate::schema::Model;

impl Env<'_> {
    /// One of the buttons of an order.
    pub fn order_action(&mut self, model: &Arc<Model>, action: &str, ids: &[i64]) -> Result<Value, Error> {
        self.check_exist(model, ids)?;
        let all_in = |states: &[&str]| {
            let state = |id: &i64| self.db.value(model, *id, "state").as_str().map(str::to_owned);
            ids.iter().all(|id| state(id).is_some_and(|state| states.contains(&state.as_str())))
        };
        let locked = ids.iter().any(|id| self.db.value(model, *id, "locked").is_true());
        let (values, answer) = match action {
            "action_confirm" if self.version() == Version::V16 && all_in(&["draft", "sent", "sale"]) => {
                (json!({"state": "sale", "date_order": now()}), json!(true))
            }
            "action_confirm" if self.version() == Version::V16 => {
                return Err(Error::user(
                    "It is not allowed to confirm an order in the following states: done, cancel",
                ));
            }
            "action_confirm" if !all_in(&["draft", "sent"]) => {
                return Err(Error::user("Some orders are not in a state requiring confirmation."));
            }
            "action_confirm" => (json!({"state": "sale", "date_order": now()}), json!(true)),
            "action_quotation_sent" if !all_in(&["draft"]) => {
                return Err(Error::user("Only draft orders can be marked as sent directly."));
            }
            "action_quotation_sent" => (json!({"state": "sent"}), Value::Null),
            "action_cancel" if locked => {
                return Err(Error::user("You cannot cancel a locked order. Please unlock it first."));
            }
            "action_cancel" if self.asks_before_cancelling(&all_in(&["draft"])) => {
                return Ok(cancel_dialog(ids, self.version()));
            }
            "action_cancel" => (json!({"state": "cancel"}), json!(true)),
            "action_done" => (json!({"state": "done"}), Value::Null),
            "action_unlock" if self.version() == Version::V16 => (json!({"state": "sale"}), Value::Null),
            "action_lock" => (json!({"locked": true}), Value::Null),
            "action_unlock" => (json!({"locked": false}), Value::Null),
            "action_update_prices" => return self.update_prices(model, ids),
            // Only what is sent or cancelled becomes a draft again; the others are passed over.
            _ => {
                let back: Vec<i64> = ids.iter().copied().filter(|id| self.can_be_draft(model, *id)).collect();
                self.write(model, &back, &Map::from_iter([("state".to_owned(), json!("draft"))]))?;
                return Ok(json!(true));
            }
        };
        self.write(model, ids, values.as_object().unwrap_or(&Map::new()))?;
        Ok(answer)
    }

    /// 16.0 and 18.0 ask first, unless told not to or nobody has seen the quotation.
    fn asks_before_cancelling(&self, only_drafts: &bool) -> bool {
        self.version() <= Version::V18 && !only_drafts && !self.context.flag("disable_cancel_warning", false)
    }

    fn can_be_draft(&self, model: &Model, id: i64) -> bool {
        matches!(self.db.value(model, id, "state").as_str(), Some("cancel" | "sent"))
    }

    /// One of the buttons of an invoice.
    pub fn invoice_action(&mut self, model: &Arc<Model>, action: &str, ids: &[i64]) -> Result<Value, Error> {
        self.check_exist(model, ids)?;
        for id in ids {
            let is_draft = self.db.value(model, *id, "state").as_str() == Some("draft");
            let name = self.db.value(model, *id, "name").as_str().unwrap_or_default().to_owned();
            let values = match action {
                "action_post" if !is_draft => {
                    return Err(Error::user(format!("The entry {name} (id {id}) must be in draft.")));
                }
                "action_post" if name == "/" => {
                    let number = self.db.next_number("account.move");
                    json!({"state": "posted", "name": format!("INV/2026/{number:05}")})
                }
                "action_post" => json!({"state": "posted"}),
                "button_draft" if is_draft => {
                    return Err(Error::user("Only posted/cancelled journal entries can be reset to draft."));
                }
                "button_draft" => json!({"state": "draft"}),
                _ => json!({"state": "cancel"}),
            };
            self.write(model, &[*id], values.as_object().unwrap_or(&Map::new()))?;
        }
        Ok(if action == "action_post" { json!(false) } else { Value::Null })
    }

    /// The dialog in which a person writes the e-mail; nothing is sent.
    pub fn quotation_send(&mut self, model: &Arc<Model>, ids: &[i64]) -> Result<Value, Error> {
        self.check_exist(model, ids)?;
        self.check_rule(model, ids, Operation::Read)?;
        let (own, named) = match self.version() {
            Version::V16 | Version::V18 => (json!({"model_description": "Quotation"}), json!({})),
            Version::V19 => (
                json!({"email_notification_allow_footer": true, "hide_mail_template_management_options": true}),
                json!({"name": "Send"}),
            ),
        };
        let records = match self.version() {
            Version::V16 => json!({"default_res_id": ids.first(), "default_use_template": true}),
            _ => json!({"default_res_ids": ids}),
        };
        let context = json!({
            "default_model": model.name, "default_composition_mode": "comment",
            "default_email_layout_xmlid": "mail.mail_notification_layout_with_responsible_signature",
            "proforma": false, "force_email": true, "default_template_id": 19, "mark_so_as_sent": true,
        });
        let dialog = json!({
            "type": "ir.actions.act_window", "view_mode": "form", "res_model": "mail.compose.message",
            "views": [[false, "form"]], "view_id": false, "target": "new", "context": joined(joined(context, records), own),
        });
        Ok(joined(dialog, named))
    }

    /// Every line gets the price of the order's pricelist.
    fn update_prices(&mut self, model: &Arc<Model>, ids: &[i64]) -> Result<Value, Error> {
        let lines = self.model("sale.order.line")?;
        for order in ids {
            for line in self.db.pointing(&lines, "order_id", *order) {
                if let Some(product) = self.db.value(&lines, line, "product_id").id() {
                    let price = crate::rules::price(self, product, Some(*order))?;
                    self.write(&lines, &[line], &Map::from_iter([("price_unit".to_owned(), json!(price))]))?;
                }
            }
        }
        self.check_rule(model, ids, Operation::Write)?;
        Ok(Value::Null)
    }

    /// `get_portal_url`: a way to the document for who has no log-in.
    pub fn portal_url(&mut self, model: &Arc<Model>, bound: &Bound) -> Result<Value, Error> {
        let [id] = bound.ids.as_slice() else { return Err(singleton(model, &bound.ids)) };
        self.check_exist(model, &[*id])?;
        self.may_read(model)?;
        self.check_rule(model, &[*id], Operation::Read)?;
        let token = self.access_token(model, *id)?;
        let page = self.db.value(model, *id, "access_url").as_str().unwrap_or_default().to_owned();
        let text = |name: &str| bound.get(name).as_str().unwrap_or_default().to_owned();
        let kind = Some(text("report_type")).filter(|kind| !kind.is_empty());
        Ok(json!(format!(
            "{page}{}?access_token={token}{}{}{}{}",
            text("suffix"),
            kind.map(|kind| format!("&report_type={kind}")).unwrap_or_default(),
            if python::truthy(bound.get("download")) { "&download=true" } else { "" },
            text("query_string"),
            Some(text("anchor"))
                .filter(|anchor| !anchor.is_empty())
                .map(|a| format!("#{a}"))
                .unwrap_or_default(),
        )))
    }
}

fn cancel_dialog(ids: &[i64], version: Version) -> Value {
    let more = match version {
        Version::V16 => json!({"default_use_template": true}),
        _ => json!({}),
    };
    let context = json!({
        "default_template_id": 22, "default_order_id": ids.first(), "mark_so_as_canceled": true,
        "default_email_layout_xmlid": "mail.mail_notification_layout_with_responsible_signature",
        "model_description": "Sales Order",
    });
    json!({
        "name": "Cancel Sales Order", "view_mode": "form", "res_model": "sale.order.cancel", "view_id": 1173,
        "type": "ir.actions.act_window", "target": "new", "context": joined(context, more),
    })
}

/// An object with the members of another.
pub(crate) fn joined(mut object: Value, more: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (object.as_object_mut(), more) {
        members.extend(more);
    }
    object
}
