//! The products of a quotation: that they exist, may be sold, and by which id Odoo knows them.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::error::{Ambiguous, QuotationError, Rounding};
use super::request::ProductLine;
use super::texts::Changed;
use crate::odoo::{Call, Odoo, OdooError, Record, SearchRead};

const FIELDS: [&str; 5] = ["sale_ok", "default_code", "name", "display_name", "company_id"];

/// One line, its product known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) product_id: i64,
    pub(super) qty: f64,
    /// `None`: the pricelist's.
    pub(super) price: Option<f64>,
}

/// How many decimals this Odoo keeps of quantities and prices.
#[derive(Clone, Copy)]
pub(crate) struct Decimals {
    quantity: i32,
    price: i32,
}

/// What is found of the products of the lines.
pub(super) struct Products {
    pub(super) lines: Vec<Line>,
    /// Those that belong to a company: their ids and their company's id and name.
    pub(super) of_companies: Vec<(i64, i64, String)>,
}

/// Finds the products of all lines in one call. Archived ones are not found: they are not for sale either.
pub(super) async fn find(odoo: &Odoo, lines: &[ProductLine]) -> Result<Products, QuotationError> {
    if lines.is_empty() {
        return Ok(Products { lines: Vec::new(), of_companies: Vec::new() });
    }
    let mut ids: Vec<i64> = lines.iter().map(|line| line.product_id).filter(|id| *id > 0).collect();
    ids.sort_unstable();
    ids.dedup();
    let names: Vec<&str> = lines.iter().filter_map(|line| line.product.as_deref()).collect();
    let mut found = search(odoo, domain(&ids, &names), None).await?;
    let missing = unknown(&names, &found);
    if !missing.is_empty() {
        // A name is looked for in the language of the service's user first.
        for language in odoo.languages().await? {
            found.extend(search(odoo, domain(&[], &missing), Some(language.as_str())).await?);
        }
    }
    known(&ids, &found)?;
    let missing = unknown(&names, &found);
    if !missing.is_empty() {
        return Err(QuotationError::ProductNotCalled(missing.into_iter().map(str::to_owned).collect()));
    }
    let resolved = lines.iter().map(|line| resolve(line, &found)).collect::<Result<Vec<_>, _>>()?;
    let used = |product: &&Product| resolved.iter().any(|line| line.product_id == product.id);
    let of_companies = found.iter().filter(used).filter_map(|product| {
        product.company.as_ref().map(|(company, name)| (product.id, *company, name.clone()))
    });
    Ok(Products { of_companies: of_companies.collect(), lines: resolved })
}

struct Product {
    id: i64,
    sellable: bool,
    reference: Option<String>,
    name: String,
    display_name: String,
    company: Option<(i64, String)>,
}

impl Product {
    fn read(record: &Record) -> Result<Self, OdooError> {
        let text = |field: &str| Ok::<_, OdooError>(record.text(field)?.map(str::to_owned));
        Ok(Self {
            id: record.id()?,
            sellable: record.bool("sale_ok")?,
            reference: text("default_code")?,
            name: text("name")?.unwrap_or_default(),
            display_name: text("display_name")?.unwrap_or_default(),
            company: record.many2one("company_id")?.map(|(id, name)| (id, name.to_owned())),
        })
    }

    /// As people write it, or as Odoo and this service show it: `[E-COM07] Large Cabinet`.
    fn is_called(&self, name: &str) -> bool {
        self.reference.as_deref() == Some(name) || self.name == name || self.display_name == name
    }
}

async fn search(odoo: &Odoo, domain: Value, language: Option<&str>) -> Result<Vec<Product>, OdooError> {
    let query = SearchRead { fields: &FIELDS, order: Some("id"), language, ..SearchRead::default() };
    odoo.search_read("product.product", domain, &query).await?.iter().map(Product::read).collect()
}

fn domain(ids: &[i64], names: &[&str]) -> Value {
    let shown = names.iter().filter_map(|name| name.strip_prefix('[')?.split_once(']'));
    let references: Vec<&str> = names.iter().copied().chain(shown.map(|(reference, _)| reference)).collect();
    match (ids.is_empty(), names.is_empty()) {
        (_, true) => json!([["id", "in", ids]]),
        (true, false) => json!(["|", ["default_code", "in", references], ["name", "in", names]]),
        (false, false) => {
            json!(["|", "|", ["id", "in", ids], ["default_code", "in", references], ["name", "in", names]])
        }
    }
}

