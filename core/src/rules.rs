//! The rules of the fields of requests, each with the words that say what to send.

use email_address::{EmailAddress, Options};

/// Lets Odoo's pricelist decide the unit price.
pub const PRICELIST: f64 = -1.0;

/// Odoo's ids are 32-bit integers.
const MAX_ID: i64 = i32::MAX as i64;
/// PostgreSQL refuses some of them, and none belongs into a name.
const NO_CONTROL: &str = "must not have control characters";

/// `rule` where it is not kept.
pub(crate) fn require<C>(kept: bool, rule: &'static str) -> impl Fn(&C) -> garde::Result {
    move |_| if kept { Ok(()) } else { Err(garde::Error::new(rule)) }
}

pub(crate) fn name(text: &str, context: &()) -> garde::Result {
    require((1..=256).contains(&text.chars().count()), "must have 1 to 256 characters")(context)?;
    require(!text.chars().any(char::is_control), NO_CONTROL)(context)
}

pub(crate) fn description(text: &str, context: &()) -> garde::Result {
    require(text.chars().all(is_text), NO_CONTROL)(context)?;
    require(text.chars().count() <= 10_000, "must have at most 10,000 characters")(context)
}

/// A text of this many characters that may have several lines.
pub(crate) fn text(most: usize) -> impl Fn(&str, &()) -> garde::Result {
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

pub(crate) fn email(text: &str, context: &()) -> garde::Result {
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    let valid = EmailAddress::parse_with_options(text, options).is_ok();
    require(valid, "must be an e-mail address such as name@example.com")(context)
}

pub(crate) fn phone(text: &str, context: &()) -> garde::Result {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let allowed = text.chars().all(|c| c.is_ascii_digit() || "+-(). ".contains(c));
    let valid = allowed && digits > 0 && (3..=32).contains(&text.len());
    require(valid, "must have 3 to 32 characters: digits and + - ( ) . or spaces")(context)
}

pub(crate) fn record_id(least: i64) -> impl Fn(&i64, &()) -> garde::Result {
    move |id, context| {
        let rule = if least == 0 { "must be 0 or an id in Odoo" } else { "must be an id in Odoo, 1 or more" };
        require((least..=MAX_ID).contains(id), rule)(context)
    }
}

pub(crate) fn integer(number: &i64, context: &()) -> garde::Result {
    require(i32::try_from(*number).is_ok(), "must be an integer of 32 bits")(context)
}

pub(crate) fn quantity(quantity: &f64, context: &()) -> garde::Result {
    let rule = "must be a number greater than 0 and at most 1,000,000,000";
    require(*quantity > 0.0 && *quantity <= 1e9, rule)(context)
}

pub(crate) fn price(price: &f64, context: &()) -> garde::Result {
    let valid = *price == PRICELIST || (0.0..=1e12).contains(price);
    require(valid, "must be 0 to 1,000,000,000,000, or -1 for the pricelist's price")(context)
}
