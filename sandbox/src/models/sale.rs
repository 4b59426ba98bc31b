//! Sale orders and their lines.

use super::{
    active, boolean, char, company, currency, date, datetime, float, html, many2many, many2one, monetary,
    one2many, selection, sequence, text,
};
use crate::datum::Datum;
use crate::rules::{tax_field, uom_field};
use crate::schema::{Field, Kind, Model, Rights};
use crate::{Version, compute};

pub(super) fn models(version: Version) -> Vec<Model> {
    vec![
        Model::new(
            "uom.uom",
            "Product Unit of Measure",
            vec![char("name", "Unit of Measure").required(), active()],
        ),
        Model::new(
            "account.tax",
            "Tax",
            vec![
                char("name", "Tax Name").required(),
                float("amount", "Amount").required(),
                sequence(),
                active(),
            ],
        )
        .order("sequence, id"),
        Model::new(
            "account.payment.term",
            "Payment Terms",
            vec![char("name", "Payment Terms").required(), sequence(), active()],
        )
        .order("sequence, id"),
        order(version),
        line(version),
    ]
}

fn order(version: Version) -> Model {
    let states: &[(&str, &str)] = match version {
        Version::V16 => &[
            ("draft", "Quotation"),
            ("sent", "Quotation Sent"),
            ("sale", "Sales Order"),
            ("done", "Locked"),
            ("cancel", "Cancelled"),
        ],
        _ => &[
            ("draft", "Quotation"),
            ("sent", "Quotation Sent"),
            ("sale", "Sales Order"),
            ("cancel", "Cancelled"),
        ],
    };
    let name = char("name", "Order Reference").required().default(Datum::text("New"));
    Model::new(
        "sale.order",
        "Sales Order",
        vec![
            if version == Version::V16 { name.readonly() } else { name },
            many2one("partner_id", "Customer", "res.partner").required(),
            many2one("partner_invoice_id", "Invoice Address", "res.partner"),
            many2one("partner_shipping_id", "Delivery Address", "res.partner"),
            many2one("opportunity_id", "Opportunity", "crm.lead"),
            many2one("user_id", "Salesperson", "res.users"),
            many2one("team_id", "Sales Team", "crm.team"),
            selection("state", "Status", states).readonly().default(Datum::text("draft")),
            boolean("locked", "Locked").since(Version::V18),
            datetime("date_order", "Order Date")
                .required()
                .help("Creation date of draft/sent orders,\nConfirmation date of confirmed orders."),
            date("validity_date", "Expiration"),
            datetime("commitment_date", "Delivery Date"),
            char("origin", "Source Document"),
            char("client_order_ref", "Customer Reference"),
            char("reference", "Payment Ref."),
            html("note", "Terms and conditions"),
            many2one("pricelist_id", "Pricelist", "product.pricelist"),
            many2one("payment_term_id", "Payment Terms", "account.payment.term"),
            one2many("order_line", "Order Lines", "sale.order.line", "order_id"),
            monetary("amount_untaxed", "Untaxed Amount").computed(compute::order_untaxed),
            monetary("amount_tax", "Taxes").computed(compute::order_tax),
            monetary("amount_total", "Total").computed(compute::order_total),
            many2many("tag_ids", "Tags", "crm.tag"),
            char("access_token", "Security Token"),
            char("access_url", "Portal Access URL").computed(compute::order_page).fleeting(),
            currency().readonly(),
            company().required(),
        ],
    )
    .order("date_order desc, id desc")
    .rights(Rights::All)
    .owner("user_id")
    .company("company_id")
    .of_company(&[
        "partner_id",
        "partner_invoice_id",
        "partner_shipping_id",
        "opportunity_id",
        "team_id",
        "pricelist_id",
    ])
}

fn line(version: Version) -> Model {
    let displays = &[("line_section", "Section"), ("line_note", "Note")];
    Model::new(
        "sale.order.line",
        "Sales Order Line",
        vec![
            many2one("order_id", "Order Reference", "sale.order").required().cascade(),
            sequence(),
            many2one("product_id", "Product", "product.product").restrict(),
            text("name", "Description").required(),
            selection("display_type", "Display Type", displays),
            float("product_uom_qty", "Quantity").required().digits(2).default(Datum::Float(1.0)),
            many2one(uom_field(version), "Unit of Measure", "uom.uom"),
            float("price_unit", "Unit Price").required().digits(2),
            float("discount", "Discount (%)").digits(2),
            many2many(tax_field(version), "Taxes", "account.tax"),
            monetary("price_subtotal", "Subtotal").computed(compute::line_untaxed),
            monetary("price_tax", "Total Tax").computed(compute::line_tax),
            monetary("price_total", "Total").computed(compute::line_total),
            Field::new("analytic_distribution", "Analytic Distribution", Kind::Json),
            many2one("order_partner_id", "Customer", "res.partner").mirrors("order_id.partner_id"),
            many2one("salesman_id", "Salesperson", "res.users").mirrors("order_id.user_id"),
            many2one("currency_id", "Currency", "res.currency").mirrors("order_id.currency_id"),
            many2one("company_id", "Company", "res.company").mirrors("order_id.company_id"),
        ],
    )
    .order("order_id, sequence, id")
    .rights(Rights::All)
    .owner("order_id.user_id")
    .company("order_id.company_id")
    .of_company(&["product_id"])
    .name_fields(&["name", "order_id.name"])
}
