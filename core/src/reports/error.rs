//! Why there is no report, with what to do about it.

use super::LARGEST_MIB;
use crate::access::models::Closed;
use crate::erp::ErpError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Nothing is called so.
    #[error("Odoo has no report \"{name}\"{}", listed(.near))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What may be meant.
        near: Vec<String>,
    },
    /// The rules of the access file do not let anybody read it.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// It would show what is hidden.
    #[error(
        "reports of {model} are closed here: the access file hides fields of {hiding}, and a report may show them. Read \
         the records instead"
    )]
    Hidden {
        /// Of the report.
        model: String,
        /// Of the hidden fields.
        hiding: String,
    },
    /// Some of the records are not there.
    #[error("there is no record {} of {model} that this service may read", numbers(.ids))]
    NotFound {
        /// Of the report.
        model: String,
        /// Which.
        ids: Vec<i64>,
    },
    /// It is not to be had with the secret that this service has.
    #[error(
        "Odoo gives {report_name} {}to who has a password, and this service has an API key: {}",
        if *.one_at_a_time { "of several records only " } else { "only " },
        if *.one_at_a_time { "ask for one record at a time" } else { "tell the user to open it in Odoo" }
    )]
    NoWay {
        /// Which report.
        report_name: String,
        /// It is to be had for each record by itself.
        one_at_a_time: bool,
    },
    /// The way to it that there is leaves something in Odoo.
    #[error(
        "this service is set up to change nothing (MCP_MODE=readonly), and with an API key a report comes by a link whose \
         key Odoo keeps in the record: tell the user to open it in Odoo"
    )]
    ReadOnly,
    /// It is too large for an answer.
    #[error(
        "the report has {} MiB, and {LARGEST_MIB} are sent at most: ask for fewer records, or tell the user to open it in Odoo",
        .bytes.div_ceil(1 << 20)
    )]
    TooLarge {
        /// How large.
        bytes: usize,
    },
    /// Odoo failed or refused.
    #[error(transparent)]
    Odoo(#[from] ErpError),
}

impl ReportError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "report_not_found",
            Self::ReadOnly => "read_only",
            Self::Closed(_) => "model_closed",
            Self::Hidden { .. } => "fields_hidden",
            Self::NotFound { .. } => "not_found",
            Self::NoWay { .. } => "report_needs_password",
            Self::TooLarge { .. } => "report_too_large",
            Self::Odoo(error) => error.code(),
        }
    }
}

fn listed(near: &[String]) -> String {
    match near.is_empty() {
        true => " that this service may read: check the name".to_owned(),
        false => format!(": there is {}", near.join(", ")),
    }
}

fn numbers(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
