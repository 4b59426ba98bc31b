//! From an exception inside Odoo to the class of error: the one place all protocols share.

use super::OdooError;

/// The class of an exception, by the name of its Python class (with or without its module) and its text.
pub(super) fn exception(name: &str, message: &str) -> OdooError {
    let message = without_traceback(message).to_owned();
    let class = name.rsplit('.').next().unwrap_or(name);
    if is_conflict(class, &message) {
        return OdooError::Conflict(first_line(&message));
    }
    if class == "OperationalError" && message.contains("database") && message.contains("does not exist") {
        return OdooError::Unknown(first_line(&message));
    }
    if let Some(error) = database(class, &message) {
        return error;
    }
    match class {
        "AccessDenied" | "Unauthorized" | "SessionExpiredException" => OdooError::AccessDenied(message),
        "AccessError" | "Forbidden" => OdooError::AccessError(message),
        "MissingError" => OdooError::MissingRecord(message),
        "NotFound" | "KeyError" => OdooError::Unknown(message),
        "TooManyRequests" | "ServiceUnavailable" => OdooError::Overloaded(message),
        "UserError"
        | "ValidationError"
        | "RedirectWarning"
        | "Warning"
        | "BadRequest"
        | "UnprocessableEntity"
        | "TypeError"
        | "ValueError"
        | "AttributeError" => by_message(class, message),
        "IntegrityError"
        | "NotNullViolation"
        | "CheckViolation"
        | "ForeignKeyViolation"
        | "UniqueViolation"
        | "DataError"
        | "InvalidTextRepresentation"
        | "NumericValueOutOfRange"
        | "InvalidDatetimeFormat"
        | "DatetimeFieldOverflow"
        | "StringDataRightTruncation" => OdooError::Validation(first_line(&message)),
        _ => server(class, &message),
    }
}

/// The class of an XML-RPC fault, which has a number in place of the exception's name.
pub(super) fn xmlrpc_fault(code: i32, text: &str) -> OdooError {
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

/// Joins the messages of a refused import into the error it is.
pub(super) fn import(messages: &str) -> OdooError {
    if is_conflict("", messages) {
        return OdooError::Conflict(first_line(messages));
    }
    database("", messages).unwrap_or_else(|| OdooError::Validation(without_traceback(messages).to_owned()))
}

/// The first line that says anything.
pub(super) fn first_line(text: &str) -> String {
    without_traceback(text)
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
        .to_owned()
}

fn by_message(class: &str, message: String) -> OdooError {
    const UNKNOWN: [&str; 4] =
        ["Invalid field ", "Invalid field name ", "unexpected keyword argument", "Unknown field "];
    let is_model = message.starts_with("Object ") && message.ends_with("doesn't exist");
    let is_method = class == "AttributeError" && message.contains("The method ");
    if is_model || is_method || UNKNOWN.iter().any(|part| message.contains(part)) {
        return OdooError::Unknown(message);
    }
    if message.starts_with("External ID not found in the system") {
        return OdooError::MissingRecord(message);
    }
    match class {
        "AttributeError" => server(class, &message),
        "TypeError" if !message.contains("argument") => server(class, &message),
        _ => OdooError::Validation(message.trim_end().to_owned()),
    }
}

fn server(class: &str, message: &str) -> OdooError {
    match first_line(message) {
        line if line.is_empty() => OdooError::Server(class.to_owned()),
        line => OdooError::Server(format!("{class}: {line}")),
    }
}

fn is_conflict(class: &str, message: &str) -> bool {
    const MESSAGES: [&str; 6] = [
        "could not serialize access",
        "deadlock detected",
        "could not obtain lock",
        "canceling statement due to lock timeout",
        // Two imports of one external id at once: the loser finds the winner's when it tries again.
        "ir_model_data_module_name_uniq_index",
        "ir_model_data_name_module_uniq_index",
    ];
    matches!(
        class,
        "SerializationFailure"
            | "TransactionRollbackError"
            | "DeadlockDetected"
            | "LockNotAvailable"
            | "ConcurrencyError"
            | "LockError"
    ) || MESSAGES.iter().any(|part| message.contains(part))
}

/// What befell Odoo's database, which passes. PostgreSQL and its client library always say it in these words.
fn database(class: &str, message: &str) -> Option<OdooError> {
    const NOTHING_DONE: [&str; 8] = [
        "too many connections",
        "remaining connection slots are reserved",
        "too many clients already",
        "could not connect to server",
        "could not translate host name",
        "the database system is ",
        "canceling statement due to ",
        "in a read-only transaction",
    ];
    const CUT: [&str; 4] = [
        "connection already closed",
        "cursor already closed",
        "server closed the connection unexpectedly",
        "terminating connection ",
    ];
    let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    let cannot_connect = message.contains("connection to server ") && message.contains(" failed: ");
    let pool_full = message.to_ascii_lowercase().contains("connection pool is full");
    let nothing_done = matches!(class, "CannotConnectNow" | "QueryCanceled" | "ReadOnlySqlTransaction")
        || says(&NOTHING_DONE)
        || cannot_connect
        || pool_full;
    // The commit itself may have been cut off: whether it happened is unknown.
    let cut = matches!(class, "AdminShutdown" | "CrashShutdown" | "OperationalError" | "InterfaceError")
        || says(&CUT);
    match (nothing_done, cut) {
        (true, _) => Some(OdooError::Overloaded(first_line(message))),
        (false, true) => Some(OdooError::ConnectionLost(first_line(message))),
        (false, false) => None,
    }
}

/// The text may be in the user's language; its second line, `(Record: res.partner(7,), User: 2)`, keeps its form.
fn is_missing_record(text: &str) -> bool {
    text.starts_with("Record does not exist or has been deleted")
        || text
            .trim_end()
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
