//! The rows that `load` gets: all values as text, each record under its external id.

use super::id::{ExternalIds, qualified};
use super::request::{PRICELIST, ProductLine, QuotationRequest};
use crate::html;

/// Columns and rows for one call of `load`.
pub(super) struct Table {
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    fn single(cells: Vec<(&'static str, String)>) -> Self {
        let (columns, row) = cells.into_iter().unzip();
        Self { columns, rows: vec![row] }
    }
}

/// The customer; its external id follows from the e-mail address.
pub(super) fn partner(name: &str, request: &QuotationRequest) -> Table {
    let mut cells = vec![
        ("id", qualified(name)),
        ("name", request.partner_name.clone()),
        ("email", request.email.clone()),
        ("phone", request.phone.clone()),
    ];
    cells.extend(request.ciudad.clone().map(|city| ("city", city)));
    Table::single(cells)
}

/// The opportunity. `extra` is a column of this Odoo only.
pub(super) fn lead(
    ids: &ExternalIds,
    request: &QuotationRequest,
    partner_id: i64,
    user_id: Option<i64>,
    extra: Option<(&'static str, i64)>,
) -> Table {
    let mut cells = vec![
        ("id", ids.qualified("lead")),
        ("name", request.lead_name.clone()),
        ("type", "opportunity".to_owned()),
        ("partner_id/.id", partner_id.to_string()),
        ("partner_name", request.partner_name.clone()),
        ("contact_name", request.contact_name.clone()),
        ("email_from", request.email.clone()),
        ("phone", request.phone.clone()),
    ];
    cells.extend(user_id.map(|user| ("user_id/.id", user.to_string())));
    cells.extend(request.description.as_deref().map(|text| ("description", html::from_text(text))));
    cells.extend(extra.map(|(column, value)| (column, value.to_string())));
    Table::single(cells)
}

/// What the order refers to.
pub(super) struct Order<'a> {
    pub(super) ids: &'a ExternalIds,
    pub(super) partner_id: i64,
    pub(super) lead_id: i64,
    pub(super) user_id: Option<i64>,
    pub(super) lines: &'a [ProductLine],
}

/// The order with its lines, except those of [`priced_lines`].
pub(super) fn order(order: &Order<'_>) -> Table {
    let mut parent = vec![
        ("id", order.ids.qualified("order")),
        ("partner_id/.id", order.partner_id.to_string()),
        ("opportunity_id/.id", order.lead_id.to_string()),
        ("origin", order.ids.reference().to_owned()),
    ];
    parent.extend(order.user_id.map(|user| ("user_id/.id", user.to_string())));
    let (mut columns, head): (Vec<&'static str>, Vec<String>) = parent.into_iter().unzip();
    let mixed = is_mixed(order.lines);
    let lines = line_cells(order.ids, order.lines, |line| !(mixed && has_price(line)));
    columns.extend(lines.first().into_iter().flatten().map(|(column, _)| column.in_order));
    // A further row with an empty head is another line of the same order.
    let mut heads = std::iter::once(head.clone()).chain(std::iter::repeat(vec![String::new(); head.len()]));
    let mut rows: Vec<Vec<String>> = lines
        .into_iter()
        .zip(&mut heads)
        .map(|(cells, head)| head.into_iter().chain(cells.into_iter().map(|(_, cell)| cell)).collect())
        .collect();
    if rows.is_empty() {
        rows.push(head);
    }
    Table { columns, rows }
}

/// The lines that need a call of their own after the order's.
///
/// Only a line without a price *column* gets the pricelist's price: an empty cell would be a price
/// of 0. So where some lines have a price and others do not, those with one follow separately.
pub(super) fn priced_lines(ids: &ExternalIds, lines: &[ProductLine]) -> Option<Table> {
    if !is_mixed(lines) {
        return None;
    }
    let lines = line_cells(ids, lines, has_price);
    let line_columns = lines.first().into_iter().flatten().map(|(column, _)| column.alone);
    let columns = std::iter::once("order_id/id").chain(line_columns).collect();
    let order = ids.qualified("order");
    let rows = lines
        .into_iter()
        .map(|cells| std::iter::once(order.clone()).chain(cells.into_iter().map(|(_, cell)| cell)).collect())
        .collect();
    Some(Table { columns, rows })
}

/// The external name of the last of [`priced_lines`].
pub(super) fn last_priced_line(ids: &ExternalIds, lines: &[ProductLine]) -> Option<String> {
    let last = lines.iter().rposition(has_price)?;
    is_mixed(lines).then(|| ids.name(&format!("line_{}", last + 1)))
}

fn is_mixed(lines: &[ProductLine]) -> bool {
    lines.iter().any(has_price) && !lines.iter().all(has_price)
}

/// The cells of the chosen lines. Numbers follow the request, so a line's external id never changes;
/// where lines come in two calls, the sequence keeps them in the request's order.
fn line_cells(
    ids: &ExternalIds,
    lines: &[ProductLine],
    chosen: impl Fn(&ProductLine) -> bool,
) -> Vec<Vec<(LineColumn, String)>> {
    let mixed = is_mixed(lines);
    let numbered = (1..).zip(lines).filter(|(_, line)| chosen(line));
    let cells = numbered.map(|(number, line)| {
        let mut cells = vec![
            (LINE_ID, ids.qualified(&format!("line_{number}"))),
            (LINE_PRODUCT, line.product_id.to_string()),
            (LINE_QUANTITY, line.qty.to_string()),
        ];
        if has_price(line) {
            cells.push((LINE_PRICE, line.price.to_string()));
        }
        if mixed {
            cells.push((LINE_SEQUENCE, number.to_string()));
        }
        cells
    });
    cells.collect()
}

/// A column of a line, as it is called inside an order and in the lines' own model.
#[derive(Clone, Copy)]
struct LineColumn {
    in_order: &'static str,
    alone: &'static str,
}

const LINE_ID: LineColumn = LineColumn { in_order: "order_line/id", alone: "id" };
const LINE_PRODUCT: LineColumn =
    LineColumn { in_order: "order_line/product_id/.id", alone: "product_id/.id" };
const LINE_QUANTITY: LineColumn =
    LineColumn { in_order: "order_line/product_uom_qty", alone: "product_uom_qty" };
const LINE_PRICE: LineColumn = LineColumn { in_order: "order_line/price_unit", alone: "price_unit" };
const LINE_SEQUENCE: LineColumn = LineColumn { in_order: "order_line/sequence", alone: "sequence" };

fn has_price(line: &ProductLine) -> bool {
    line.price != PRICELIST
}
