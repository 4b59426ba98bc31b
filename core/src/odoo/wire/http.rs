//! Answers that are not the protocol's own: what their HTTP status says.

use super::Answer;
use crate::odoo::OdooError;

/// Whether the answer says that this endpoint is closed: another protocol may still be open.
pub fn is_closed(answer: &Answer) -> bool {
    matches!(answer.status, 403 | 404 | 405 | 410 | 501) || (answer.status == 200 && is_html(answer))
}

/// The error in an answer that the protocol itself cannot explain.
pub fn unexplained(answer: &Answer) -> OdooError {
    let status = answer.status;
    let said = format!("HTTP {status}");
    match status {
        300..=399 => OdooError::Unreachable(redirect(answer)),
        401 | 407 => OdooError::AccessDenied(said),
        403 => OdooError::AccessError(format!("the server or a proxy forbids this endpoint ({said})")),
        404 | 405 | 410 | 501 => {
            OdooError::Unknown(format!("this endpoint is not there, or the database is not ({said})"))
        }
        400 | 411..=415 | 422 | 431 => {
            OdooError::Validation(format!("the server refuses the request ({said})"))
        }
        429 | 503 => OdooError::Overloaded(said),
        408 => OdooError::Gateway(status),
        500..=599 => OdooError::Gateway(status),
        _ if is_html(answer) => OdooError::malformed(format!("a web page ({said})")),
        _ => OdooError::malformed(said),
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