fn unknown<'a>(names: &[&'a str], found: &[Product]) -> Vec<&'a str> {
    let is_known = |name: &str| found.iter().any(|product| product.is_called(name));
    names.iter().copied().filter(|name| !is_known(name)).collect()
}

fn known(ids: &[i64], found: &[Product]) -> Result<(), QuotationError> {
    let is = |id: &i64, sellable: bool| {
        found.iter().any(|product| product.id == *id && (product.sellable || !sellable))
    };
    let missing: Vec<i64> = ids.iter().copied().filter(|id| !is(id, false)).collect();
    if !missing.is_empty() {
        return Err(QuotationError::ProductNotFound(missing));
    }
    let unsellable: Vec<i64> = ids.iter().copied().filter(|id| !is(id, true)).collect();
    if unsellable.is_empty() { Ok(()) } else { Err(QuotationError::ProductNotSellable(unsellable)) }
}

fn resolve(line: &ProductLine, found: &[Product]) -> Result<Line, QuotationError> {
    let product_id = match &line.product {
        None => line.product_id,
        Some(name) => called(name, found)?,
    };
    let price = line.has_price().then_some(line.price);
    Ok(Line { product_id, qty: line.qty, price })
}

fn called(name: &str, found: &[Product]) -> Result<i64, QuotationError> {
    let mut called: Vec<&Product> = found.iter().filter(|product| product.is_called(name)).collect();
    called.sort_unstable_by_key(|product| product.id);
    called.dedup_by_key(|product| product.id);
    let (sellable, not): (Vec<&Product>, Vec<&Product>) =
        called.into_iter().partition(|product| product.sellable);
    match sellable.as_slice() {
        [only] => Ok(only.id),
        [] => Err(QuotationError::ProductNotSellable(not.iter().map(|product| product.id).collect())),
        several => {
            let candidates = several.iter().map(|product| (product.id, product.display_name.clone()));
            let ambiguous = Ambiguous { called: name.to_owned(), candidates: candidates.collect() };
            Err(QuotationError::ProductAmbiguous(ambiguous))
        }
    }
}

/// Refuses a quantity or price of which Odoo would keep nothing. It is asked how much it keeps only where that could be.
pub(crate) async fn check_decimals(
    odoo: &Odoo,
    decimals: &OnceCell<Decimals>,
    lines: &[ProductLine],
) -> Result<(), QuotationError> {
    let small = |value: f64| value > 0.0 && value < 0.5;
    if !lines.iter().any(|line| small(line.qty) || small(line.price)) {
        return Ok(());
    }
    let Decimals { quantity, price } = *decimals.get_or_try_init(|| read_decimals(odoo)).await?;
    let vanishes = |value: f64, digits: i32| small(value) && (value * 10_f64.powi(digits)).round() == 0.0;
    for line in lines {
        for (what, value, digits) in
            [(Changed::Quantity, line.qty, quantity), (Changed::Price, line.price, price)]
        {
            if vanishes(value, digits) {
                let product = line.product.clone().unwrap_or_else(|| line.product_id.to_string());
                return Err(QuotationError::RoundsToZero(Rounding { product, what, value }));
            }
        }
    }
    Ok(())
}

async fn read_decimals(odoo: &Odoo) -> Result<Decimals, OdooError> {
    const FIELDS: [&str; 2] = ["product_uom_qty", "price_unit"];
    let call = Call::new("sale.order.line", "fields_get")
        .arg("allfields", FIELDS.as_slice())
        .kwarg("attributes", ["digits"].as_slice());
    let fields = odoo.call(call).await?;
    // `[16, 2]`; a field without says that all decimals are kept.
    let digits = |field: &str| {
        let digits = fields.get(field).and_then(|field| field.get("digits")?.get(1)?.as_i64());
        digits.and_then(|digits| i32::try_from(digits).ok()).unwrap_or(15)
    };
    let [quantity, price] = FIELDS.map(digits);
    Ok(Decimals { quantity, price })
}
