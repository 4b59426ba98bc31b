//! What report is wanted.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::input::trimmed;
use crate::rules;

/// A report to render.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// E.g. sale.report_saleorder
    #[serde(deserialize_with = "trimmed")]
    #[garde(custom(rules::name))]
    pub report_name: String,
    /// Ids, at most 100
    #[garde(length(min = 1, max = 100), inner(custom(rules::record_id(1))))]
    pub record_ids: Vec<i64>,
    /// As what
    #[serde(default)]
    #[garde(skip)]
    pub format: Format,
}

impl ReportRequest {
    /// Each once, in the order they were given.
    pub(super) fn unique_ids(&self) -> Vec<i64> {
        let is_first = |(at, id): &(usize, &i64)| !self.record_ids.iter().take(*at).any(|other| other == *id);
        self.record_ids.iter().enumerate().filter(is_first).map(|(_, id)| *id).collect()
    }
}

/// As what a report is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A file to send
    #[default]
    Pdf,
    /// A web page
    Html,
    /// Plain text, to read
    Text,
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.trim().to_ascii_lowercase().as_str() {
            "pdf" => Ok(Self::Pdf),
            "html" => Ok(Self::Html),
            "text" | "txt" | "texto" => Ok(Self::Text),
            _ => Err(de::Error::custom("must be pdf, html or text")),
        }
    }
}

impl Format {
    /// The MIME type of such a file.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Html => "text/html; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Html => "html",
            Self::Text => "txt",
        }
    }
}

/// Which order's PDF.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SalePdf {
    /// Order
    #[garde(custom(rules::record_id(1)))]
    pub sale_id: i64,
}

impl From<SalePdf> for ReportRequest {
    fn from(SalePdf { sale_id }: SalePdf) -> Self {
        let report_name = "sale.report_saleorder".to_owned();
        Self { report_name, record_ids: vec![sale_id], format: Format::Pdf }
    }
}
