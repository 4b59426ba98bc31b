//! From an exception inside Odoo to the class of error: the one place all protocols share.
//!
//! The name of the Python class decides, which is English everywhere. Odoo's own words come in the user's language and
//! PostgreSQL's in its server's, so a text decides only where it is one that nobody translates, and says so there.

use crate::OdooError;

/// No sentence of Odoo needs more; a broken one may have megabytes.
const LONGEST_TEXT: usize = 500;

/// The class of an exception, by the name of its Python class (with or without its module) and its text.
pub(crate) fn exception(name: &str, text: &str) -> OdooError {
    let text = without_traceback(text);
    let class = name.rsplit('.').next().unwrap_or(name);
    match class {
        "SerializationFailure"
        | "TransactionRollbackError"
        | "DeadlockDetected"
        | "LockNotAvailable"
        | "ConcurrencyError"
        | "LockError" => OdooError::Conflict(first_line(text)),
        "UniqueViolation" | "IntegrityError" | "ValidationError" if is_external_id_taken(text) => {
            OdooError::Conflict(first_line(text))
        }
        "CannotConnectNow"
        | "TooManyConnections"
        | "QueryCanceled"
        | "ReadOnlySqlTransaction"
        | "DiskFull"
        | "OutOfMemory"
        | "PoolError" => OdooError::Overloaded(first_line(text)),
        // These say in the server's language what befell it: no connection made, or one cut in the middle of a commit.
        "OperationalError" | "InterfaceError" | "DatabaseError" | "AdminShutdown" | "CrashShutdown" => {
            OdooError::ConnectionLost(first_line(text))
        }
        "AccessDenied" | "Unauthorized" | "SessionExpiredException" => OdooError::AccessDenied(said(text)),
        "AccessError" | "Forbidden" => OdooError::AccessError(said(text)),
        "MissingError" => OdooError::MissingRecord(said(text)),
        "NotFound" | "KeyError" => OdooError::Unknown(said(text)),
        "TooManyRequests" | "ServiceUnavailable" => OdooError::Overloaded(said(text)),
        "UserError"
        | "ValidationError"
        | "RedirectWarning"
        | "Warning"
        | "BadRequest"
        | "UnprocessableEntity"
        | "TypeError"
        | "ValueError"
        | "AttributeError" => by_text(class, text),
        "IntegrityError"
        | "NotNullViolation"
        | "CheckViolation"
        | "ForeignKeyViolation"
        | "UniqueViolation"
        | "DataError"
        | "InvalidTextRepresentation"
        | "InvalidRowCountInLimitClause"
        | "NumericValueOutOfRange"
        | "InvalidDatetimeFormat"
        | "DatetimeFieldOverflow"
        | "StringDataRightTruncation" => OdooError::Validation(first_line(text)),
        _ => server(class, text),
    }
}

/// The class of an XML-RPC fault, which has a number in place of the exception's name.
pub(crate) fn xmlrpc_fault(code: i32, text: &str) -> OdooError {
    match code {
        2 if is_missing_record(text) => exception("MissingError", text),
        2 => exception("UserError", text),
        3 => exception("AccessDenied", text),
        4 => exception("AccessError", text),
        _ => match without_traceback(text).split_once(": ") {
            Some((name, message)) if is_class_name(name) => exception(name, message),
            _ if is_class_name(without_traceback(text)) => exception(without_traceback(text), ""),
            _ => OdooError::Server(first_line(without_traceback(text))),
        },
    }
}

/// Whether an XML-RPC fault only says that the call's answer cannot be written in XML: Python's words, said after the commit.
pub(crate) fn is_unwritable_answer(fault: &str) -> bool {
    let said = without_traceback(fault).strip_prefix("TypeError: cannot marshal ");
    said.is_some_and(|what| {
        what == "None unless allow_none is enabled"
            || (what.starts_with("<class ") && what.ends_with(" objects"))
    })
}

/// What Odoo said, as it is kept and shown: not without end, and without control characters, which a terminal obeys.
pub(crate) fn said(text: &str) -> String {
    let text = text.trim();
    let mut kept: String =
        text.chars().take(LONGEST_TEXT).map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST_TEXT).is_some() {
        kept.push('…');
    }
    kept
}

/// The first line that says anything.
pub(crate) fn first_line(text: &str) -> String {
    said(without_traceback(text).lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default())
}

/// Python's words and these of Odoo come in no other language. Whichever class they lead to, it is a refusal for good.
fn by_text(class: &str, text: &str) -> OdooError {
    const UNKNOWN: [&str; 4] =
        ["Invalid field ", "Invalid field name ", "unexpected keyword argument", "Unknown field "];
    let is_model = text.starts_with("Object ") && text.ends_with("doesn't exist");
    let is_method = class == "AttributeError" && text.contains("The method ");
    if is_model || is_method || UNKNOWN.iter().any(|part| text.contains(part)) {
        return OdooError::Unknown(said(text));
    }
    // What `Odoo::external_id` tells by whether there is one: it is not translated either.
    if text.starts_with("External ID not found in the system") {
        return OdooError::MissingRecord(said(text));
    }
    if let Some(records) = text.strip_prefix("Expected singleton: ") {
        return OdooError::Validation(singleton(records));
    }
    match class {
        "AttributeError" => server(class, text),
        "TypeError" if !text.contains("argument") => server(class, text),
        _ => OdooError::Validation(said(text)),
    }
}

/// `sale.order()` and `sale.order(1, 2)` of what should be one.
fn singleton(records: &str) -> String {
    let (model, ids) = records.split_once('(').unwrap_or((records, ""));
    let found = if ids.starts_with(')') { "none" } else { "several" };
    said(&format!("Odoo needs exactly one record of {model} here and got {found}: check the ids"))
}

fn server(class: &str, text: &str) -> OdooError {
    match first_line(text) {
        line if line.is_empty() => OdooError::Server(said(class)),
        line => OdooError::Server(said(&format!("{class}: {line}"))),
    }
}

/// Two imports of one external id at once: the loser finds the winner's when it tries again. The name of a constraint
/// is the same in every language.
fn is_external_id_taken(text: &str) -> bool {
    ["ir_model_data_module_name_uniq_index", "ir_model_data_name_module_uniq_index"]
        .iter()
        .any(|index| text.contains(index))
}

/// The text may be in the user's language; its second line, `(Record: res.partner(7,), User: 2)`, keeps its form.
fn is_missing_record(text: &str) -> bool {
    text.trim_end()
        .lines()
        .last()
        .is_some_and(|line| line.starts_with('(') && line.contains("), ") && line.ends_with(')'))
}

fn is_class_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
}

/// Only the exception of a text that ends in a traceback: what follows the indented frames.
fn without_traceback(text: &str) -> &str {
    const HEAD: &str = "Traceback (most recent call last):";
    let text = text.trim_start_matches("[traceback removed]").trim();
    let Some((_, after)) = text.rsplit_once(HEAD) else {
        return text;
    };
    let frames: usize = after
        .split_inclusive('\n')
        .take_while(|line| line.trim().is_empty() || line.starts_with([' ', '\t']))
        .map(str::len)
        .sum();
    match after.get(frames..).map(str::trim) {
        Some(exception) if !exception.is_empty() => exception,
        _ => "no message",
    }
}
