//! Why a quotation was not made, in words that a person can act on, in the language that it was asked for in.

use super::error::{Ambiguous, QuotationError, Rounding};
use super::id::TrackingId;
use super::texts::repeat;
use crate::language::Language::{self, En, Es};
use crate::odoo::OdooError;

/// One sentence a person can act on.
pub fn failure(error: &QuotationError, outcome_unknown: bool, id: &TrackingId, language: Language) -> String {
    let cause = cause(error, language);
    if outcome_unknown {
        let unknown = match language {
            Es => "y no se sabe si la cotización se creó",
            En => "and nobody knows whether the quotation was made",
        };
        format!("{cause} {unknown}; {}.", repeat(id, language))
    } else if error.is_transient() {
        format!("{cause}; {}.", repeat(id, language))
    } else {
        format!("{cause}.")
    }
}

pub(crate) fn cause(error: &QuotationError, language: Language) -> String {
    match language {
        Es => spanish(error),
        En => english(error),
    }
}

fn spanish(error: &QuotationError) -> String {
    match error {
        QuotationError::ProductNotFound(ids) => {
            format!("No existe en Odoo (o está archivado) el producto {}; corrija product_id", list(ids))
        }
        QuotationError::ProductNotCalled(names) => format!(
            "Ningún producto activo de Odoo tiene la referencia o el nombre exacto {}; búsquelo o indique product_id",
            quoted(names)
        ),
        QuotationError::ProductAmbiguous(it) => {
            format!("El producto «{}» puede ser {}; indique su product_id", it.called, either(it, Es))
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
            what.text(Es)
        ),
        QuotationError::SalespersonNotFound(id) => {
            format!("El vendedor {id} no es un usuario interno activo de Odoo; corrija user_id o use 0")
        }
        QuotationError::SalespersonNotCalled(name) => format!(
            "Ningún usuario interno activo de Odoo tiene el nombre o correo «{name}»; corrija salesperson o indique \
             user_id"
        ),
        QuotationError::SalespersonAmbiguous(it) => {
            format!("El vendedor «{}» puede ser {}; indique su user_id", it.called, either(it, Es))
        }
        QuotationError::StudioValueNotFound(id) => {
            format!("El registro {id} no existe en Odoo; corrija x_studio_producto")
        }
        QuotationError::CompanyNotFound { wanted, companies } => format!(
            "El servicio no trabaja en Odoo para la empresa {wanted}, la de quien pide; trabaja para {}",
            listed(companies, " y ")
        ),
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
        QuotationError::Odoo(error) => odoo_cause(error, Es),
    }
}

fn english(error: &QuotationError) -> String {
    match error {
        QuotationError::ProductNotFound(ids) => {
            format!("Product {} does not exist in Odoo (or is archived); correct product_id", list(ids))
        }
        QuotationError::ProductNotCalled(names) => format!(
            "No active product in Odoo has the reference or the exact name {}; look it up or give product_id",
            quoted(names)
        ),
        QuotationError::ProductAmbiguous(it) => {
            format!("The product «{}» may be {}; give its product_id", it.called, either(it, En))
        }
        QuotationError::ProductNotSellable(ids) => {
            format!("Product {} may not be sold (sale_ok); choose another or allow it in Odoo", list(ids))
        }
        QuotationError::ProductOfOtherCompany(products) => {
            let named = |(id, company): &(i64, String)| format!("{id} (of {company})");
            let named: Vec<String> = products.iter().map(named).collect();
            format!("Product {} belongs to another company than the order; choose another", named.join(", "))
        }
        QuotationError::RoundsToZero(Rounding { product, what, value }) => format!(
            "{} {value} of product {product} becomes 0 with the decimals that Odoo keeps; ask for more",
            what.text(En)
        ),
        QuotationError::SalespersonNotFound(id) => {
            format!("Salesperson {id} is no active internal user of Odoo; correct user_id or use 0")
        }
        QuotationError::SalespersonNotCalled(name) => format!(
            "No active internal user of Odoo has the name or e-mail address «{name}»; correct salesperson or give user_id"
        ),
        QuotationError::SalespersonAmbiguous(it) => {
            format!("The salesperson «{}» may be {}; give the user_id", it.called, either(it, En))
        }
        QuotationError::StudioValueNotFound(id) => {
            format!("Record {id} does not exist in Odoo; correct x_studio_producto")
        }
        QuotationError::CompanyNotFound { wanted, companies } => format!(
            "This service does not work in Odoo for company {wanted}, which is that of who asks; it works for {}",
            listed(companies, " and ")
        ),
        QuotationError::NoSalesperson => {
            "There are no salespeople in Odoo: add members to a sales team or give user_id".to_owned()
        }
        QuotationError::OrderDeleted(lead) => format!(
            "The opportunity {lead} of this quotation is there, but somebody deleted its order in Odoo; to quote again \
             make another request with another Idempotency-Key"
        ),
        QuotationError::Unreadable(record) => format!(
            "The {record} of this quotation is there, but the service's user of Odoo may not read it: give it access to \
             all documents of sales"
        ),
        QuotationError::Odoo(error) => odoo_cause(error, En),
    }
}

