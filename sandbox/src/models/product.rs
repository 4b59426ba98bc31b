//! Products and pricelists.

use super::{
    active, binary, boolean, char, currency, float, integer, many2many, many2one, one2many, selection,
    sequence, text,
};
use crate::datum::Datum;
use crate::schema::{Field, Model};
use crate::{compute, products};

/// `stock`: whether the module for stock is there.
pub(super) fn models(stock: bool) -> Vec<Model> {
    vec![
        template(),
        variant(stock),
        Model::new(
            "product.pricelist",
            "Pricelist",
            vec![
                char("name", "Pricelist Name").required(),
                one2many("item_ids", "Pricelist Rules", "product.pricelist.item", "pricelist_id"),
                currency(),
                many2one("company_id", "Company", "res.company"),
                sequence(),
                active(),
            ],
        )
        .order("sequence, id, name")
        .name_fields(&["name", "currency_id"])
        .company("company_id"),
        Model::new(
            "product.pricelist.item",
            "Pricelist Rule",
            vec![
                many2one("pricelist_id", "Pricelist", "product.pricelist").required().cascade(),
                many2one("product_id", "Variant", "product.product"),
                selection(
                    "compute_price",
                    "Price Type",
                    &[("fixed", "Fixed Price"), ("percentage", "Discount")],
                )
                .default(Datum::text("fixed")),
                float("fixed_price", "Fixed Price").digits(2),
                float("percent_price", "Percentage Price").digits(2),
            ],
        ),
    ]
}

/// What all variants of a product have in common.
fn common() -> Vec<Field> {
    let kinds = &[("consu", "Goods"), ("service", "Service"), ("combo", "Combo")];
    vec![
        char("name", "Name").required(),
        selection("type", "Product Type", kinds).default(Datum::text("consu")),
        float("list_price", "Sales Price").digits(2).default(Datum::Float(1.0)),
        many2one("uom_id", "Unit of Measure", "uom.uom").default(Datum::Int(1)),
        many2many("taxes_id", "Customer Taxes", "account.tax"),
        text("description_sale", "Sales Description"),
        boolean("sale_ok", "Can be Sold").default(Datum::Bool(true)),
        boolean("purchase_ok", "Purchase").default(Datum::Bool(true)),
        currency(),
        many2one("company_id", "Company", "res.company"),
        binary("image_1920", "Image"),
    ]
}

fn template() -> Model {
    let mut fields = common();
    fields.extend([
        char("default_code", "Internal Reference").of_the_only(products::code),
        char("barcode", "Barcode").of_the_only(products::barcode),
        float("standard_price", "Cost").digits(2).of_the_only(products::cost),
        one2many("product_variant_ids", "Products", "product.product", "product_tmpl_id"),
        many2one("product_variant_id", "Product", "product.product")
            .computed(products::first_variant)
            .fleeting(),
        integer("product_variant_count", "# Product Variants").computed(products::count).fleeting(),
        active(),
    ]);
    Model::new("product.template", "Product", fields)
        .order("name, id")
        .company("company_id")
        .name_fields(&["name", "product_variant_ids"])
}

fn variant(stock: bool) -> Model {
    let mut fields: Vec<Field> = common().into_iter().map(Field::inherited).collect();
    fields.extend([
        many2one("product_tmpl_id", "Product Template", "product.template").required().cascade(),
        char("default_code", "Internal Reference").indexed(),
        char("barcode", "Barcode").indexed(),
        float("lst_price", "Public Price").digits(2).computed(compute::list_price).fleeting(),
        float("standard_price", "Cost").digits(2),
        active(),
    ]);
    if stock {
        fields.push(float("qty_available", "Quantity On Hand").digits(2).default(Datum::Float(0.0)));
    }
    Model::new("product.product", "Product Variant", fields)
        .inherits("product_tmpl_id")
        .order("default_code, name, id")
        .company("company_id")
        .name_fields(&["name", "default_code"])
}
