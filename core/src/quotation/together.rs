//! The rules of fields of a quotation that belong together.

use super::request::{ProductLine, QuotationRequest};
use crate::rules::require;

pub fn one_product_form(request: &QuotationRequest) -> impl Fn(&i64, &()) -> garde::Result {
    let two_forms = request.products.is_some() && (request.product_id != 0 || request.product.is_some());
    move |_, context| {
        let rule = "cannot be given together with products; put this product into products";
        require(!two_forms, rule)(context)
    }
}

pub fn some_product(named: bool) -> impl Fn(&i64, &()) -> garde::Result {
    move |id, context| {
        require(*id > 0 || named, "must be an id in Odoo, 1 or more; or give product, a reference or name")(
            context,
        )
    }
}

pub fn one_product(product_id: i64) -> impl Fn(&Option<String>, &()) -> garde::Result {
    move |named, context| {
        require(named.is_none() || product_id == 0, "cannot be given together with product_id")(context)
    }
}

pub fn one_salesperson(user_id: i64) -> impl Fn(&Option<String>, &()) -> garde::Result {
    move |named, context| {
        require(named.is_none() || user_id == 0, "cannot be given together with user_id")(context)
    }
}

pub fn line_count(lines: &Option<Vec<ProductLine>>, context: &()) -> garde::Result {
    let count = lines.as_ref().map_or(1, Vec::len);
    require((1..=1000).contains(&count), "must have 1 to 1,000 elements, or be left out")(context)
}
