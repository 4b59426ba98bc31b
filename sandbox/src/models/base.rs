//! Partners, users, companies and Odoo's own tables.

use super::{
    active, binary, boolean, char, currency, date, float, html, integer, many2many, many2one, one2many,
    selection, sequence, text,
};
use crate::datum::Datum;
use crate::schema::{Model, Rights};
use crate::{Version, compute};

pub(super) fn models(version: Version) -> Vec<Model> {
    vec![
        partner(version),
        Model::new(
            "res.partner.category",
            "Partner Tags",
            vec![
                char("name", "Name").required(),
                integer("color", "Color"),
                many2one("parent_id", "Category", "res.partner.category"),
                one2many("child_ids", "Child Tags", "res.partner.category", "parent_id"),
                char("parent_path", "Parent Path"),
                many2many("partner_ids", "Partners", "res.partner").computed(compute::tagged_partners),
                active(),
            ],
        )
        .order("name, id")
        .rights(Rights::All),
        user(version),
        Model::new("res.groups", "Access Groups", vec![char("name", "Name").required()]),
        Model::new(
            "res.company",
            match version {
                Version::V16 | Version::V18 => "Companies",
                Version::V19 => "Company",
            },
            vec![
                char("name", "Company Name").required(),
                many2one("partner_id", "Partner", "res.partner"),
                many2one("parent_id", "Parent Company", "res.company"),
                currency(),
                many2one("country_id", "Country", "res.country"),
                char("email", "Email"),
                char("phone", "Phone"),
            ],
        )
        .order("name")
        .company("id"),
        Model::new(
            "res.country",
            "Country",
            vec![
                char("name", "Country Name").required(),
                char("code", "Country Code").size(2).indexed(),
                integer("phone_code", "Country Calling Code"),
            ],
        )
        .order("name")
        .name_fields(&["name", "code"]),
        Model::new(
            "res.country.state",
            "Country state",
            vec![
                char("name", "State Name").required(),
                char("code", "State Code").required(),
                many2one("country_id", "Country", "res.country").required(),
            ],
        )
        .order("code")
        .name_fields(&["name", "code"]),
        Model::new(
            "res.currency",
            "Currency",
            vec![
                char("name", "Currency").required(),
                char("full_name", "Name"),
                char("symbol", "Symbol").required(),
                integer("decimal_places", "Decimal Places").default(Datum::Int(2)),
                float("rounding", "Rounding Factor").default(Datum::Float(0.01)),
                active(),
            ],
        )
        .order("active desc, name")
        .name_fields(&["name", "full_name"]),
        Model::new(
            "res.lang",
            "Languages",
            vec![
                char("name", "Name").required(),
                char("code", "Locale Code").required().indexed(),
                char("iso_code", "ISO code"),
                active(),
            ],
        )
        .order("active desc, name"),
        Model::new(
            "ir.model",
            "Models",
            vec![
                char("name", "Model Description").required(),
                char("model", "Model").required().indexed(),
                boolean("transient", "Transient Model"),
                char("order", "Order"),
                char("state", "Type").default(Datum::text("base")),
                one2many("field_id", "Fields", "ir.model.fields", "model_id"),
            ],
        )
        .order("model")
        .rights(Rights::Nothing)
        .name_fields(&["name", "model"]),
        Model::new(
            "ir.model.fields",
            "Fields",
            vec![
                char("name", "Field Name").required(),
                char("field_description", "Field Label").required(),
                char("model", "Model Name").required().indexed(),
                many2one("model_id", "Model", "ir.model").required().cascade(),
                char("ttype", "Field Type").required(),
                char("relation", "Related Model"),
                char("relation_field", "Relation Field"),
                text("help", "Field Help"),
                char("related", "Related Field Definition"),
                char("depends", "Dependencies"),
                boolean("required", "Required"),
                boolean("readonly", "Readonly"),
                boolean("index", "Indexed"),
                boolean("store", "Stored"),
                char("state", "Type").default(Datum::text("base")),
            ],
        )
        .order("name, id")
        .rights(Rights::Nothing)
        .name_fields(&["field_description"]),
        Model::new(
            "ir.config_parameter",
            "System Parameter",
            vec![char("key", "Key").required().indexed(), text("value", "Value").required()],
        )
        .order("key")
        .name_fields(&["key"])
        .rights(Rights::Nothing),
        Model::new(
            "ir.model.data",
            "Model Data",
            vec![
                char("name", "External Identifier").required(),
                char("module", "Module").required(),
                char("complete_name", "Complete ID").readonly().indexed(),
                char("model", "Model Name").required(),
                integer("res_id", "Record ID").indexed(),
                boolean("noupdate", "Non Updatable"),
            ],
        )
        .order("module, model, name")
        .rights(Rights::Nothing),
        Model::new(
            "ir.rule",
            "Record Rule",
            vec![char("name", "Name"), many2one("model_id", "Model", "ir.model"), active()],
        )
        .rights(Rights::Nothing),
    ]
}

