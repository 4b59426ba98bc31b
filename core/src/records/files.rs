//! Files and pictures in the fields of records.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::View;
use super::error::RecordError;
use super::view::Seen;
use crate::access::models::Verb;

/// The largest file that is read.
const LARGEST: usize = 10 * 1024 * 1024;
/// Where an attachment says what it is.
const MIME_TYPE: &str = "mimetype";
/// What a text may begin with that is a picture.
const SVG_WITHIN: usize = 1024;
/// First bytes, and what begins so.
const BEGINNINGS: [(&[u8], &str); 8] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"{\\rtf", "application/rtf"),
];

/// A file as callers read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is.
    pub mime_type: String,
    /// What is in it, in Base64.
    pub base64: String,
}

/// Which file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRequest {
    /// `res.partner`
    pub model: String,
    /// Id
    pub record_id: i64,
    /// `image_1920`
    pub field: String,
}

impl View {
    /// What is in a field that holds a file.
    ///
    /// # Errors
    /// When the rules do not open the model, there is no such file, it is too large, or Odoo fails.
    pub async fn file(
        &self,
        FileRequest { model, record_id, field }: &FileRequest,
    ) -> Result<File, RecordError> {
        let seen = self.holding_file(model, field).await?;
        let says_what = seen.field(MIME_TYPE).is_some();
        let fields: Vec<&str> = [field.as_str()].into_iter().chain(says_what.then_some(MIME_TYPE)).collect();
        let read = self.records.odoo.read_one(model, *record_id, &fields).await;
        let record = read.map_err(|error| self.failed_on(model, error))?;
        let record = record.ok_or_else(|| self.not_found(&seen, &[*record_id]))?.into_map();
        let text = |name: &str| record.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let wrong = |message: String| RecordError::argument("field", message);
        let Some(written) = text(field) else {
            return Err(RecordError::NoFile { model: model.clone(), id: *record_id, field: field.clone() });
        };
        // Some versions break the lines.
        let base64: String = written.split_ascii_whitespace().collect();
        let too_large = || wrong(format!("is a file of more than {} MiB: open it in Odoo", LARGEST >> 20));
        if base64.len() / 4 * 3 > LARGEST + 3 {
            return Err(too_large());
        }
        let bytes =
            STANDARD.decode(&base64).map_err(|_| wrong("holds no file that can be read".to_owned()))?;
        if bytes.len() > LARGEST {
            return Err(too_large());
        }
        let mime_type = text(MIME_TYPE).filter(|told| told.contains('/')).unwrap_or_else(|| sniffed(&bytes));
        Ok(File { mime_type: mime_type.to_owned(), base64 })
    }
}

impl View {
    /// Whether a field holds files.
    ///
    /// # Errors
    /// When the rules do not open the model, it has no such field, or Odoo fails.
    pub async fn holds_file(&self, model: &str, field: &str) -> Result<(), RecordError> {
        self.holding_file(model, field).await.map(drop)
    }

    async fn holding_file(&self, model: &str, field: &str) -> Result<Seen, RecordError> {
        let seen = self.see_with(model, Verb::Read, &[field]).await?;
        holds_a_file(&seen, field)?;
        Ok(seen)
    }
}

fn holds_a_file(seen: &Seen, name: &str) -> Result<(), RecordError> {
    let message = match seen.field(name) {
        Some(field) if is_file(&field.kind) => return Ok(()),
        Some(_) => {
            let mut files: Vec<_> = seen.fields().filter(|(_, field)| is_file(&field.kind)).collect();
            files.sort_by_key(|(name, _)| *name);
            let files: Vec<_> = files.into_iter().map(|(name, _)| name.as_str()).collect();
            match files.is_empty() {
                true => format!("{name} holds no file, nor does another field of {}", seen.model),
                false => format!("{name} holds no file; these do: {}", files.join(", ")),
            }
        }
        None => seen.unknown(name),
    };
    Err(RecordError::argument("field", message))
}

/// Whether fields of this type hold files.
pub fn is_file(kind: &str) -> bool {
    matches!(kind, "binary" | "image")
}

/// What it is, by what it begins with.
fn sniffed(bytes: &[u8]) -> &'static str {
    if let Some((_, mime_type)) = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning)) {
        return mime_type;
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP".as_slice()) {
        return "image/webp";
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return "application/octet-stream" };
    let beginning: String = text.chars().take(SVG_WITHIN).collect();
    match beginning.trim_start() {
        text if text.starts_with("<svg") => "image/svg+xml",
        text if text.starts_with("<?xml") && text.contains("<svg") => "image/svg+xml",
        text if text.starts_with("<?xml") => "application/xml",
        text if text.contains('\0') => "application/octet-stream",
        _ => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use super::sniffed;

    #[test]
    fn what_a_file_is_follows_from_its_first_bytes() {
        for (bytes, mime_type) in [
            (b"\x89PNG\r\n\x1a\n....".as_slice(), "image/png"),
            (b"\xff\xd8\xff\xe0..", "image/jpeg"),
            (b"GIF89a", "image/gif"),
            (b"RIFF....WEBPVP8 ", "image/webp"),
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04....", "application/zip"),
            (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
            (b" <svg/>", "image/svg+xml"),
            (b"<?xml version='1.0'?><invoice/>", "application/xml"),
            ("Cotización".as_bytes(), "text/plain"),
            (b"a\0b", "application/octet-stream"),
            (b"\xfe\xff\x00", "application/octet-stream"),
        ] {
            assert_eq!(sniffed(bytes), mime_type, "{bytes:?}");
        }
    }
}
