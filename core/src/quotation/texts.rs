//! What people read of a quotation's progress and failures, in the language that it was asked for in.

use std::time::Duration;

use super::causes::cause;
use super::error::QuotationError;
use super::id::TrackingId;
use crate::language::Language::{self, En, Es};

/// Said when a quotation was accepted.
pub fn accepted(language: Language) -> &'static str {
    language.choose("Cotización en proceso...", "Quotation under way...")
}

/// Progress of a quotation that was just accepted.
pub fn queued(language: Language) -> &'static str {
    language.choose("En cola...", "Waiting in line...")
}

/// Progress of a quotation that is made.
pub fn completed(language: Language) -> &'static str {
    language.choose("Cotización completada", "Quotation completed")
}

/// Progress of a quotation that failed.
pub fn failed(language: Language) -> &'static str {
    language.choose("La cotización no se completó", "The quotation was not completed")
}

/// Progress of a quotation whose Odoo's credentials left with the process that accepted it.
pub fn waits_for_tenant(language: Language) -> &'static str {
    match language {
        Es => {
            "En espera de su Odoo: el servicio se reinició y no guarda las credenciales que llegan en encabezados; continúa \
             con la próxima llamada que las traiga"
        }
        En => {
            "Waiting for its Odoo: the service was restarted and keeps no credentials that come in headers; it goes on with \
             the next call that brings them"
        }
    }
}

/// Progress of a quotation that was left unfinished, while nothing may be changed.
pub fn read_only(language: Language) -> &'static str {
    language.choose(
        "En espera: el servicio está en modo de solo lectura (MCP_MODE=readonly)",
        "Waiting: the service changes nothing now (MCP_MODE=readonly)",
    )
}

/// Progress of a quotation that this process leaves alone.
pub fn other_odoo(language: Language) -> &'static str {
    match language {
        Es => {
            "En espera de otro Odoo: se aceptó cuando el servicio trabajaba con otra dirección o base de datos (ODOO_URL, \
             ODOO_DB) y continúa cuando vuelva a trabajar con ella"
        }
        En => {
            "Waiting for another Odoo: it was accepted when the service worked with another address or database (ODOO_URL, \
             ODOO_DB) and goes on when it does so again"
        }
    }
}

/// Said when the same request comes once more without a key.
pub fn repeated(language: Language) -> &'static str {
    match language {
        Es => {
            "Es la misma solicitud de hace un momento: esta es aquella cotización, no se hizo otra; para hacer otra igual \
             envíe una Idempotency-Key nueva"
        }
        En => {
            "This is the same request as a moment ago: this is its quotation, no second one was made; for another one like \
             it send a new Idempotency-Key"
        }
    }
}

/// A defect of this service.
pub fn internal(id: &TrackingId, language: Language) -> String {
    let repeat = repeat(id, language);
    match language {
        Es => format!("Error interno del servicio, avise al administrador; {repeat}."),
        En => format!("The service has a defect, tell its administrator; {repeat}."),
    }
}

pub(super) fn repeat(id: &TrackingId, language: Language) -> String {
    match language {
        Es => format!(
            "repita la solicitud con la misma Idempotency-Key (no se duplicará nada) o, si no envió ninguna, busque {id} en \
             el campo Origen de las cotizaciones de Odoo antes de repetirla"
        ),
        En => format!(
            "repeat the request with the same Idempotency-Key (nothing is made twice) or, if you sent none, look for {id} in \
             the Source Document of Odoo's quotations before you repeat it"
        ),
    }
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Looks for what an earlier try left.
    Recall,
    /// Reads partner, salesperson and products.
    Check,
    /// Makes the partner.
    Partner,
    /// Makes the opportunity with its order and lines.
    Lead,
    /// Makes an order that is missing.
    Order,
    /// Reads back what is in Odoo.
    ReadBack,
}

impl Step {
    /// How many round trips are done when it begins.
    pub fn number(self) -> u32 {
        match self {
            Self::Recall | Self::Check => 0,
            Self::Partner => 1,
            Self::Lead | Self::Order => 2,
            Self::ReadBack => 3,
        }
    }

    /// For people.
    pub fn text(self, language: Language) -> &'static str {
        match (language, self) {
            (Es, Self::Recall) => "Comprobando lo que ya existe en Odoo...",
            (En, Self::Recall) => "Looking for what is in Odoo already...",
            (Es, Self::Check) => "Validando cliente, vendedor y productos...",
            (En, Self::Check) => "Checking customer, salesperson and products...",
            (Es, Self::Partner) => "Creando cliente...",
            (En, Self::Partner) => "Creating customer...",
            (Es, Self::Lead) => "Creando lead...",
            (En, Self::Lead) => "Creating lead...",
            (Es, Self::Order) => "Creando cotización...",
            (En, Self::Order) => "Creating quotation...",
            (Es, Self::ReadBack) => "Leyendo la cotización...",
            (En, Self::ReadBack) => "Reading the quotation...",
        }
    }
}

/// Why a quotation waits, and for how long.
pub fn waiting(error: &QuotationError, pause: Duration, language: Language) -> String {
    let (cause, seconds) = (cause(error, language), pause.as_secs().max(1));
    match language {
        Es => format!("{cause}; se reintenta en {seconds} s..."),
        En => format!("{cause}; tried again in {seconds} s..."),
    }
}

/// How long a quotation should take, in seconds.
pub fn estimated(least: u64, most: u64, language: Language) -> String {
    match language {
        Es => format!("{least}-{most} segundos"),
        En => format!("{least}-{most} seconds"),
    }
}

/// A note on the opportunity of a customer whom Odoo knows under another number.
pub fn phone_given(phone: &str, language: Language) -> String {
    format!("{}: {phone}", language.choose("Teléfono indicado en la solicitud", "Phone given in the request"))
}

/// Said beside a quotation that is made, when it could not be read.
pub fn not_read(lead: i64, language: Language) -> String {
    match language {
        Es => format!(
            "La cotización está en Odoo, en la oportunidad {lead}, pero no se pudo leer: no se conocen su número, líneas ni \
             total"
        ),
        En => format!(
            "The quotation is in Odoo, in opportunity {lead}, but could not be read: its number, lines and total are not \
             known"
        ),
    }
}

/// Said when a line stands otherwise than it was asked for.
pub fn changed(product: &str, what: Changed, asked: f64, stands: f64, language: Language) -> String {
    let what = what.text(language);
    match language {
        Es => format!("{what} de {product}: se pidió {asked} y en Odoo quedó {stands}"),
        En => format!("{what} of {product}: {asked} was asked for and Odoo has {stands}"),
    }
}

/// A number of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Quantity.
    Quantity,
    /// Unit price.
    Price,
}

impl Changed {
    pub(super) fn text(self, language: Language) -> &'static str {
        match (language, self) {
            (Es, Self::Quantity) => "La cantidad",
            (En, Self::Quantity) => "The quantity",
            (Es, Self::Price) => "El precio",
            (En, Self::Price) => "The price",
        }
    }
}
