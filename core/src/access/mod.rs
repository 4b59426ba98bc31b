//! Who calls, and what they may do.

mod caller;
mod config;
mod denied;
pub mod edit;
pub mod file;
pub mod key;
pub mod models;
pub mod oauth;
mod permission;
mod table;
mod tenant;
mod watched;

pub use self::caller::{Caller, Door, Workplace};
pub use self::config::AccessConfig;
pub use self::denied::Denied;
pub use self::permission::{Permission, Permissions, UnknownPermission};
pub use self::table::{Access, Also, Apply, Guest, Known};
pub use self::tenant::{TenantEntry, TwilioEntry};
