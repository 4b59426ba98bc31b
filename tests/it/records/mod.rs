//! Any record: found, read, summed up, made, changed and deleted, by the tools of any record.

mod acting;
mod attacks;
mod changing;
mod faults;
mod hidden;
mod jobs;
mod making;
mod money;
mod reading;
mod several;
mod spelled;
mod windows;
mod workplace;

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::Version;

/// Every way that the client speaks to Odoo.
pub const WAYS: [(Version, ProtocolChoice); 7] = [
    (Version::V16, ProtocolChoice::JsonRpc),
    (Version::V16, ProtocolChoice::XmlRpc),
    (Version::V18, ProtocolChoice::JsonRpc),
    (Version::V18, ProtocolChoice::XmlRpc),
    (Version::V19, ProtocolChoice::JsonRpc),
    (Version::V19, ProtocolChoice::XmlRpc),
    (Version::V19, ProtocolChoice::Json2),
];
