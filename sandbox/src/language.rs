//! The languages the sandbox speaks: PostgreSQL in that of its server, Odoo in that of the context or the user.

/// A language; the default is English.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// `en_US`
    #[default]
    English,
    /// `es_ES`
    Spanish,
}

impl Language {
    /// Its code in Odoo.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en_US",
            Self::Spanish => "es_ES",
        }
    }

    pub(crate) fn of_code(code: &str) -> Option<Self> {
        [Self::English, Self::Spanish].into_iter().find(|language| language.code() == code)
    }

    /// What PostgreSQL tells the loser of a race.
    pub(crate) fn conflict(self) -> &'static str {
        match self {
            Self::English => "could not serialize access due to concurrent update\n",
            Self::Spanish => "no se pudo serializar el acceso debido a un update concurrente\n",
        }
    }

    /// What PostgreSQL tells whoever asks for a database that is not there.
    pub(crate) fn unknown_database(self, name: &str) -> String {
        match self {
            Self::English => format!(
                "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  database \"{name}\" does not exist"
            ),
            Self::Spanish => format!(
                "la conexión al servidor en «127.0.0.1», puerto 5432 falló: FATAL:  no existe la base de datos \
                 «{name}»"
            ),
        }
    }

    /// Odoo's words in this language; what Odoo does not translate stays English.
    pub(crate) fn says(self, text: &str) -> String {
        if self == Self::English {
            return text.to_owned();
        }
        let whole = |text: &str| SPANISH.iter().find_map(|(english, spanish)| filled(english, spanish, text));
        whole(text).unwrap_or_else(|| {
            let lines = text.split('\n').map(|line| whole(line).unwrap_or_else(|| line.to_owned()));
            lines.collect::<Vec<_>>().join("\n")
        })
    }
}

/// The translation of a text that follows the English template; `{}` stands for what is taken over.
fn filled(english: &str, spanish: &str, text: &str) -> Option<String> {
    let mut literals = english.split("{}");
    let mut rest = text.strip_prefix(literals.next()?)?;
    let mut answer = spanish.to_owned();
    let mut literals = literals.peekable();
    while let Some(literal) = literals.next() {
        let (value, after) = match literals.peek() {
            None => (rest.strip_suffix(literal)?, ""),
            Some(_) => rest.split_once(literal)?,
        };
        answer = answer.replacen("{}", &value.replace("{}", "{ }"), 1);
        rest = after;
    }
    rest.is_empty().then_some(answer)
}