fn partner(version: Version) -> Model {
    let kinds: &[(&str, &str)] = match version {
        Version::V16 => &[
            ("contact", "Contact"),
            ("invoice", "Invoice Address"),
            ("delivery", "Delivery Address"),
            ("private", "Private Address"),
            ("other", "Other Address"),
        ],
        Version::V18 => &[
            ("contact", "Contact"),
            ("invoice", "Invoice Address"),
            ("delivery", "Delivery Address"),
            ("other", "Other Address"),
        ],
        Version::V19 => {
            &[("contact", "Contact"), ("invoice", "Invoice"), ("delivery", "Delivery"), ("other", "Other")]
        }
    };
    Model::new(
        "res.partner",
        "Contact",
        vec![
            char("name", "Name"),
            char("complete_name", "Complete Name").computed(compute::display_name).since(Version::V18),
            // Stored on 16, and so searched by itself.
            char("display_name", "Display Name").computed(compute::display_name).until(Version::V16),
            char("display_name", "Display Name")
                .computed(compute::display_name)
                .fleeting()
                .since(Version::V18),
            many2one("parent_id", "Related Company", "res.partner"),
            one2many("child_ids", "Contact", "res.partner", "parent_id"),
            boolean("is_company", "Is a Company"),
            many2many("category_id", "Tags", "res.partner.category"),
            integer("color", "Color Index"),
            float("partner_latitude", "Geo Latitude").digits(7),
            float("partner_longitude", "Geo Longitude").digits(7),
            selection("type", "Address Type", kinds).default(Datum::text("contact")),
            char("email", "Email"),
            char("email_normalized", "Normalized Email").readonly().indexed(),
            char("phone", "Phone"),
            char("mobile", "Mobile").until(Version::V18),
            char("street", "Street"),
            char("street2", "Street2"),
            char("city", "City"),
            char("zip", "Zip"),
            many2one("state_id", "State", "res.country.state"),
            many2one("country_id", "Country", "res.country"),
            binary("image_1920", "Image"),
            char("vat", "Tax ID"),
            char("company_registry", "Company ID"),
            char("commercial_company_name", "Company Name Entity").computed(compute::company_name),
            many2one("property_product_pricelist", "Pricelist", "product.pricelist"),
            char("ref", "Reference"),
            char("website", "Website Link"),
            char("function", "Job Position"),
            char("lang", "Language").default(Datum::text("en_US")),
            char("tz", "Timezone"),
            html("comment", "Notes"),
            many2one("user_id", "Salesperson", "res.users"),
            many2one("company_id", "Company", "res.company"),
            one2many("sale_order_ids", "Sales Order", "sale.order", "partner_id"),
            one2many("opportunity_ids", "Opportunities", "crm.lead", "partner_id"),
            active(),
        ],
    )
    .order(if version == Version::V16 { "display_name, id desc" } else { "complete_name, id desc" })
    .rights(Rights::All)
    .company("company_id")
    .name_fields(match version {
        Version::V16 => &["display_name", "email", "ref", "vat", "company_registry"],
        _ => &["complete_name", "email", "ref", "vat", "company_registry"],
    })
}

fn user(version: Version) -> Model {
    let groups = match version {
        Version::V16 | Version::V18 => "groups_id",
        Version::V19 => "group_ids",
    };
    Model::new(
        "res.users",
        "User",
        vec![
            many2one("partner_id", "Related Partner", "res.partner").required(),
            char("login", "Login").required().indexed(),
            char("password", "Password").hidden(),
            char("totp_secret", "Totp Secret").forbidden(),
            char("name", "Name").inherited(),
            char("email", "Email").inherited(),
            char("email_normalized", "Normalized Email").inherited().readonly(),
            char("phone", "Phone").inherited(),
            char("mobile", "Mobile").inherited().until(Version::V18),
            char("lang", "Language").inherited(),
            char("tz", "Timezone").inherited(),
            char("city", "City").inherited(),
            text("signature", "Email Signature"),
            boolean("share", "Share User"),
            many2many(groups, "Groups", "res.groups"),
            many2one("company_id", "Company", "res.company").default(Datum::Int(1)),
            many2many("company_ids", "Companies", "res.company").default(Datum::Ids(vec![1])),
            many2one("sale_team_id", "User Sales Team", "crm.team").computed(compute::team_of_user),
            date("login_date", "Latest Login"),
            sequence(),
            active(),
        ],
    )
    .inherits("partner_id")
    .order("name, login")
}
