//! What salespeople and callers read, in Spanish and English.

use crate::language::Language;

/// The fixed words of the messages to salespeople.
pub(crate) struct Words {
    pub handoff: &'static str,
    pub new_quotation: &'static str,
    pub customer: &'static str,
    pub phone: &'static str,
    pub reason: &'static str,
    pub context: &'static str,
    pub conversation: &'static str,
    pub opportunity: &'static str,
    pub quotation: &'static str,
    pub more: &'static str,
}

const SPANISH: Words = Words {
    handoff: "Un cliente pide hablar con un vendedor",
    new_quotation: "Nueva cotización",
    customer: "Cliente",
    phone: "Teléfono",
    reason: "Motivo",
    context: "Contexto",
    conversation: "Conversación",
    opportunity: "Oportunidad",
    quotation: "Cotización",
    more: "productos más",
};

const ENGLISH: Words = Words {
    handoff: "A customer asks to speak with a salesperson",
    new_quotation: "New quotation",
    customer: "Customer",
    phone: "Phone",
    reason: "Reason",
    context: "Context",
    conversation: "Conversation",
    opportunity: "Opportunity",
    quotation: "Quotation",
    more: "more products",
};

impl Words {
    /// Those of this language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::Es => &SPANISH,
            Language::En => &ENGLISH,
        }
    }
}
