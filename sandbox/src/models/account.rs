//! Invoices, as far as who sells looks at them: no entries in the books.

use super::{
    char, company, currency, date, float, many2many, many2one, monetary, one2many, selection, sequence, text,
};
use crate::datum::Datum;
use crate::invoices;
use crate::schema::{Model, Rights};

pub(super) fn models() -> Vec<Model> {
    let kinds = &[
        ("entry", "Journal Entry"),
        ("out_invoice", "Customer Invoice"),
        ("out_refund", "Customer Credit Note"),
        ("in_invoice", "Vendor Bill"),
        ("in_refund", "Vendor Credit Note"),
    ];
    let states = &[("draft", "Draft"), ("posted", "Posted"), ("cancel", "Cancelled")];
    let payments = &[
        ("not_paid", "Not Paid"),
        ("in_payment", "In Payment"),
        ("paid", "Paid"),
        ("partial", "Partially Paid"),
    ];
    vec![
        Model::new(
            "account.move",
            "Journal Entry",
            vec![
                char("name", "Number").default(Datum::text("/")),
                char("ref", "Reference"),
                selection("move_type", "Type", kinds).required().default(Datum::text("entry")),
                selection("state", "Status", states).readonly().required().default(Datum::text("draft")),
                selection("payment_state", "Payment Status", payments)
                    .readonly()
                    .default(Datum::text("not_paid")),
                many2one("partner_id", "Partner", "res.partner"),
                many2one("invoice_user_id", "Salesperson", "res.users"),
                date("invoice_date", "Invoice/Bill Date"),
                date("invoice_date_due", "Due Date"),
                char("invoice_origin", "Origin"),
                one2many("invoice_line_ids", "Invoice lines", "account.move.line", "move_id"),
                monetary("amount_untaxed", "Untaxed Amount").computed(invoices::untaxed),
                monetary("amount_tax", "Tax").computed(invoices::tax),
                monetary("amount_total", "Total").computed(invoices::total),
                monetary("amount_residual", "Amount Due").computed(invoices::due),
                monetary("paid", "Paid").forbidden(),
                char("access_token", "Security Token"),
                char("access_url", "Portal Access URL").computed(invoices::page).fleeting(),
                currency().required(),
                company().required(),
            ],
        )
        .order("invoice_date desc, name desc, id desc")
        .owner("invoice_user_id")
        .company("company_id")
        .name_fields(&["name", "partner_id.name", "ref"]),
        line(),
    ]
}

fn line() -> Model {
    let kinds = &[("product", "Product"), ("line_section", "Section"), ("line_note", "Note")];
    Model::new(
        "account.move.line",
        "Journal Item",
        vec![
            many2one("move_id", "Journal Entry", "account.move").required().cascade(),
            sequence(),
            many2one("product_id", "Product", "product.product"),
            text("name", "Label"),
            selection("display_type", "Display Type", kinds).required().default(Datum::text("product")),
            float("quantity", "Quantity").digits(2).default(Datum::Float(1.0)),
            float("price_unit", "Unit Price").digits(2),
            float("discount", "Discount (%)").digits(2),
            many2many("tax_ids", "Taxes", "account.tax"),
            monetary("price_subtotal", "Subtotal").computed(invoices::line_untaxed),
            monetary("price_total", "Total").computed(invoices::line_total),
            many2one("partner_id", "Partner", "res.partner").mirrors("move_id.partner_id"),
            many2one("currency_id", "Currency", "res.currency").mirrors("move_id.currency_id"),
            many2one("company_id", "Company", "res.company").mirrors("move_id.company_id"),
        ],
    )
    .order("sequence, id")
    .rights(Rights::Read)
    .owner("move_id.invoice_user_id")
    .company("move_id.company_id")
    .name_fields(&["name", "move_id", "product_id"])
}
