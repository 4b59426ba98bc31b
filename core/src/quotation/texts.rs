//! What people read of a quotation's progress and failures.

use std::time::Duration;

use super::error::{Ambiguous, QuotationError, Rounding};
use super::id::TrackingId;
use crate::odoo::OdooError;

/// Said when a quotation was accepted.
pub const ACCEPTED: &str = "Cotización en proceso...";
/// Progress of a quotation that is made.
pub const COMPLETED: &str = "Cotización completada";
/// Progress of a quotation that failed.
pub const FAILED: &str = "La cotización no se completó";
/// Progress of a quotation that this process leaves alone.
pub const OTHER_ODOO: &str = "En espera de otro Odoo: se aceptó cuando el servicio trabajaba con otra dirección o base de \
                              datos (ODOO_URL, ODOO_DB) y continúa cuando vuelva a trabajar con ella";
/// Said when the same request comes once more without a key.
pub const REPEATED: &str = "Es la misma solicitud de hace un momento: esta es aquella cotización, no se hizo otra; para hacer \
                            otra igual envíe una Idempotency-Key nueva";
/// A defect of this service.
pub fn internal(id: &TrackingId) -> String {
    format!("Error interno del servicio, avise al administrador; {}.", repeat(id))
}

fn repeat(id: &TrackingId) -> String {
    format!(
        "repita la solicitud con la misma Idempotency-Key (no se duplicará nada) o, si no envió ninguna, \
         busque {id} en el campo Origen de las cotizaciones de Odoo antes de repetirla"
    )
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
    pub fn text(self) -> &'static str {
        match self {
            Self::Recall => "Comprobando lo que ya existe en Odoo...",
            Self::Check => "Validando cliente, vendedor y productos...",
            Self::Partner => "Creando cliente...",
            Self::Lead => "Creando lead...",
            Self::Order => "Creando cotización...",
            Self::ReadBack => "Leyendo la cotización...",
        }
    }
}

/// Why a quotation waits, and for how long.
pub fn waiting(error: &QuotationError, pause: Duration) -> String {
    format!("{}; se reintenta en {} s...", cause(error), pause.as_secs().max(1))
}

/// One sentence a person can act on.
pub fn failure(error: &QuotationError, outcome_unknown: bool, id: &TrackingId) -> String {
    let cause = cause(error);
    if outcome_unknown {
        format!("{cause} y no se sabe si la cotización se creó; {}.", repeat(id))
    } else if error.is_transient() {
        format!("{cause}; {}.", repeat(id))
    } else {
        format!("{cause}.")
    }
}

fn cause(error: &QuotationError) -> String {
    match error {
        QuotationError::ProductNotFound(ids) => {
            format!("No existe en Odoo (o está archivado) el producto {}; corrija product_id", list(ids))
        }
        QuotationError::ProductNotCalled(names) => format!(
            "Ningún producto activo de Odoo tiene la referencia o el nombre exacto {}; búsquelo o indique product_id",
            quoted(names)
        ),
        QuotationError::ProductAmbiguous(it) => {
            format!("El producto «{}» puede ser {}; indique su product_id", it.called, either(it))
        }
        QuotationError::ProductNotSellable(ids) => {
            format!("El producto {} no se puede vender (sale_ok); elija otro o actívelo en Odoo", list(ids))
        }
        QuotationError::ProductOfOtherCompany(products) => {
            let named = |(id, company): &(i64, String)| format!("{id} (de {company})");
            let named: Vec<String> = products.iter().map(named).collect();
            format!("El producto {} es de otra empresa que la del pedido; elija otro", named.join(", "))
        }
        QuotationError::RoundsToZero(Rounding { product, what, value }) => format!(
            "{} {value} del producto {product} queda en 0 con los decimales que guarda Odoo; pida más",
            what.text()
        ),
        QuotationError::SalespersonNotFound(id) => {
            format!("El vendedor {id} no es un usuario interno activo de Odoo; corrija user_id o use 0")
        }
        QuotationError::SalespersonNotCalled(name) => format!(
            "Ningún usuario interno activo de Odoo tiene el nombre o correo «{name}»; corrija salesperson o indique \
             user_id"
        ),
        QuotationError::SalespersonAmbiguous(it) => {
            format!("El vendedor «{}» puede ser {}; indique su user_id", it.called, either(it))
        }
        QuotationError::StudioValueNotFound(id) => {
            format!("El registro {id} no existe en Odoo; corrija x_studio_producto")
        }
        QuotationError::NoSalesperson => {
            "No hay vendedores en Odoo: agregue miembros a un equipo de ventas o indique user_id".to_owned()
        }
        QuotationError::OrderDeleted(lead) => format!(
            "La oportunidad {lead} de esta cotización existe, pero alguien eliminó su pedido en Odoo; para cotizar de \
             nuevo haga otra solicitud con otra Idempotency-Key"
        ),
        QuotationError::Unreadable(record) => format!(
            "El registro {record} de esta cotización existe pero el usuario de Odoo del servicio no puede leerlo: \
             déle acceso a todos los documentos de ventas"
        ),
        QuotationError::Odoo(error) => odoo_cause(error),
    }
}

