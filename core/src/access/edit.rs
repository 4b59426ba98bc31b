//! Changes of the access file that keep what people wrote around them.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use ipnet::IpNet;
use toml_edit::{Array, DocumentMut, Item, Table, TomlError, value};

use super::file::AccessFile;
use super::key::KeyHash;
use super::{Caller, Permission};

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file is not what it must be.
    #[error("the access file cannot be used: {0}")]
    Bad(String),
    /// There is somebody of this name.
    #[error("there is a caller {0} already: give it a new key with `mcp-odoo keys rotate {0}`")]
    Taken(String),
    /// There is nobody of this name.
    #[error("there is no caller {0}: `mcp-odoo keys list` shows who there is")]
    Unknown(String),
    /// A new key would not work either.
    #[error("{0} has expired: put `expires` in the access file off first, or take it out")]
    Expired(String),
    /// Who was revoked has no key that could be changed.
    #[error("{0} was revoked: take `revoked` out of the access file first, if that was a mistake")]
    Revoked(String),
}

/// Somebody new.
#[derive(Clone, Debug)]
pub struct NewCaller {
    /// Their name.
    pub name: String,
    /// What they may do.
    pub permissions: Vec<Permission>,
    /// The tenants that they choose from; empty for the one that the environment configures.
    pub tenants: Vec<String>,
    /// Where they may call from; empty for everywhere.
    pub ips: Vec<IpNet>,
    /// The first day on which their key does not work any more.
    pub expires: Option<NaiveDate>,
}

/// The file with somebody new.
///
/// # Errors
/// When it cannot be used, before or after.
pub fn add(file: &str, new: &NewCaller, key: KeyHash) -> Result<String, EditError> {
    let (mut document, _) = parse(file)?;
    let callers =
        document.entry("callers").or_insert_with(implicit).as_table_like_mut().ok_or_else(no_tables)?;
    if callers.contains_key(&new.name) {
        return Err(EditError::Taken(new.name.clone()));
    }
    let mut caller = Table::new();
    caller.insert("key", value(key.to_string()));
    caller.insert("permissions", list(new.permissions.iter().map(|permission| permission.name())));
    match new.tenants.as_slice() {
        [] => None,
        [one] => caller.insert("tenant", value(one)),
        several => caller.insert("tenants", list(several.iter().map(String::as_str))),
    };
    if !new.ips.is_empty() {
        caller.insert("ips", list(new.ips.iter().map(ToString::to_string)));
    }
    if let Some(day) = new.expires.and_then(|day| day.to_string().parse::<toml_edit::Datetime>().ok()) {
        caller.insert("expires", value(day));
    }
    callers.insert(&new.name, Item::Table(caller));
    checked(&document)
}

/// The file in which this caller has a new key; the one before works until then.
///
/// # Errors
/// When there is no such caller, or the file cannot be used.
pub fn rotate(file: &str, name: &str, key: KeyHash, until: DateTime<Utc>) -> Result<String, EditError> {
    let (mut document, known) = parse(file)?;
    let expires = known.callers.get(name).and_then(|caller| caller.expires);
    if expires.is_some_and(|expires| expires.is_past(Utc::now())) {
        return Err(EditError::Expired(name.to_owned()));
    }
    let caller = caller(&mut document, name)?;
    if caller.get("revoked").and_then(Item::as_bool) == Some(true) {
        return Err(EditError::Revoked(name.to_owned()));
    }
    if let Some(before) = caller.get("key").cloned() {
        caller.insert("previous_key", before);
        let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
        let until =
            until.parse::<toml_edit::Datetime>().map_err(|error| EditError::Bad(error.to_string()))?;
        caller.insert("previous_expires", value(until));
    }
    caller.insert("key", value(key.to_string()));
    checked(&document)
}

/// The file in which this caller's keys do not work any more. Their name stays: it is in the audit.
///
/// # Errors
/// When there is no such caller, or the file cannot be used.
pub fn revoke(file: &str, name: &str) -> Result<String, EditError> {
    let (mut document, _) = parse(file)?;
    let caller = caller(&mut document, name)?;
    caller.insert("revoked", value(true));
    caller.remove("previous_key");
    caller.remove("previous_expires");
    checked(&document)
}

