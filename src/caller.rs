//! Who a request over HTTP comes from.

use axum::http::{HeaderMap, HeaderValue, header};
use mcp_odoo_core::access::{Caller, Door};

/// Who calls, as far as the request tells. The service asks for no log-in yet; a proxy before it may.
pub fn caller(door: Door, headers: &HeaderMap) -> Caller {
    Caller::anonymous(door, headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes))
}
