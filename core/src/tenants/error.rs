//! Why a request has no tenant.

use super::OpenError;

/// Why there is no tenant for a request.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// Nobody has that name.
    #[error("there is no tenant with this name: X-Tenant takes one of those in ACCESS_FILE")]
    Unknown,
    /// It has no folder or no client.
    #[error("this tenant cannot be served: {0}")]
    Open(#[source] OpenError),
    /// Too many are in memory, all of them busy.
    #[error("too many tenants are being served; repeat in a few seconds")]
    TooMany,
    /// The process is stopping.
    #[error("the service is restarting; repeat in a few seconds")]
    Stopping,
}

impl TenantError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "tenant_unknown",
            Self::Open(OpenError::Journal(error)) => error.code(),
            Self::Open(_) => "tenant_unusable",
            Self::TooMany => "too_many_tenants",
            Self::Stopping => "stopping",
        }
    }
}
