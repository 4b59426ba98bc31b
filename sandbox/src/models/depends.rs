//! What a field is worked out from, as `fields_get` tells it (`depends`); told of the fields that there are here.

use crate::schema::{Field, Model};

/// Model, field, the paths it follows from.
type Row = (&'static str, &'static str, &'static [&'static str]);

const OF_LINES: &[&str] = &["order_line.price_subtotal", "order_line.price_tax", "order_line.price_total"];
const OF_LINE: &[&str] = &["product_uom_qty", "discount", "price_unit", "tax_id", "tax_ids"];
const OF_ITEM: &[&str] = &["quantity", "discount", "price_unit", "tax_ids", "currency_id"];
const OF_PARTNER: &[&str] = &["partner_id"];
const OF_PRODUCT: &[&str] = &["product_id"];
const OF_UNIT: &[&str] = &["product_id", "product_uom", "product_uom_id", "product_uom_qty"];
const OF_MOVE: &[&str] = &["invoice_line_ids.price_subtotal", "invoice_line_ids.price_total", "state"];
const PARTNER_NAME: &[&str] = &["is_company", "name", "parent_id.name", "type", "commercial_company_name"];

/// What the value mirrors (`related`).
const MIRRORS: &[(&str, &str, &str)] = &[
    ("res.company", "name", "partner_id.name"),
    ("res.company", "email", "partner_id.email"),
    ("res.company", "phone", "partner_id.phone"),
    ("sale.order", "currency_id", "pricelist_id.currency_id"),
    ("*", "activity_summary", "activity_ids.summary"),
    ("*", "activity_user_id", "activity_ids.user_id"),
    ("*", "activity_type_id", "activity_ids.activity_type_id"),
    ("*", "image_1024", "image_1920"),
    ("*", "image_512", "image_1920"),
    ("*", "image_256", "image_1920"),
    ("*", "image_128", "image_1920"),
];

