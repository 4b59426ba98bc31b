//! The rules of the fields of a request, each with the words that say what to send.

use email_address::{EmailAddress, Options};

use super::request::{PRICELIST, ProductLine, QuotationRequest};

/// Odoo's ids are 32-bit integers.
const MAX_ID: i64 = i32::MAX as i64;
/// PostgreSQL refuses some of them, and none belongs into a name.
const NO_CONTROL: &str = "must not have control characters";

fn require<C>(kept: bool, rule: &'static str) -> impl Fn(&C) -> garde::Result {
    move |_| if kept { Ok(()) } else { Err(garde::Error::new(rule)) }
}

pub fn name(text: &str, context: &()) -> garde::Result {
    require((1..=256).contains(&text.chars().count()), "must have 1 to 256 characters")(context)?;
    require(!text.chars().any(char::is_control), NO_CONTROL)(context)
}

pub fn description(text: &str, context: &()) -> garde::Result {
    require(text.chars().all(is_text), NO_CONTROL)(context)?;
    require(text.chars().count() <= 10_000, "must have at most 10,000 characters")(context)
}

/// A text of this many characters that may have several lines.
pub fn text(most: usize) -> impl Fn(&str, &()) -> garde::Result {
    move |text, context| {
        require(text.chars().all(is_text), NO_CONTROL)(context)?;
        if (1..=most).contains(&text.chars().count()) {
            return Ok(());
        }
        Err(garde::Error::new(format!("must have 1 to {most} characters")))
    }
}

fn is_text(c: char) -> bool {
    !c.is_control() || matches!(c, '\n' | '\r' | '\t')
}

pub fn email(text: &str, context: &()) -> garde::Result {
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    let valid = EmailAddress::parse_with_options(text, options).is_ok();
    require(valid, "must be an e-mail address such as name@example.com")(context)
}

pub fn phone(text: &str, context: &()) -> garde::Result {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let allowed = text.chars().all(|c| c.is_ascii_digit() || "+-(). ".contains(c));
    let valid = allowed && digits > 0 && (3..=32).contains(&text.len());
    require(valid, "must have 3 to 32 characters: digits and + - ( ) . or spaces")(context)
}

pub fn record_id(least: i64) -> impl Fn(&i64, &()) -> garde::Result {
    move |id, context| {
        let rule = if least == 0 { "must be 0 or an id in Odoo" } else { "must be an id in Odoo, 1 or more" };
        require((least..=MAX_ID).contains(id), rule)(context)
    }
}

pub fn integer(number: &i64, context: &()) -> garde::Result {
    require(i32::try_from(*number).is_ok(), "must be an integer of 32 bits")(context)
}

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

pub fn quantity(quantity: &f64, context: &()) -> garde::Result {
    let rule = "must be a number greater than 0 and at most 1,000,000,000";
    require(*quantity > 0.0 && *quantity <= 1e9, rule)(context)
}

pub fn price(price: &f64, context: &()) -> garde::Result {
    let valid = *price == PRICELIST || (0.0..=1e12).contains(price);
    require(valid, "must be 0 to 1,000,000,000,000, or -1 for the pricelist's price")(context)
}

pub fn line_count(lines: &Option<Vec<ProductLine>>, context: &()) -> garde::Result {
    let count = lines.as_ref().map_or(1, Vec::len);
    require((1..=1000).contains(&count), "must have 1 to 1,000 elements, or be left out")(context)
}
