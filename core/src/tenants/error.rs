//! Why a request has no tenant.

use std::sync::Arc;

use super::headers::{API_KEY, LOGIN};
use super::{NotAllowed, OpenError};

/// Why there is no tenant for a request.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TenantError {
    /// Nobody has that name.
    #[error("there is no tenant with this name: X-Tenant takes one of those in ACCESS_FILE")]
    Unknown,
    /// It has no folder or no client.
    #[error("this tenant cannot be served: {0}")]
    Open(#[source] Arc<OpenError>),
    /// Too many are in memory, all of them busy.
    #[error("too many tenants are being served; repeat in a few seconds")]
    TooMany,
    /// Callers may not bring their own.
    #[error(
        "this service takes no Odoo by headers (TENANT_HEADERS): send the request without X-Odoo-* headers"
    )]
    HeadersOff,
    /// A header is not there.
    #[error("send the header {0}")]
    Missing(&'static str),
    /// The server may not be called.
    #[error("X-Odoo-URL {0}")]
    NotAllowed(NotAllowed),
    /// Odoo refuses the credentials.
    #[error("Odoo refused the log-in: check {API_KEY}, {LOGIN} and the database's name")]
    Refused,
    /// The same, of who did not say who they are.
    #[error(
        "Odoo refused the log-in: check {API_KEY} and the database's name; Odoo before 19 takes the header {LOGIN}, too"
    )]
    RefusedWithoutLogin,
    /// Nobody knows whether Odoo would.
    #[error("the Odoo of X-Odoo-URL does not answer ({0}), so nobody can say who calls; repeat later")]
    Unreachable(&'static str),
    /// Too many log-ins are being tried there.
    #[error("too many log-ins are being tried at the Odoo of X-Odoo-URL; repeat in a few seconds")]
    Busy,
    /// The process is stopping.
    #[error("the service is restarting; repeat in a few seconds")]
    Stopping,
}

impl TenantError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "tenant_unknown",
            Self::Open(error) => match &**error {
                OpenError::Journal(error) => error.code(),
                OpenError::Odoo(_) | OpenError::Twilio(_) => "tenant_unusable",
            },
            Self::TooMany => "too_many_tenants",
            Self::HeadersOff => "tenant_headers_off",
            Self::Missing(_) => "tenant_header_missing",
            Self::NotAllowed(NotAllowed::Form) => "tenant_url_invalid",
            Self::NotAllowed(_) => "tenant_host_not_allowed",
            Self::Refused | Self::RefusedWithoutLogin => "tenant_login_refused",
            Self::Unreachable(_) => "tenant_unreachable",
            Self::Busy => "tenant_busy",
            Self::Stopping => "stopping",
        }
    }
}
