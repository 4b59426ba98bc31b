//! Why a salesperson was not told, in Spanish and English, with what to do about it.

use crate::language::Language;
use crate::quotation::causes;
use crate::quotation::error::QuotationError;
use crate::twilio::TwilioError;

/// Nobody knows whether Twilio took the message.
pub(crate) const OUTCOME_UNKNOWN: &str = "outcome_unknown";

/// A message that was not sent, or of which nobody knows whether it was.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// What to do.
    pub sentence: String,
    /// Stable name.
    pub code: String,
}

impl Failure {
    fn new(code: &str, language: Language, spanish: &str, english: &str) -> Self {
        let sentence = match language {
            Language::Es => spanish,
            Language::En => english,
        };
        Self { sentence: sentence.to_owned(), code: code.to_owned() }
    }

    /// Twilio refused it, or was not to be reached in time.
    pub(super) fn unsent(language: Language, error: &TwilioError, outcome_unknown: bool) -> Self {
        let cause = error.sentence(language);
        if !outcome_unknown {
            return Self { sentence: cause, code: error.code() };
        }
        let spanish = format!(
            "{cause} y no se sabe si el mensaje se envió; repita la solicitud, no se enviará dos veces"
        );
        let english = format!(
            "{cause} and nobody knows whether the message was sent; repeat the request, it is not sent twice"
        );
        Self::new(OUTCOME_UNKNOWN, language, &spanish, &english)
    }

    /// Odoo does not work for the company that it is for.
    pub(super) fn company(language: Language, error: &QuotationError) -> Self {
        let sentence = causes::cause(error, language) + ".";
        Self { sentence, code: error.code().to_owned() }
    }

    /// There is no number to send to.
    pub(super) fn no_number(language: Language) -> Self {
        Self::new(
            "no_number",
            language,
            "El vendedor no tiene un número utilizable; escríbalo en su usuario de Odoo o defina VENDEDOR_WHATSAPP",
            "The salesperson has no usable number; enter it in the Odoo user, or set VENDEDOR_WHATSAPP",
        )
    }

    /// Nobody could say who the salesperson is.
    pub(super) fn odoo_down(language: Language) -> Self {
        Self::new(
            "odoo_unavailable",
            language,
            "Odoo no respondió y VENDEDOR_WHATSAPP no está definido; defínalo o repita más tarde",
            "Odoo did not answer and VENDEDOR_WHATSAPP is not set; set it, or repeat later",
        )
    }

    /// The log file could not be written, so nothing was sent. `outcome_unknown`: but perhaps before.
    pub(super) fn disk(language: Language, outcome_unknown: bool) -> Self {
        if outcome_unknown {
            return Self::new(
                OUTCOME_UNKNOWN,
                language,
                "El servicio no puede escribir sus archivos de registro y no se sabe si el mensaje se envió antes; \
                 repita más tarde, no se enviará dos veces",
                "The service cannot write its log files and nobody knows whether the message was sent before; repeat \
                 later, it is not sent twice",
            );
        }
        Self::new(
            "journal_unavailable",
            language,
            "El servicio no puede escribir sus archivos de registro y no envió nada; repita más tarde",
            "The service cannot write its log files and sent nothing; repeat later",
        )
    }

    /// Too many are being told.
    pub(super) fn busy(language: Language) -> Self {
        Self::new(
            "too_many_messages",
            language,
            "Hay demasiados mensajes en espera de Twilio; avise al vendedor por otro medio",
            "Too many messages wait for Twilio; tell the salesperson another way",
        )
    }

    /// A defect of this service, perhaps after Twilio took the message.
    pub(crate) fn defect(language: Language) -> Self {
        Self::new(
            OUTCOME_UNKNOWN,
            language,
            "Error interno del servicio; avise al administrador y repita, no se enviará dos veces",
            "The service has a defect; tell its administrator and repeat, it is not sent twice",
        )
    }
}
