//! How a sandbox behaves.

use std::time::Duration;

use crate::language::Language;
use crate::schema::{Field, Kind};

/// The version of Odoo to answer as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 16.0
    V16,
    /// 18.0
    V18,
    /// 19.0, which also speaks JSON-2
    #[default]
    V19,
}

impl Version {
    pub(crate) fn series(self) -> &'static str {
        match self {
            Self::V16 => "16.0",
            Self::V18 => "18.0",
            Self::V19 => "19.0",
        }
    }

    pub(crate) fn major(self) -> u32 {
        match self {
            Self::V16 => 16,
            Self::V18 => 18,
            Self::V19 => 19,
        }
    }

    pub(crate) fn full(self) -> &'static str {
        match self {
            Self::V16 => "16.0",
            Self::V18 => "18.0+e-20241005",
            Self::V19 => "19.0",
        }
    }
}

/// How a sandbox behaves; the default is Odoo 19.0 without latency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The version to answer as.
    pub version: Version,
    /// The language of PostgreSQL's words and of every demo user.
    pub language: Language,
    /// Whether the module for stock is there: products have a quantity on hand.
    pub stock: bool,
    /// Whether wkhtmltopdf is missing, so that no report can be had as PDF.
    pub no_wkhtmltopdf: bool,
    /// So many more partners, which take no memory: each is worked out when it is read.
    pub records: u32,
    /// How long every call of a method takes before it has any effect.
    pub latency: Duration,
    /// Fields this database has beyond the standard ones.
    pub extra_fields: Vec<ExtraField>,
}

/// A custom field, such as those Odoo Studio makes.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtraField {
    /// The model it belongs to.
    pub model: String,
    /// Its technical name.
    pub name: String,
    /// Its type.
    pub kind: ExtraKind,
}

/// The type of a custom field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtraKind {
    /// A whole number
    Integer,
    /// A line of text
    Char,
    /// Lines of text
    Text,
    /// A number
    Float,
    /// Yes or no
    Boolean,
    /// A day
    Date,
    /// A moment
    Datetime,
    /// A file, in base64
    Binary,
    /// Any JSON
    Json,
    /// A record of any model, as `model,id`
    Reference,
}

impl ExtraField {
    /// A custom field for whole numbers.
    pub fn integer(model: impl Into<String>, name: impl Into<String>) -> Self {
        Self { model: model.into(), name: name.into(), kind: ExtraKind::Integer }
    }

    pub(crate) fn field(&self) -> Field {
        let kind = match self.kind {
            ExtraKind::Integer => Kind::Integer,
            ExtraKind::Char => Kind::Char,
            ExtraKind::Text => Kind::Text,
            ExtraKind::Float => Kind::Float,
            ExtraKind::Boolean => Kind::Boolean,
            ExtraKind::Date => Kind::Date,
            ExtraKind::Datetime => Kind::Datetime,
            ExtraKind::Binary => Kind::Binary,
            ExtraKind::Json => Kind::Json,
            ExtraKind::Reference => Kind::Reference,
        };
        Field::new(self.name.clone(), self.name.clone(), kind)
    }
}
