//! Odoo's exceptions and how each protocol tells of them.

use serde_json::{Map, Value, json};

use crate::Version;
use crate::schema::{Field, Model};

/// The Python exception a call ended in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// `ValueError`
    Value,
    /// `TypeError`
    Type,
    /// `AttributeError`
    Attribute,
    /// `IndexError`
    Index,
    /// `KeyError`
    Key,
    /// `AssertionError`
    Assertion,
    /// `psycopg2`: text where a number belongs
    InvalidText,
    /// `psycopg2`: a negative limit
    InvalidLimit,
    /// `UserError`
    User,
    /// `ValidationError`
    Validation,
    /// `MissingError`
    Missing,
    /// `AccessError`
    Access,
    /// `AccessDenied`
    AccessDenied,
    /// `SessionExpiredException`
    SessionExpired,
    /// `psycopg2.OperationalError`: no such database
    Operational,
    /// werkzeug's 400
    BadRequest,
    /// werkzeug's 401
    Unauthorized,
    /// werkzeug's 404
    NotFound,
    /// werkzeug's 422
    Unprocessable,
}

/// What `load` says of a violated NOT NULL constraint.
#[derive(Clone, Debug)]
pub(crate) struct MissingValue {
    pub model: String,
    pub field: String,
    pub message: String,
}

impl MissingValue {
    /// The same of a record below the one loaded: no path, and in 19.0 the words of the root's field of that name.
    pub fn below(&self, version: Version, root: &Model) -> String {
        let field = &self.field;
        match version {
            Version::V16 => format!("Missing required value for the field '{field}'"),
            Version::V18 => {
                let table = self.model.replace('.', "_");
                format!("Missing required value for the field '{field}' on a linked model [{table}]")
            }
            Version::V19 => {
                let label = root.field(field).map_or(field.as_str(), |field| field.label.as_ref());
                format!(
                    "Missing required value for the field '{label}' ({field}).\nModel: Unknown\n- create/update: a \
                     mandatory field is not set\n- delete: another model requires the record being deleted, you can \
                     archive it instead"
                )
            }
        }
    }
}

/// A failed call: the exception's class and its text.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The class of the exception.
    pub exception: Exception,
    /// Its text, as a user sees it.
    pub message: String,
    pub(crate) missing_value: Option<Box<MissingValue>>,
}

