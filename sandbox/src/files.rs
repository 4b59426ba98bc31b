//! Attachments and pictures.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};

use crate::datum::Datum;
use crate::demo::uuid;
use crate::env::{Env, Operation};
use crate::error::Error;
use crate::matching::display_name;
use crate::schema::Model;
use crate::store::Database;

/// What nobody knows the kind of.
const UNKNOWN: &str = "application/octet-stream";

/// Sets what follows from the content; what a default's content is, Odoo does not look at.
pub(crate) fn describe(values: &mut Map<String, Value>, is_given: bool) {
    for follows in ["file_size", "checksum"] {
        values.remove(follows);
    }
    let content = values.get("datas").and_then(Value::as_str).and_then(decode);
    let name = values.get("name").and_then(Value::as_str).unwrap_or_default();
    if let Some(content) = content {
        let checksum: String = Sha1::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
        let kind = if is_given { mimetype(name, &content) } else { UNKNOWN };
        values.insert("file_size".to_owned(), json!(content.len()));
        values.insert("checksum".to_owned(), json!(checksum));
        values.entry("mimetype").or_insert(json!(kind));
    }
}

/// The bytes behind base64, which may be broken into lines.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64_STANDARD.decode(text).ok()
}

/// What a file is by its first bytes, else by its name.
pub(crate) fn mimetype(name: &str, content: &[u8]) -> &'static str {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"%PDF", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8", "image/jpeg"),
        (b"GIF8", "image/gif"),
    ];
    const ENDINGS: &[(&str, &str)] = &[
        ("csv", "text/csv"),
        ("html", "text/html"),
        ("json", "application/json"),
        ("svg", "image/svg+xml"),
        ("txt", "text/plain"),
        ("xml", "application/xml"),
        ("zip", "application/zip"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ];
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    let by_name = || ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind);
    let by_content = MAGIC.iter().find(|(magic, _)| content.starts_with(magic)).map(|(_, kind)| *kind);
    let text = || std::str::from_utf8(content).is_ok().then_some("text/plain");
    by_content.or_else(by_name).or_else(text).unwrap_or(UNKNOWN)
}

/// A size as people read it.
pub(crate) fn human_size(bytes: usize) -> String {
    #[allow(clippy::cast_precision_loss)]
    let mut size = bytes as f64;
    let mut units = ["bytes", "Kb", "Mb", "Gb"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for next in units {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    format!("{size:.2} {unit}")
}

/// The picture, whatever its size.
pub(crate) fn picture(db: &Database, model: &Model, id: i64) -> Datum {
    db.value(model, id, "image_1920").into_owned()
}

/// The picture, else the first letter of the name.
pub(crate) fn avatar(db: &Database, model: &Model, id: i64) -> Datum {
    let picture = picture(db, model, id);
    if !picture.is_empty() {
        return picture;
    }
    let letter = display_name(db, model, id).chars().find(|c| c.is_alphanumeric()).unwrap_or('?');
    let svg = format!(
        "<?xml version='1.0' encoding='UTF-8' ?><svg height='180' width='180' xmlns='http://www.w3.org/2000/svg'>\
         <rect fill='hsl(100, 47%, 45%)' height='180' width='180'/><text fill='#ffffff' font-size='96' \
         text-anchor='middle' x='90' y='125' font-family='sans-serif'>{}</text></svg>",
        letter.to_uppercase()
    );
    Datum::text(BASE64_STANDARD.encode(svg))
}

/// The name of the record a file hangs on.
pub(crate) fn document_name(db: &Database, model: &Model, id: i64) -> Datum {
    let of = db.value(model, id, "res_model");
    let other = of.as_str().and_then(|name| db.schema.get(name));
    match (other, db.value(model, id, "res_id").id()) {
        (Some(other), Some(target)) if db.exists(other.name, target) => {
            Datum::text(display_name(db, other, target))
        }
        _ => Datum::Empty,
    }
}

impl Env<'_> {
    /// `generate_access_token`: the tokens by which anybody may read the files.
    pub fn access_tokens(&mut self, model: &std::sync::Arc<Model>, ids: &[i64]) -> Result<Value, Error> {
        self.check_exist(model, ids)?;
        self.check_rights(model, Operation::Write)?;
        self.check_rule(model, ids, Operation::Write)?;
        let tokens = ids.iter().map(|id| self.access_token(model, *id));
        tokens.collect::<Result<Vec<_>, _>>().map(|tokens| json!(tokens))
    }

    /// The token of one record, made when there is none.
    pub fn access_token(&mut self, model: &std::sync::Arc<Model>, id: i64) -> Result<String, Error> {
        if let Some(token) = self.db.value(model, id, "access_token").as_str() {
            return Ok(token.to_owned());
        }
        let token = uuid();
        let values = Map::from_iter([("access_token".to_owned(), json!(token))]);
        self.as_system(|env| env.write(model, &[id], &values))?;
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_kinds_are_odoos() {
        assert_eq!(human_size(4), "4.00 bytes");
        assert_eq!(human_size(5_000_000), "4.77 Mb");
        assert_eq!(mimetype("a", b"hola"), "text/plain");
        assert_eq!(mimetype("a.txt", b"%PDF-1.7"), "application/pdf");
        assert_eq!(mimetype("a", &[0xff, 0x00]), "application/octet-stream");
    }
}