const SPANISH: &[(&str, &str)] = &[
    (
        "No matching record found for database id '{}' in field '{}'",
        "No se han encontrado registros coincidentes para id de la base de datos '{}' en el campo '{}'",
    ),
    (
        "No matching record found for external id '{}' in field '{}'",
        "No se han encontrado registros coincidentes para id externo '{}' en el campo '{}'",
    ),
    (
        "No matching record found for name '{}' in field '{}'",
        "No se han encontrado registros coincidentes para nombre '{}' en el campo '{}'",
    ),
    ("Invalid database id '{}' for the field '{}'", "Id de base de datos no válido '{}' para el campo '{}'"),
    ("Unknown database identifier '{}'", "Identificador de base de datos desconocido '{}'"),
    ("Unknown value '{}' for boolean field '{}'", "Valor desconocido '{}' para el campo booleano '{}'"),
    (
        "'{}' does not seem to be an integer for field '{}'",
        "'{}' no parece ser un número entero para el campo '{}'",
    ),
    ("'{}' does not seem to be a number for field '{}'", "'{}' no parece ser un número para el campo '{}'"),
    (
        "'{}' does not seem to be a valid date for field '{}'",
        "'{}' no parece ser una fecha válida para el campo '{}'",
    ),
    (
        "'{}' does not seem to be a valid datetime for field '{}'",
        "'{}' no parece ser una fecha y hora válidas para el campo '{}'",
    ),
    (
        "Value '{}' not found in selection field '{}'",
        "El valor '{}' no se encuentra en el campo de selección '{}'",
    ),
    (
        "Missing required value for the field '{}' on a linked model [{}]",
        "Falta el valor requerido para el campo '{}' en un modelo vinculado [{}]",
    ),
    (
        "Missing required value for the field '{}' ({}).\nModel: {}\n- create/update: a mandatory field is not set\n- \
         delete: another model requires the record being deleted, you can archive it instead",
        "Falta el valor requerido para el campo '{}' ({}).\nModelo: {}\n- crear/actualizar: no se ha establecido un \
         campo obligatorio\n- eliminar: otro modelo requiere el registro que se está eliminando, puede archivarlo \
         en su lugar",
    ),
    ("Missing required value for the field '{}' ({})", "Falta el valor requerido para el campo '{}' ({})"),
    (
        "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n- Delete: another model \
         requires the record being deleted. If possible, archive it instead.\n\nModel: {}\nField: {}",
        "La operación no se puede completar:\n- Crear/actualizar: no se ha establecido un campo obligatorio.\n- \
         Eliminar: otro modelo requiere el registro que se está eliminando. Si es posible, archívelo en su \
         lugar.\n\nModelo: {}\nCampo: {}",
    ),
    (
        "The operation cannot be completed: Missing required value for the field '{}",
        "La operación no se puede completar: Falta el valor requerido para el campo '{}",
    ),
    (
        "The operation cannot be completed: another model requires the record being deleted. If possible, archive it \
         instead.\n\nModel: {}\nConstraint: {}",
        "La operación no se puede completar: otro modelo requiere el registro que se está eliminando. Si es posible, \
         archívelo en su lugar.\n\nModelo: {}\nRestricción: {}",
    ),
    (
        "The operation cannot be completed: Another model is using the record you are trying to delete.\n\nThe \
         troublemaker is: {}\nThanks to the following constraint: {}\nHow about archiving the record instead?",
        "La operación no se puede completar: otro modelo está utilizando el registro que intenta eliminar.\n\nEl \
         causante es: {}\nDebido a la siguiente restricción: {}\n¿Y si mejor archiva el registro?",
    ),
    (
        "The operation cannot be completed: Contacts require a name",
        "La operación no se puede completar: Los contactos requieren un nombre",
    ),
    (
        "For external id {} when trying to create/update a record of model {} found record of different model {} ({})",
        "Para el id externo {} al intentar crear o actualizar un registro del modelo {} se encontró un registro del \
         modelo diferente {} ({})",
    ),
    (
        "Cannot update a record without specifying its id or xml_id",
        "No se puede actualizar un registro sin especificar su id o xml_id",
    ),
    ("Unknown error during import: {}: {}", "Error desconocido durante la importación: {}: {}"),
    // The second line of this one is not translated.
    ("Record does not exist or has been deleted.", "El registro no existe o ha sido eliminado."),
    (
        "You are not allowed to access '{}' ({}) records.",
        "No tiene permiso para acceder a los registros '{}' ({}).",
    ),
    ("You are not allowed to create '{}' ({}) records.", "No tiene permiso para crear registros '{}' ({})."),
    (
        "You are not allowed to modify '{}' ({}) records.",
        "No tiene permiso para modificar los registros '{}' ({}).",
    ),
    (
        "You are not allowed to delete '{}' ({}) records.",
        "No tiene permiso para eliminar los registros '{}' ({}).",
    ),
    (
        "This operation is allowed for the following groups:",
        "Esta operación está permitida para los siguientes grupos:",
    ),
    (
        "Contact your administrator to request access if necessary.",
        "Póngase en contacto con su administrador para solicitar acceso si es necesario.",
    ),
    (
        "Uh-oh! Looks like you have stumbled upon some top-secret records.",
        "¡Oh, no! Parece que se ha topado con algunos registros ultrasecretos.",
    ),
    ("Sorry, {} (id={}) doesn't have '{}' access to:", "Lo sentimos, {} (id={}) no tiene acceso de '{}' a:"),
    (
        "If you really, really need access, perhaps you can win over your friendly administrator with a batch of \
         freshly baked cookies.",
        "Si de verdad necesita acceso, quizá pueda ganarse a su administrador con unas galletas recién horneadas.",
    ),
    (
        "Private methods (such as {}) cannot be called remotely.",
        "Los métodos privados (como {}) no se pueden llamar de forma remota.",
    ),
    ("Access to unauthorized or invalid companies.", "Acceso a empresas no autorizadas o no válidas."),
    ("Incompatible companies on records:", "Empresas incompatibles en los registros:"),
    (
        "- “{}” belongs to company “{}” and “{}” ({}: {}) belongs to another company.",
        "- “{}” pertenece a la empresa “{}” y “{}” ({}: {}) pertenece a otra empresa.",
    ),
    ("Invalid language code: {}", "Código de idioma no válido: {}"),
    (
        "Some orders are not in a state requiring confirmation.",
        "Algunos pedidos no están en un estado que requiera confirmación.",
    ),
    (
        "You can not delete a sent quotation or a confirmed sales order. You must first cancel it.",
        "No puede eliminar un presupuesto enviado o un pedido de venta confirmado. Primero debe cancelarlo.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_take_over_what_they_speak_of() {
        let spanish = Language::Spanish;
        assert_eq!(
            spanish.says("No matching record found for database id '99999' in field 'Salesperson'"),
            "No se han encontrado registros coincidentes para id de la base de datos '99999' en el campo 'Salesperson'"
        );
        assert_eq!(
            spanish.says("Record does not exist or has been deleted.\n(Record: res.partner(9,), User: 2)"),
            "El registro no existe o ha sido eliminado.\n(Record: res.partner(9,), User: 2)"
        );
        assert_eq!(spanish.says("Invalid field 'x' on model 'y'"), "Invalid field 'x' on model 'y'");
        let english = "Access to unauthorized or invalid companies.";
        assert_eq!(Language::English.says(english), english);
    }

    #[test]
    fn every_template_has_the_same_holes_in_both_languages() {
        for (english, spanish) in SPANISH {
            assert_eq!(english.matches("{}").count(), spanish.matches("{}").count(), "{english}");
        }
    }
}
