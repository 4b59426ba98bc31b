//! Why a key opens nothing.

/// Why a key opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody has it.
    #[error(
        "this key is not known: send one that `mcp-odoo keys new` made, as Authorization: Bearer or X-API-Key"
    )]
    Unknown,
    /// It had an end.
    #[error("this key has expired: ask the administrator for a new one (mcp-odoo keys rotate)")]
    Expired,
    /// It was taken back.
    #[error("this key was revoked: ask the administrator for a new one")]
    Revoked,
    /// It does not work from there.
    #[error("this key may not be used from this address")]
    Address,
}

impl Denied {
    /// The stable name of the failure.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_key",
            Self::Expired => "key_expired",
            Self::Revoked => "key_revoked",
            Self::Address => "address_not_allowed",
        }
    }
}