/// The file with all that stands around it, and what it says.
fn parse(file: &str) -> Result<(DocumentMut, AccessFile), EditError> {
    let known = AccessFile::parse(file).map_err(EditError::Bad)?;
    let document = file.parse().map_err(|error: TomlError| EditError::Bad(error.message().to_owned()))?;
    Ok((document, known))
}

fn checked(document: &DocumentMut) -> Result<String, EditError> {
    let text = document.to_string();
    AccessFile::parse(&text).map_err(EditError::Bad)?;
    Ok(text)
}

fn caller<'a>(
    document: &'a mut DocumentMut,
    name: &str,
) -> Result<&'a mut dyn toml_edit::TableLike, EditError> {
    let unknown = || EditError::Unknown(name.to_owned());
    if name == Caller::ANONYMOUS {
        return Err(unknown());
    }
    let callers = document.get_mut("callers").and_then(Item::as_table_like_mut).ok_or_else(unknown)?;
    callers.get_mut(name).and_then(Item::as_table_like_mut).ok_or_else(unknown)
}

fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn no_tables() -> EditError {
    EditError::Bad("callers is no table".to_owned())
}

fn list<T: Into<toml_edit::Value>>(items: impl Iterator<Item = T>) -> Item {
    value(items.collect::<Array>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Who may call\n[callers.web] # the shop\nkey = \"sha256:0000000000000000000000000000000000000000000000000000000000000000\"\npermissions = ['quotations']\n";

    fn new(name: &str) -> NewCaller {
        NewCaller {
            name: name.to_owned(),
            permissions: vec![Permission::Read, Permission::Quotations],
            tenants: vec!["default".to_owned()],
            ips: vec!["10.0.0.0/8".parse().unwrap()],
            expires: NaiveDate::from_ymd_opt(2027, 1, 1),
        }
    }

    #[test]
    fn what_people_wrote_stays() {
        let added = add(FILE, &new("voice"), KeyHash::of("voice's")).unwrap();
        assert!(added.starts_with(FILE), "{added}");
        let voice = AccessFile::parse(&added).unwrap().callers["voice"].clone();
        assert_eq!((voice.key, voice.tenant.as_deref()), (Some(KeyHash::of("voice's")), Some("default")));
        assert_eq!(voice.permissions.to_string(), "quotations, read");
        let rotated = rotate(&added, "web", KeyHash::of("web's"), DateTime::UNIX_EPOCH).unwrap();
        assert!(rotated.starts_with("# Who may call\n[callers.web] # the shop\n"), "{rotated}");
        let web = AccessFile::parse(&rotated).unwrap().callers["web"].clone();
        assert_eq!(
            (web.key, web.previous_key),
            (
                Some(KeyHash::of("web's")),
                "sha256:0000000000000000000000000000000000000000000000000000000000000000".parse().ok()
            )
        );
        let revoked = revoke(&rotated, "web").unwrap();
        let web = AccessFile::parse(&revoked).unwrap().callers["web"].clone();
        assert!(web.revoked && web.previous_key.is_none(), "{revoked}");
        assert_eq!(
            rotate(&revoked, "web", KeyHash::of("x"), DateTime::UNIX_EPOCH),
            Err(EditError::Revoked("web".to_owned()))
        );
    }

    #[test]
    fn what_would_not_be_read_is_not_written() {
        assert_eq!(add(FILE, &new("web"), KeyHash::of("x")), Err(EditError::Taken("web".to_owned())));
        assert!(matches!(add(FILE, &new("Web Page"), KeyHash::of("x")), Err(EditError::Bad(_))));
        assert!(matches!(add("[callers", &new("voice"), KeyHash::of("x")), Err(EditError::Bad(_))));
        assert_eq!(revoke(FILE, "voice"), Err(EditError::Unknown("voice".to_owned())));
        assert!(add("", &new("first"), KeyHash::of("x")).unwrap().starts_with("[callers.first]"));
    }
}
