//! What a salesperson is told, as a message of its own words or through a Content Template.

use std::collections::BTreeMap;

use super::field::field;
use super::texts::Words;
use crate::language::Language;

/// Products that are named one by one, at most; the others are counted.
const PRODUCTS: usize = 10;
/// Characters that Twilio takes as one message (error 21617 beyond).
const LONGEST: usize = 1600;

/// What a salesperson is told.
pub(crate) struct Letter {
    /// Why it is sent.
    pub occasion: Occasion,
    /// The customer's name.
    pub customer: Option<String>,
    /// The customer's phone.
    pub phone: String,
    /// Why the customer wants a person.
    pub reason: Option<String>,
    /// The conversation it comes from.
    pub conversation: Option<String>,
    /// What else is known.
    pub context: Option<String>,
    /// The opportunity they speak of.
    pub lead_id: Option<i64>,
    /// The quotation they speak of.
    pub order: Option<Order>,
    /// By which the message is found again among those that were sent.
    pub reference: String,
}

/// Why a salesperson is told.
#[derive(Clone, Copy)]
pub(crate) enum Occasion {
    /// A customer wants to speak with a person.
    Handoff,
    /// A quotation was made.
    Quotation,
}

/// A quotation, as the salesperson is told of it.
#[derive(Default)]
pub(crate) struct Order {
    /// Its number in Odoo.
    pub number: String,
    /// Total with taxes.
    pub total: Option<f64>,
    /// ISO 4217 code.
    pub currency: String,
    /// Opens it in Odoo.
    pub url: Option<String>,
    /// Its lines.
    pub products: Vec<Product>,
}

/// One line of a quotation.
pub(crate) struct Product {
    /// Name of the product.
    pub name: String,
    /// Quantity.
    pub quantity: f64,
    /// Unit price.
    pub price: f64,
}

impl Letter {
    /// The whole message, with as many products as it has room for. `bold`: WhatsApp's formatting is understood.
    pub(crate) fn text(&self, language: Language, bold: bool) -> String {
        let with = |products| self.with_products(products, Words::of(language), bold);
        let fits = (1..=PRODUCTS).rev().map(with).find(|text| text.chars().count() <= LONGEST);
        fits.unwrap_or_else(|| with(0))
    }

    fn with_products(&self, products: usize, words: &Words, bold: bool) -> String {
        let strong = |text: &str| if bold { format!("*{text}*") } else { text.to_owned() };
        let mut lines = vec![strong(match self.occasion {
            Occasion::Handoff => words.handoff,
            Occasion::Quotation => words.new_quotation,
        })];
        let order = self.order.as_ref();
        let facts = [
            (words.customer, self.customer.as_ref().map(|name| field(name, 120))),
            (words.phone, Some(field(&self.phone, 64))),
            (words.reason, self.reason.as_ref().map(|reason| field(reason, 300))),
            (words.context, self.context.as_ref().map(|context| field(context, 300))),
            (words.conversation, self.conversation.as_ref().map(|id| field(id, 80))),
            (words.opportunity, self.lead_id.map(|id| id.to_string())),
            (words.quotation, order.map(Order::title)),
        ];
        for (label, fact) in facts {
            lines.extend(fact.map(|fact| format!("{} {fact}", strong(&format!("{label}:")))));
        }
        if let Some(order) = order {
            lines.extend(order.product_lines(products, words).into_iter().map(|line| format!("• {line}")));
            lines.extend(order.url.clone());
        }
        lines.push(format!("Ref: {}", self.reference));
        lines.join("\n")
    }

    /// The variables of a Content Template: 1 customer, 2 phone, 3 reason, 4 details, 5 reference. None is empty
    /// or has more than one line, which Twilio refuses.
    pub(crate) fn variables(&self, language: Language) -> BTreeMap<String, String> {
        let words = Words::of(language);
        let reason = match (&self.reason, self.occasion) {
            (Some(reason), _) => field(reason, 300),
            (None, Occasion::Handoff) => words.handoff.to_owned(),
            (None, Occasion::Quotation) => words.new_quotation.to_owned(),
        };
        let mut details = Vec::new();
        // What divides the details stands for nothing else.
        let detail = |text: &str, most| field(text, most).replace(';', ",");
        details.extend(self.context.as_ref().map(|context| detail(context, 200)));
        details.extend(
            self.conversation.as_ref().map(|id| format!("{}: {}", words.conversation, detail(id, 80))),
        );
        details.extend(self.lead_id.map(|id| format!("{}: {id}", words.opportunity)));
        if let Some(order) = &self.order {
            details.push(format!("{}: {}", words.quotation, order.title()));
            details.extend(order.product_lines(PRODUCTS, words));
        }
        let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        let values = [
            or_dash(self.customer.as_ref().map(|name| field(name, 120)).unwrap_or_default()),
            or_dash(field(&self.phone, 64)),
            or_dash(reason),
            or_dash(field(&details.join("; "), 600)),
            self.reference.clone(),
        ];
        (1_u32..).zip(values).map(|(number, value)| (number.to_string(), value)).collect()
    }
}

impl Order {
    fn title(&self) -> String {
        let number = field(&self.number, 40);
        match self.total {
            Some(total) => format!("{number} ({total:.2} {})", self.currency),
            None => number,
        }
    }

    fn product_lines(&self, named: usize, words: &Words) -> Vec<String> {
        let line = |product: &Product| {
            format!("{} × {} ({:.2})", product.quantity, field(&product.name, 60), product.price)
        };
        let mut lines: Vec<String> = self.products.iter().take(named).map(line).collect();
        let more = self.products.len().saturating_sub(named);
        lines.extend((more > 0).then(|| format!("{more} {}", words.more)));
        lines
    }
}
