//! Products and pricelists.

use super::{
    active, boolean, char, currency, float, many2many, many2one, one2many, selection, sequence, text,
};
use crate::compute;
use crate::datum::Datum;
use crate::schema::Model;

/// `stock`: whether the module for stock is there.
pub(super) fn models(stock: bool) -> Vec<Model> {
    vec![
        product(stock),
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

fn product(stock: bool) -> Model {
    let kinds = &[("consu", "Goods"), ("service", "Service"), ("combo", "Combo")];
    let mut fields = vec![
        char("name", "Name").required(),
        char("default_code", "Internal Reference").indexed(),
        char("barcode", "Barcode").indexed(),
        selection("type", "Product Type", kinds).default(Datum::text("consu")),
        float("list_price", "Sales Price").digits(2).default(Datum::Float(1.0)),
        float("lst_price", "Public Price").digits(2).computed(compute::list_price).fleeting(),
        float("standard_price", "Cost").digits(2),
        many2one("uom_id", "Unit of Measure", "uom.uom").default(Datum::Int(1)),
        many2many("taxes_id", "Customer Taxes", "account.tax"),
        text("description_sale", "Sales Description"),
        boolean("sale_ok", "Can be Sold").default(Datum::Bool(true)),
        boolean("purchase_ok", "Purchase").default(Datum::Bool(true)),
        currency(),
        many2one("company_id", "Company", "res.company"),
        active(),
    ];
    if stock {
        fields.push(float("qty_available", "Quantity On Hand").digits(2).default(Datum::Float(0.0)));
    }
    Model::new("product.product", "Product Variant", fields)
        .order("default_code, name, id")
        .company("company_id")
        .name_fields(&["default_code", "name", "barcode"])
}
