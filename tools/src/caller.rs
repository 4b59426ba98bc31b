//! Who a request over HTTP comes from, and what they read.

use http::{HeaderMap, HeaderValue, header};
use mcp_odoo_core::access::{Caller, Door};
use mcp_odoo_core::language::Language;

/// Who calls, as far as the request tells. The service asks for no log-in yet; a proxy before it may.
pub fn caller(door: Door, headers: &HeaderMap) -> Caller {
    Caller::anonymous(door, headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes))
}

/// What they want to read, if they say so.
pub fn language(headers: &HeaderMap) -> Option<Language> {
    Language::from_accepted(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?)
}