fn odoo_cause(error: &OdooError) -> String {
    match error {
        OdooError::Unreachable(_) => "No se pudo conectar con Odoo".to_owned(),
        OdooError::TimedOut(_) => "Odoo no respondió a tiempo".to_owned(),
        OdooError::Gateway(status) => format!("El proxy de Odoo respondió HTTP {status}"),
        OdooError::ConnectionLost(_) => "Se perdió la conexión con Odoo".to_owned(),
        OdooError::Busy => "El servicio está ocupado con otras llamadas a Odoo".to_owned(),
        OdooError::TooLarge(mib) => format!("Odoo dio una respuesta de más de {mib} MiB"),
        OdooError::Overloaded(_) => "Odoo está sobrecargado".to_owned(),
        OdooError::Conflict(_) => "Odoo está ocupado con los mismos registros".to_owned(),
        OdooError::Malformed(_) => "Odoo dio una respuesta incomprensible".to_owned(),
        OdooError::AccessDenied(_) => {
            "Odoo rechazó el usuario o la clave del servicio; revise ODOO_LOGIN y ODOO_API_KEY".to_owned()
        }
        OdooError::AccessError(said) => {
            format!("El usuario de Odoo del servicio no tiene permiso: {}", line(said))
        }
        OdooError::Validation(said) | OdooError::Unexplained(said) => {
            format!("Odoo no aceptó los datos: {}", line(said))
        }
        OdooError::MissingRecord(said) => format!("Falta un registro en Odoo: {}", line(said)),
        OdooError::Unknown(said) => {
            format!("Odoo no conoce un modelo, campo o base de datos: {}", line(said))
        }
        OdooError::Server(said) => format!("Odoo falló: {}", line(said)),
    }
}

/// Odoo's own words as part of a sentence.
fn line(said: &str) -> String {
    let words: Vec<&str> = said.split_whitespace().collect();
    words.join(" ").trim_end_matches('.').to_owned()
}

/// More than anybody reads through.
const LISTED: usize = 10;

fn either(ambiguous: &Ambiguous) -> String {
    let named = |(id, name): &(i64, String)| format!("{id} ({name})");
    let listed: Vec<String> = ambiguous.candidates.iter().take(LISTED).map(named).collect();
    match ambiguous.candidates.len().saturating_sub(LISTED) {
        0 => listed.join(" o "),
        more => format!("{} o {more} más", listed.join(" o ")),
    }
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().take(LISTED).map(|name| format!("«{name}»")).collect();
    quoted.join(", ")
}

fn list(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(", ")
}

/// A note on the opportunity of a customer whom Odoo knows under another number.
pub fn phone_given(phone: &str) -> String {
    format!("Teléfono indicado en la solicitud: {phone}")
}

/// Said beside a quotation that is made, when it could not be read.
pub fn not_read(lead: i64) -> String {
    format!(
        "La cotización está en Odoo, en la oportunidad {lead}, pero no se pudo leer: no se conocen su número, líneas \
         ni total"
    )
}

/// Said when a line stands otherwise than it was asked for.
pub fn changed(product: &str, what: Changed, asked: f64, stands: f64) -> String {
    format!("{} de {product}: se pidió {asked} y en Odoo quedó {stands}", what.text())
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
    fn text(self) -> &'static str {
        match self {
            Self::Quantity => "La cantidad",
            Self::Price => "El precio",
        }
    }
}
