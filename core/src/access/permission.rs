//! What callers may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Make quotations, and see one's own.
    Quotations,
    /// Have salespeople told of customers, and see what became of it.
    Handoffs,
    /// Read records.
    Read,
    /// Create and change records.
    Write,
    /// Delete records.
    Delete,
    /// Call methods of models.
    Call,
    /// Audit, metrics, the console, everybody's quotations.
    Admin,
}

impl Permission {
    /// All there are.
    pub const ALL: [Self; 7] =
        [Self::Quotations, Self::Handoffs, Self::Read, Self::Write, Self::Delete, Self::Call, Self::Admin];

    /// Its name in the access file, in scopes and in errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quotations => "quotations",
            Self::Handoffs => "handoffs",
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Call => "call",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("permissions are quotations, handoffs, read, write, delete, call and admin")]
pub struct UnknownPermission;

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(name: &str) -> Result<Self, UnknownPermission> {
        Self::ALL.into_iter().find(|permission| permission.name() == name).ok_or(UnknownPermission)
    }
}

/// What one caller may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<Permission>")]
pub struct Permissions(u8);

impl Permissions {
    /// Everything.
    pub const ALL: Self = Self(u8::MAX);

    /// Whether this is among them.
    pub fn has(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
    }

    /// Those that are in both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.has(*permission))
    }
}

fn bit(permission: Permission) -> u8 {
    1 << permission as u8
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |all, permission| all | bit(permission)))
    }
}

impl From<Vec<Permission>> for Permissions {
    fn from(permissions: Vec<Permission>) -> Self {
        permissions.into_iter().collect()
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Permission::name).collect();
        f.write_str(if names.is_empty() { "nothing" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}
