//! What `load` gets: all values as text, each record under its external id.
//!
//! Opportunity, order and lines go in one call. Where all lines have a price, or none, they are cells, and each record
//! gets its external id. A column of prices cannot be left empty, an empty cell is a price of 0: an order that mixes
//! lines with and without a price goes along as a default of the record above it.

use serde_json::{Map, Value, json};

use super::id::ExternalIds;
use super::products::Line;
use super::request::QuotationRequest;
use super::texts;
use crate::html;
use crate::language::Language;

/// Columns, rows and context of one call of `load`.
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) context: Map<String, Value>,
}

type Cells = Vec<(String, String)>;

fn cell(column: &str, value: impl ToString) -> (String, String) {
    (column.to_owned(), value.to_string())
}

/// The customer; its external id follows from the e-mail address.
pub(super) fn partner(external_id: &str, request: &QuotationRequest) -> Table {
    let mut cells = vec![
        cell("id", external_id),
        cell("name", &request.partner_name),
        cell("email", &request.email),
        cell("phone", &request.phone),
    ];
    cells.extend(request.ciudad.as_ref().map(|city| cell("city", city)));
    single(cells)
}

fn single(cells: Cells) -> Table {
    let (columns, row) = cells.into_iter().unzip();
    Table { columns, rows: vec![row], context: Map::new() }
}

/// What opportunity and order are made of.
pub(super) struct Form<'a> {
    pub(super) ids: &'a ExternalIds,
    /// The module of the external ids.
    pub(super) language: Language,
    pub(super) module: &'static str,
    pub(super) request: &'a QuotationRequest,
    pub(super) partner_id: i64,
    /// The telephone number that the partner has in Odoo.
    pub(super) known_phone: Option<&'a str>,
    pub(super) user_id: Option<i64>,
    pub(super) lines: &'a [Line],
    /// A column of the opportunity that only this Odoo has.
    pub(super) extra: Option<(&'static str, i64)>,
}

impl Form<'_> {
    /// The opportunity with its order and lines.
    pub(super) fn quotation(&self) -> Table {
        let request = self.request;
        let mut lead = vec![
            cell("id", self.external("lead")),
            cell("name", &request.lead_name),
            cell("type", "opportunity"),
            cell("partner_id/.id", self.partner_id),
            cell("partner_name", &request.partner_name),
            cell("contact_name", &request.contact_name),
            cell("email_from", &request.email),
        ];
        // Odoo writes an opportunity's number to its partner, too. What staff noted there stays: the opportunity takes
        // it over, and the number that was given stands among the notes.
        let mut notes = request.description.clone().into_iter().collect::<Vec<_>>();
        match self.known_phone {
            None => lead.push(cell("phone", &request.phone)),
            Some(known) if digits(known) == digits(&request.phone) => {}
            Some(_) => notes.push(texts::phone_given(&request.phone, self.language)),
        }
        lead.extend(self.user_id.map(|user| cell("user_id/.id", user)));
        if !notes.is_empty() {
            lead.push(cell("description", html::from_text(&notes.join("\n"))));
        }
        lead.extend(self.extra.map(|(column, value)| cell(column, value)));
        if self.request.mixes_prices() {
            let mut table = single(lead);
            let order = json!({
                "partner_id": self.partner_id, "user_id": self.user_id, "origin": self.ids.reference(),
                "order_line": self.line_commands(),
            });
            table.context.insert("default_order_ids".to_owned(), json!([[0, 0, order]]));
            return table;
        }
        lead.extend(self.order_cells("order_ids/"));
        self.with_lines(lead, "order_ids/")
    }

    /// The order of an opportunity that stands without one.
    pub(super) fn order(&self, lead_id: i64) -> Table {
        let mut order = self.order_cells("");
        order.push(cell("opportunity_id/.id", lead_id));
        if self.request.mixes_prices() {
            let mut table = single(order);
            table.context.insert("default_order_line".to_owned(), self.line_commands());
            return table;
        }
        self.with_lines(order, "")
    }

    /// The lines with a price of an order that mixes them: versions up to 0.1.0 made them in a call of their own.
    pub(super) fn priced_lines(&self) -> Table {
        let (mut columns, mut rows) = (Vec::new(), Vec::new());
        for (number, line) in (1..).zip(self.lines).filter(|(_, line)| line.price.is_some()) {
            let mut cells = vec![cell("order_id/id", self.external("order")), cell("sequence", number)];
            cells.extend(self.line_cells("", number, line));
            let row: Vec<String>;
            (columns, row) = cells.into_iter().unzip();
            rows.push(row);
        }
        Table { columns, rows, context: Map::new() }
    }

    fn order_cells(&self, place: &str) -> Cells {
        let mut cells = vec![
            cell(&format!("{place}id"), self.external("order")),
            cell(&format!("{place}partner_id/.id"), self.partner_id),
            cell(&format!("{place}origin"), self.ids.reference()),
        ];
        cells.extend(self.user_id.map(|user| cell(&format!("{place}user_id/.id"), user)));
        cells
    }

    /// The first line stands in the row of the records above it; a further row with these cells empty is another line.
    fn with_lines(&self, head: Cells, place: &str) -> Table {
        let place = format!("{place}order_line/");
        let mut lines = (1..).zip(self.lines).map(|(number, line)| self.line_cells(&place, number, line));
        let above = head.len();
        let first = head.into_iter().chain(lines.next().into_iter().flatten());
        let (columns, row) = first.unzip();
        let further = lines.map(|cells| {
            let empty = std::iter::repeat_n(String::new(), above);
            empty.chain(cells.into_iter().map(|(_, cell)| cell)).collect()
        });
        let rows = std::iter::once(row).chain(further).collect();
        Table { columns, rows, context: Map::new() }
    }

    /// Numbers follow the request, so a line's external id never changes.
    fn line_cells(&self, place: &str, number: usize, line: &Line) -> Cells {
        let mut cells = vec![
            cell(&format!("{place}id"), self.external(&format!("line_{number}"))),
            cell(&format!("{place}product_id/.id"), line.product_id),
            cell(&format!("{place}product_uom_qty"), line.qty),
        ];
        cells.extend(line.price.map(|price| cell(&format!("{place}price_unit"), price)));
        cells
    }

    /// The lines as the commands of `create`, which may leave the price out.
    fn line_commands(&self) -> Value {
        let command = |line: &Line| {
            let mut values = json!({ "product_id": line.product_id, "product_uom_qty": line.qty });
            if let (Some(price), Some(values)) = (line.price, values.as_object_mut()) {
                values.insert("price_unit".to_owned(), json!(price));
            }
            json!([0, 0, values])
        };
        self.lines.iter().map(command).collect()
    }

    fn external(&self, record: &str) -> String {
        format!("{}.{}", self.module, self.ids.name(record))
    }
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}
