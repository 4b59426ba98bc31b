//! The wire protocols as pure functions: a call to a request, an answer to a value or an error.

pub mod http;
pub mod json2;
pub mod jsonrpc;
pub mod xmlrpc;

mod xml_value;

/// Who is calling.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The database's name.
    pub database: &'a str,
    /// The password or API key.
    pub secret: &'a str,
}

/// A request to be posted. It carries the secret, so it is not `Debug`.
pub struct Request {
    /// The path below the server's address, without a leading slash.
    pub path: String,
    /// The `Content-Type` of the body.
    pub content_type: &'static str,
    /// Further headers; `Authorization` among them is secret.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer as it came over HTTP.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`, empty if there was none.
    pub content_type: String,
    /// Where a redirect leads to.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}