impl Error {
    pub(crate) fn new(exception: Exception, message: impl Into<String>) -> Self {
        Self { exception, message: message.into(), missing_value: None }
    }

    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self::new(Exception::Value, message)
    }

    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self::new(Exception::User, message)
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(Exception::Validation, message)
    }

    pub(crate) fn access_denied() -> Self {
        Self::new(Exception::AccessDenied, "Access Denied")
    }

    pub(crate) fn missing_record(model: &str, id: i64, uid: i64) -> Self {
        let message =
            format!("Record does not exist or has been deleted.\n(Record: {model}({id},), User: {uid})");
        Self::new(Exception::Missing, message)
    }

    /// A record that another one needs, or a value that does not exist: PostgreSQL does not tell them apart.
    pub(crate) fn foreign_key(version: Version, model: &Model, field: &Field) -> Self {
        Self::validation(match version {
            Version::V16 | Version::V18 => format!(
                "The operation cannot be completed: another model requires the record being deleted. If possible, \
                 archive it instead.\n\nModel: {} ({})\nConstraint: {}_{}_fkey",
                model.title,
                model.name,
                model.name.replace('.', "_"),
                field.name
            ),
            Version::V19 => format!(
                "The operation cannot be completed: Another model is using the record you are trying to delete.\n\n\
                 The troublemaker is: '{}' ({})\nThanks to the following constraint: '{}' ({})\nHow about archiving \
                 the record instead?",
                model.title, model.name, field.label, field.name
            ),
        })
    }

    pub(crate) fn invalid_field(version: Version, model: &str, field: &str) -> Self {
        Self::value(match version {
            Version::V16 | Version::V18 => format!("Invalid field '{field}' on model '{model}'"),
            Version::V19 => format!("Invalid field '{field}' in '{model}'"),
        })
    }

    /// A required field without a value.
    pub(crate) fn missing_value(
        version: Version,
        (model, title): (&str, &str),
        (field, label): (&str, &str),
    ) -> Self {
        let short = format!("Missing required value for the field '{label}' ({field})");
        let (message, in_load) = match version {
            Version::V16 | Version::V18 => (
                format!(
                    "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n- \
                     Delete: another model requires the record being deleted. If possible, archive it \
                     instead.\n\nModel: {title} ({model})\nField: {label} ({field})"
                ),
                short,
            ),
            Version::V19 => {
                let long = format!(
                    "{short}.\nModel: '{title}' ({model})\n- create/update: a mandatory field is not \
                     set\n- delete: another model requires the record being deleted, you can archive it \
                     instead"
                );
                (format!("The operation cannot be completed: {long}"), long)
            }
        };
        let missing_value =
            MissingValue { model: model.to_owned(), field: field.to_owned(), message: in_load };
        Self { missing_value: Some(Box::new(missing_value)), ..Self::validation(message) }
    }

    /// The class as `error.data.name` has it.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self.exception {
            Exception::Value => "builtins.ValueError",
            Exception::Type => "builtins.TypeError",
            Exception::Attribute => "builtins.AttributeError",
            Exception::Index => "builtins.IndexError",
            Exception::Key => "builtins.KeyError",
            Exception::Assertion => "builtins.AssertionError",
            Exception::InvalidText => "psycopg2.errors.InvalidTextRepresentation",
            Exception::InvalidLimit => "psycopg2.errors.InvalidRowCountInLimitClause",
            Exception::User => "odoo.exceptions.UserError",
            Exception::Validation => "odoo.exceptions.ValidationError",
            Exception::Missing => "odoo.exceptions.MissingError",
            Exception::Access => "odoo.exceptions.AccessError",
            Exception::AccessDenied => "odoo.exceptions.AccessDenied",
            Exception::SessionExpired => "odoo.http.SessionExpiredException",
            Exception::Operational => "psycopg2.OperationalError",
            Exception::BadRequest => "werkzeug.exceptions.BadRequest",
            Exception::Unauthorized => "werkzeug.exceptions.Unauthorized",
            Exception::NotFound => "werkzeug.exceptions.NotFound",
            Exception::Unprocessable => "werkzeug.exceptions.UnprocessableEntity",
        }
    }

    /// XML-RPC's fault code.
    pub(crate) fn fault_code(&self) -> i32 {
        match self.exception {
            Exception::User | Exception::Validation | Exception::Missing => 2,
            Exception::AccessDenied => 3,
            Exception::Access => 4,
            _ => 1,
        }
    }

    /// XML-RPC's fault text: the message alone, or a traceback for what Odoo did not foresee.
    pub(crate) fn fault_string(&self) -> String {
        if self.fault_code() == 1 { self.traceback() } else { self.message.clone() }
    }

    /// JSON-2's HTTP status.
    pub(crate) fn http_status(&self) -> u16 {
        match self.exception {
            Exception::BadRequest => 400,
            Exception::Unauthorized => 401,
            Exception::Access | Exception::AccessDenied | Exception::SessionExpired => 403,
            Exception::Missing | Exception::NotFound => 404,
            Exception::User | Exception::Validation | Exception::Unprocessable => 422,
            _ => 500,
        }
    }

    /// The object both JSON protocols carry: `{name, message, arguments, context, debug}`.
    pub(crate) fn data(&self) -> Map<String, Value> {
        let mut arguments = vec![json!(self.message)];
        if self.class().starts_with("werkzeug.") {
            arguments.push(json!(self.http_status()));
        }
        let mut data = Map::new();
        data.insert("name".into(), json!(self.class()));
        data.insert("message".into(), json!(self.message));
        data.insert("arguments".into(), Value::Array(arguments));
        data.insert("context".into(), json!({}));
        data.insert("debug".into(), json!(self.traceback()));
        data
    }

    fn traceback(&self) -> String {
        let class = self.class().trim_start_matches("builtins.");
        let status = match self.exception {
            Exception::Unauthorized => "401 Unauthorized: ",
            Exception::NotFound => "404 Not Found: ",
            Exception::Unprocessable => "422 Unprocessable Entity: ",
            _ => "",
        };
        let text = match self.exception {
            Exception::Key => format!("'{}'", self.message),
            _ => self.message.clone(),
        };
        format!(
            "Traceback (most recent call last):\n  File \"odoo/http.py\", line 1, in \
             _transactioning\n{class}: {status}{text}\n"
        )
    }
}