const ROWS: &[Row] = &[
    ("ir.config_parameter", "display_name", &["key"]),
    ("ir.model.data", "complete_name", &["module", "name"]),
    ("ir.model.fields", "display_name", &["field_description", "model"]),
    ("mail.activity", "display_name", &["summary"]),
    ("mail.activity", "res_name", &["res_model", "res_id"]),
    ("mail.activity", "state", &["date_deadline", "active"]),
    ("mail.message", "display_name", &["record_name"]),
    ("res.company", "currency_id", &["parent_id"]),
    ("res.currency", "decimal_places", &["rounding"]),
    ("res.partner", "complete_name", PARTNER_NAME),
    (
        "res.partner",
        "display_name",
        &["complete_name", "email", "vat", "state_id", "country_id", "commercial_company_name"],
    ),
    ("res.partner", "email_normalized", &["email"]),
    ("res.partner", "commercial_company_name", &["parent_id.is_company", "name"]),
    ("res.partner", "property_product_pricelist", &["country_id"]),
    ("res.partner", "user_id", &["parent_id"]),
    ("res.partner", "avatar_128", &["name", "user_ids.share", "image_128", "is_company", "type"]),
    ("res.users", "share", &["groups_id", "group_ids"]),
    ("res.users", "signature", &["name"]),
    ("crm.lead", "name", OF_PARTNER),
    ("crm.lead", "stage_id", &["team_id", "type"]),
    ("crm.lead", "team_id", &["user_id", "type"]),
    ("crm.lead", "partner_name", OF_PARTNER),
    ("crm.lead", "contact_name", OF_PARTNER),
    ("crm.lead", "email_from", &["partner_id.email"]),
    ("crm.lead", "email_normalized", &["email_from"]),
    ("crm.lead", "phone", &["partner_id.phone"]),
    ("crm.lead", "mobile", OF_PARTNER),
    ("crm.lead", "street", OF_PARTNER),
    ("crm.lead", "city", OF_PARTNER),
    ("crm.lead", "zip", OF_PARTNER),
    ("crm.lead", "country_id", OF_PARTNER),
    ("crm.lead", "website", OF_PARTNER),
    ("crm.lead", "probability", &["stage_id", "team_id"]),
    ("crm.lead", "date_open", &["user_id"]),
    ("crm.lead", "lead_properties", &["team_id"]),
    ("crm.lead", "company_currency", &["company_id"]),
    ("crm.lead", "company_id", &["user_id", "team_id", "partner_id"]),
    ("product.product", "lst_price", &["list_price"]),
    ("product.template", "default_code", &["product_variant_ids.default_code"]),
    ("product.template", "barcode", &["product_variant_ids.barcode"]),
    ("product.template", "standard_price", &["product_variant_ids.standard_price"]),
    ("product.template", "product_variant_id", &["product_variant_ids"]),
    ("product.template", "product_variant_count", &["product_variant_ids.product_tmpl_id"]),
    ("product.template", "currency_id", &["company_id"]),
    ("sale.order", "partner_invoice_id", OF_PARTNER),
    ("sale.order", "partner_shipping_id", OF_PARTNER),
    ("sale.order", "user_id", OF_PARTNER),
    ("sale.order", "team_id", &["partner_id", "user_id"]),
    ("sale.order", "validity_date", &["company_id"]),
    ("sale.order", "note", OF_PARTNER),
    ("sale.order", "pricelist_id", &["partner_id", "company_id"]),
    ("sale.order", "payment_term_id", OF_PARTNER),
    ("sale.order", "amount_untaxed", OF_LINES),
    ("sale.order", "amount_tax", OF_LINES),
    ("sale.order", "amount_total", OF_LINES),
    ("sale.order.line", "display_name", &["order_partner_id", "order_id", "product_id"]),
    ("sale.order.line", "name", OF_PRODUCT),
    ("sale.order.line", "product_uom_qty", &["display_type", "product_id"]),
    ("sale.order.line", "product_uom", OF_PRODUCT),
    ("sale.order.line", "product_uom_id", OF_PRODUCT),
    ("sale.order.line", "price_unit", OF_UNIT),
    ("sale.order.line", "discount", OF_UNIT),
    ("sale.order.line", "tax_id", &["product_id", "company_id"]),
    ("sale.order.line", "tax_ids", &["product_id", "company_id"]),
    ("sale.order.line", "price_subtotal", OF_LINE),
    ("sale.order.line", "price_tax", OF_LINE),
    ("sale.order.line", "price_total", OF_LINE),
    ("sale.order.line", "analytic_distribution", &["order_id.partner_id", "product_id"]),
    ("project.task", "stage_id", &["project_id"]),
    ("project.task", "state", &["stage_id"]),
    ("project.task", "partner_id", &["parent_id.partner_id", "project_id"]),
    ("project.task", "company_id", &["project_id.company_id", "parent_id.company_id"]),
    ("project.task", "task_properties", &["project_id"]),
    ("project.project", "company_id", &["partner_id.company_id"]),
    ("project.project", "task_count", &["task_ids"]),
    ("account.move.line", "price_subtotal", OF_ITEM),
    ("account.move.line", "price_total", OF_ITEM),
    ("account.move", "name", &["state"]),
    ("account.move", "payment_state", &["amount_residual", "move_type", "state", "company_id"]),
    ("account.move", "amount_untaxed", OF_MOVE),
    ("account.move", "amount_tax", OF_MOVE),
    ("account.move", "amount_total", OF_MOVE),
    ("account.move", "amount_residual", OF_MOVE),
    ("*", "activity_state", &["activity_ids.state"]),
    ("*", "activity_date_deadline", &["activity_ids.date_deadline"]),
    ("*", "display_name", &["name"]),
];

/// Says of each field of a model what it is worked out from.
pub(super) fn tell(model: &mut Model) {
    let names: Vec<String> = model.fields.iter().map(|field| field.name.to_string()).collect();
    let known =
        |path: &str| path.split('.').next().is_some_and(|first| names.iter().any(|name| name == first));
    let of = |model: &str, of: &str| of == "*" || of == model;
    let name = model.name;
    for field in model.fields.iter_mut().filter(|field| !field.mirrors) {
        let mirrored = MIRRORS.iter().find(|row| of(name, row.0) && field.name == row.1).map(|row| row.2);
        if let Some(path) = mirrored.filter(|path| known(path)) {
            field.related = Some(path.into());
            field.depends = vec![path.into()];
        } else if let (true, Some(link)) = (field.inherited, model.inherits) {
            inherit(field, link);
        } else if let Some(row) = ROWS.iter().find(|row| of(name, row.0) && field.name == row.1) {
            field.depends = row.2.iter().copied().filter(|path| known(path)).map(Into::into).collect();
        }
    }
}

fn inherit(field: &mut Field, link: &str) {
    let path: std::borrow::Cow<'static, str> = format!("{link}.{}", field.name).into();
    field.depends = vec![path.clone()];
    field.related = Some(path);
}
