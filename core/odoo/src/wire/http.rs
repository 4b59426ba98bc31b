//! Answers that are not the protocol's own: what their HTTP status says.

use super::Answer;
use crate::OdooError;

/// Whether the answer says that this endpoint is closed: another protocol may still be open.
pub fn is_closed(answer: &Answer) -> bool {
    is_closing(answer.status) || (answer.status == 200 && is_html(answer))
}

/// Whether a status says so.
pub fn is_closing(status: u16) -> bool {
    matches!(status, 403 | 404 | 405 | 410 | 501)
}

/// The error in an answer that the protocol itself cannot explain. It is not Odoo's own: some server in front of it
/// gave it, before or after Odoo did the call, and may give another one later. (JSON-2's page for a database that is not
/// there cannot be told from a proxy's.)
pub fn unexplained(answer: &Answer) -> OdooError {
    match answer.status {
        // Standing order of that server, for every call: nothing got through.
        300..=399 => OdooError::Unreachable(redirect(answer)),
        status @ 400.. => OdooError::Gateway(status),
        status if is_html(answer) => OdooError::malformed(format!("a web page (HTTP {status})")),
        status => OdooError::malformed(format!("HTTP {status}")),
    }
}

fn redirect(answer: &Answer) -> String {
    let target = answer.location.as_deref().and_then(|location| url::Url::parse(location).ok());
    match target {
        Some(url) => format!("it redirects to {}, use that address", url.origin().ascii_serialization()),
        None => "it redirects to another page; the address or the database is wrong".to_owned(),
    }
}

fn is_html(answer: &Answer) -> bool {
    let start = answer.body.trim_ascii_start();
    answer.content_type.to_ascii_lowercase().contains("text/html")
        || [b"<!doctype html".as_slice(), b"<html"]
            .iter()
            .any(|tag| start.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag)))
}