fn odoo_cause(error: &OdooError, language: Language) -> String {
    let (es, en) = match error {
        OdooError::Unreachable(_) => ("No se pudo conectar con Odoo", "Odoo could not be reached"),
        OdooError::TimedOut(_) => ("Odoo no respondió a tiempo", "Odoo did not answer in time"),
        OdooError::ConnectionLost(_) => ("Se perdió la conexión con Odoo", "The connection to Odoo was lost"),
        OdooError::Busy => (
            "El servicio está ocupado con otras llamadas a Odoo",
            "The service is busy with other calls to Odoo",
        ),
        OdooError::Overloaded(_) => ("Odoo está sobrecargado", "Odoo is overloaded"),
        OdooError::Conflict(_) => {
            ("Odoo está ocupado con los mismos registros", "Odoo is busy with the same records")
        }
        OdooError::Malformed(_) => {
            ("Odoo dio una respuesta incomprensible", "Odoo gave an answer that makes no sense")
        }
        OdooError::AccessDenied(_) => (
            "Odoo rechazó el usuario o la clave del servicio; revise ODOO_LOGIN y ODOO_API_KEY (DEV_ODOO_*, si están)",
            "Odoo refused the service's user or key; check ODOO_LOGIN and ODOO_API_KEY (DEV_ODOO_*, if they are set)",
        ),
        OdooError::Gateway(status) => {
            return match language {
                Es => format!("El proxy de Odoo respondió HTTP {status}"),
                En => format!("Odoo's proxy answered HTTP {status}"),
            };
        }
        OdooError::TooLarge(mib) => {
            return match language {
                Es => format!("Odoo dio una respuesta de más de {mib} MiB"),
                En => format!("Odoo gave an answer of more than {mib} MiB"),
            };
        }
        OdooError::AccessError(said) => {
            return told(
                said,
                language,
                (
                    "El usuario de Odoo del servicio no tiene permiso",
                    "The service's user of Odoo may not do this",
                ),
            );
        }
        OdooError::Validation(said) | OdooError::Unexplained(said) => {
            return told(said, language, ("Odoo no aceptó los datos", "Odoo did not take the data"));
        }
        OdooError::MissingRecord(said) => {
            return told(said, language, ("Falta un registro en Odoo", "A record is missing in Odoo"));
        }
        OdooError::Unknown(said) => {
            return told(
                said,
                language,
                (
                    "Odoo no conoce un modelo, campo o base de datos",
                    "Odoo does not know a model, field or database",
                ),
            );
        }
        OdooError::Server(said) => return told(said, language, ("Odoo falló", "Odoo failed")),
    };
    language.choose(es, en).to_owned()
}

/// With Odoo's own words as part of the sentence.
fn told(said: &str, language: Language, (es, en): (&str, &str)) -> String {
    let words: Vec<&str> = said.split_whitespace().collect();
    format!("{}: {}", language.choose(es, en), words.join(" ").trim_end_matches('.'))
}

/// More than anybody reads through.
const LISTED: usize = 10;

fn either(ambiguous: &Ambiguous, language: Language) -> String {
    let listed = listed(&ambiguous.candidates, language.choose(" o ", " or "));
    match (ambiguous.candidates.len().saturating_sub(LISTED), language) {
        (0, _) => listed,
        (more, Es) => format!("{listed} o {more} más"),
        (more, En) => format!("{listed} or {more} more"),
    }
}

fn listed(records: &[(i64, String)], between: &str) -> String {
    let named = |(id, name): &(i64, String)| format!("{id} ({name})");
    records.iter().take(LISTED).map(named).collect::<Vec<_>>().join(between)
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().take(LISTED).map(|name| format!("«{name}»")).collect();
    quoted.join(", ")
}

fn list(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(", ")
}
