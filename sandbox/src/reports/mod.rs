//! Reports: an order or an invoice as a page or a PDF file.

mod html;
mod pdf;

use crate::Version;
use crate::env::{Env, Operation};
use crate::error::{Error, Exception};
use crate::matching::display_name;
use crate::schema::{Kind, Model};

pub(crate) use html::page;
pub(crate) use pdf::file;

/// What a report says of one document, as text.
pub(crate) struct Sheet {
    pub title: String,
    pub customer: String,
    pub date: String,
    pub lines: Vec<[String; 4]>,
    pub totals: Vec<(&'static str, String)>,
}

impl Env<'_> {
    /// The sheets of a report; an unknown one, or one of a record that is gone, is an error.
    pub fn sheets(&self, report: &str, ids: &[i64]) -> Result<Vec<Sheet>, Error> {
        let reports = self.model("ir.actions.report")?;
        let named = |id: &i64| self.db.value(&reports, *id, "report_name").as_str() == Some(report);
        let Some(found) = self.db.all(&reports).find(named) else {
            return Err(Error::value(format!("External ID not found in the system: {report}")));
        };
        let of = self.db.value(&reports, found, "model").as_str().unwrap_or_default().to_owned();
        let model = self.model(&of)?;
        self.check_exist(&model, ids)?;
        self.may_read(&model)?;
        self.check_rule(&model, ids, Operation::Read)?;
        ids.iter().map(|id| self.sheet(&model, *id)).collect()
    }

    /// What a document is called by now, with its number.
    pub fn document_title(&self, model: &Model, id: i64) -> String {
        let state = self.db.value(model, id, "state");
        let kind = match (model.name, state.as_str()) {
            ("account.move", Some("posted")) => "Invoice",
            ("account.move", Some("cancel")) => "Cancelled Invoice",
            ("account.move", _) => "Draft Invoice",
            (_, Some("sale" | "done")) => "Order",
            _ => "Quotation",
        };
        format!("{kind} {}", self.text(model, id, "name"))
    }

    /// What its file is called, without the ending.
    pub fn document_file(&self, model: &Model, id: i64) -> String {
        let posted = self.db.value(model, id, "state").as_str() == Some("posted");
        let name = if posted { self.text(model, id, "name") } else { self.document_title(model, id) };
        let words: Vec<&str> =
            name.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
        words.join(if self.version() >= Version::V18 { "_" } else { "-" })
    }

    fn sheet(&self, model: &Model, id: i64) -> Result<Sheet, Error> {
        let (of, link, quantity, date) = match model.name {
            "account.move" => ("account.move.line", "move_id", "quantity", "invoice_date"),
            _ => ("sale.order.line", "order_id", "product_uom_qty", "date_order"),
        };
        let lines = self.model(of)?;
        let mut ids = self.db.pointing(&lines, link, id);
        ids = crate::search::in_default_order(self, &lines, ids);
        let line = |line: &i64| {
            ["name", quantity, "price_unit", "price_subtotal"].map(|field| self.text(&lines, *line, field))
        };
        let currency = self.text(model, id, "currency_id");
        let total = |label, field| (label, format!("{} {currency}", self.text(model, id, field)));
        Ok(Sheet {
            title: self.document_title(model, id),
            customer: self.text(model, id, "partner_id"),
            date: self.text(model, id, date).chars().take(10).collect(),
            lines: ids.iter().map(line).collect(),
            totals: vec![
                total("Untaxed Amount", "amount_untaxed"),
                total("Taxes", "amount_tax"),
                total("Total", "amount_total"),
            ],
        })
    }

    fn text(&self, model: &Model, id: i64, field: &str) -> String {
        let value = self.db.value(model, id, field);
        match (model.field(field).map(|field| field.kind), value.as_f64(), value.as_str()) {
            (Some(Kind::Many2one(other)), ..) => {
                let named = self.db.schema.get(other).zip(value.id());
                named.map(|(other, target)| display_name(self.db, other, target)).unwrap_or_default()
            }
            (_, Some(number), _) => format!("{number:.2}"),
            (_, _, text) => text.unwrap_or_default().to_owned(),
        }
    }
}

/// Why there is no PDF.
pub(crate) fn cannot_print() -> Error {
    Error::new(Exception::User, "Unable to find Wkhtmltopdf on this system. The PDF can not be created.")
}
