//! What people read of a quotation's progress and failures.

use std::time::Duration;

use super::error::QuotationError;
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
    /// Makes the opportunity.
    Lead,
    /// Makes the order with its lines.
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
            Self::Lead => 2,
            Self::Order => 3,
            Self::ReadBack => 4,
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
        QuotationError::ProductNotSellable(ids) => {
            format!("El producto {} no se puede vender (sale_ok); elija otro o actívelo en Odoo", list(ids))
        }
        QuotationError::SalespersonNotFound(id) => {
            format!("El vendedor {id} no es un usuario interno activo de Odoo; corrija user_id o use 0")
        }
        QuotationError::StudioValueNotFound(id) => {
            format!("El registro {id} no existe en Odoo; corrija x_studio_producto")
        }
        QuotationError::NoSalesperson => {
            "No hay vendedores en Odoo: agregue miembros a un equipo de ventas o indique user_id".to_owned()
        }
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
        OdooError::Overloaded(_) => "Odoo está sobrecargado".to_owned(),
        OdooError::Conflict(_) => "Odoo está ocupado con los mismos registros".to_owned(),
        OdooError::Malformed(_) => "Odoo dio una respuesta incomprensible".to_owned(),
        OdooError::AccessDenied(_) => {
            "Odoo rechazó el usuario o la clave del servicio; revise ODOO_LOGIN y ODOO_API_KEY".to_owned()
        }
        OdooError::AccessError(said) => {
            format!("El usuario de Odoo del servicio no tiene permiso: {}", line(said))
        }
        OdooError::Validation(said) => format!("Odoo no aceptó los datos: {}", line(said)),
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

fn list(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(", ")
}
