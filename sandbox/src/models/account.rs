//! Invoices, as far as who sells looks at them: no lines, no entries in the books.

use super::{char, company, currency, date, many2one, monetary, selection};
use crate::datum::Datum;
use crate::schema::Model;

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
                monetary("amount_untaxed", "Untaxed Amount").readonly(),
                monetary("amount_tax", "Tax").readonly(),
                monetary("amount_total", "Total").readonly(),
                monetary("amount_residual", "Amount Due").readonly(),
                currency().required(),
                company().required(),
            ],
        )
        .order("invoice_date desc, name desc, id desc")
        .owner("invoice_user_id")
        .company("company_id")
        .name_fields(&["name", "ref"]),
    ]
}
