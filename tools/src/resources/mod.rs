//! Resources: what can be read, listed and followed by an address.

mod follow;
pub mod mcp;
mod operations;
mod uri;

use mcp_odoo_core::access::models::Verb;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::Page;
use mcp_odoo_core::quotation::id::TrackingId;
use mcp_odoo_core::records::{Context, Fields, ModelQuery, RecordRequest, RecordSearch};
use mcp_odoo_core::refusal::{Kind, Refusal};
use serde::Serialize;
use serde_json::{Value, json};

pub use self::follow::{Changes, Followed, follow};
pub use self::operations::{FollowRecords, ReadConfig, ReadFile, over};
pub use self::uri::Resource;

use self::uri::{COMPANIES, CONFIG, MODELS, USERS, whole};
use crate::dispatch::{dispatch, permit};
use crate::operation::{Operation, Spec};
use crate::quotations::{FollowQuotation, GetQuotationStatus};
use crate::records::{GetRecord, ListModels, SearchRecords};
use crate::reply::structured;
use crate::toolset::Toolsets;

const JSON: &str = "application/json";
/// The code of what is not there.
const NOT_FOUND: &str = "resource_not_found";

/// What is at an address.
pub struct Contents {
    /// What it is.
    pub mime_type: String,
    /// In Base64, where it is a file.
    pub body: Body,
}

/// Text, or a file.
pub enum Body {
    /// As it is.
    Text(String),
    /// In Base64.
    Base64(String),
}

/// Something that can be read, or a form of addresses of such.
pub struct Readable {
    /// Its address.
    pub uri: &'static str,
    /// For programs.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it is.
    pub description: &'static str,
    /// As what it is read; nothing where that differs.
    pub mime_type: Option<&'static str>,
    spec: &'static Spec,
    model: Option<&'static str>,
}

const RESOURCES: [Readable; 4] = [
    Readable {
        uri: MODELS,
        name: "models",
        title: "Models",
        description: "The models that may be read",
        mime_type: Some(JSON),
        spec: &ListModels::SPEC,
        model: None,
    },
    Readable {
        uri: USERS,
        name: "users",
        title: "Users",
        description: "Who logs in to Odoo",
        mime_type: Some(JSON),
        spec: &SearchRecords::SPEC,
        model: Some("res.users"),
    },
    Readable {
        uri: COMPANIES,
        name: "companies",
        title: "Companies",
        description: "The companies that this service works for",
        mime_type: Some(JSON),
        spec: &SearchRecords::SPEC,
        model: Some("res.company"),
    },
    Readable {
        uri: CONFIG,
        name: "config",
        title: "Configuration",
        description: "Version, mode, toolsets, companies and languages of this service",
        mime_type: Some(JSON),
        spec: &ReadConfig::SPEC,
        model: None,
    },
];
const TEMPLATES: [Readable; 4] = [
    Readable {
        uri: "odoo://{model}/{id}",
        name: "record",
        title: "Record",
        description: "One record, e.g. odoo://res.partner/7",
        mime_type: Some(JSON),
        spec: &GetRecord::SPEC,
        model: None,
    },
    Readable {
        uri: "odoo://{model}/list{?domain,limit,offset,order,fields}",
        name: "list",
        title: "List of records",
        description: "The records that a domain finds (JSON, percent-encoded), 20 unless limit says otherwise",
        mime_type: Some(JSON),
        spec: &SearchRecords::SPEC,
        model: None,
    },
    Readable {
        uri: "odoo://{model}/{id}/{field}",
        name: "file",
        title: "File",
        description: "The file or picture in a field of a record, e.g. odoo://res.partner/7/image_128",
        mime_type: None,
        spec: &ReadFile::SPEC,
        model: None,
    },
    Readable {
        uri: "odoo://quotation/{tracking_id}",
        name: "quotation",
        title: "Quotation",
        description: "Where a quotation stands",
        mime_type: Some(JSON),
        spec: &GetQuotationStatus::SPEC,
        model: None,
    },
];

/// What this caller can read by an address of its own.
pub fn listed(call: &Call) -> impl Iterator<Item = &'static Readable> {
    RESOURCES.iter().filter(|readable| readable.is_for(call))
}

/// The forms of addresses of what this caller can read.
pub fn templates(call: &Call) -> impl Iterator<Item = &'static Readable> {
    TEMPLATES.iter().filter(|readable| readable.is_for(call))
}

impl Readable {
    fn is_for(&self, call: &Call) -> bool {
        let models = call.tenant.access.models();
        permit(self.spec, &call.caller, call.door, &call.tenant).is_ok()
            && self.model.is_none_or(|model| models.allow(model, Verb::Read).is_ok())
    }
}

impl Resource {
    /// What reads it.
    pub fn read_by(&self) -> &'static Spec {
        match self {
            Self::Models => &ListModels::SPEC,
            Self::Users | Self::Companies | Self::List(_) => &SearchRecords::SPEC,
            Self::Config => &ReadConfig::SPEC,
            Self::Record { .. } => &GetRecord::SPEC,
            Self::File(_) => &ReadFile::SPEC,
            Self::Quotation(_) => &GetQuotationStatus::SPEC,
        }
    }

    /// What tells of its changes.
    pub fn followed_by(&self) -> &'static Spec {
        match self {
            Self::Quotation(_) => &FollowQuotation::SPEC,
            _ => &FollowRecords::SPEC,
        }
    }
}

/// Reads what is at an address.
///
/// # Errors
/// When there is nothing that this caller may read.
pub async fn read(call: Call, uri: &str, shown: &Toolsets) -> Result<Contents, Refusal> {
    match Resource::parse(uri).map_err(no_resource)? {
        Resource::Models => Contents::json(
            &dispatch::<ListModels>(call, ModelQuery { q: None, context: Context::default() }).await?,
        ),
        Resource::Users => records(call, whole("res.users").map_err(no_resource)?).await,
        Resource::Companies => records(call, whole("res.company").map_err(no_resource)?).await,
        Resource::List(search) => records(call, search).await,
        Resource::Config => Contents::json(&dispatch::<ReadConfig>(call, shown.clone()).await?),
        Resource::Record { model, id } => {
            let request = RecordRequest {
                model,
                record_id: id.into(),
                fields: Vec::new(),
                context: Default::default(),
            };
            Contents::json(&dispatch::<GetRecord>(call, request).await?.records().first())
        }
        Resource::File(request) => {
            let file = dispatch::<ReadFile>(call, request).await?;
            Ok(Contents { mime_type: file.mime_type, body: Body::Base64(file.base64) })
        }
        Resource::Quotation(id) => match dispatch::<GetQuotationStatus>(call, id.clone()).await? {
            Some(status) => Ok(Contents::text(status.json().as_ref().to_owned())),
            None => Err(no_quotation(&id)),
        },
    }
}

async fn records(call: Call, search: RecordSearch) -> Result<Contents, Refusal> {
    let found: Page<Fields> = dispatch::<SearchRecords>(call, search).await?;
    Contents::json(&found)
}

impl Contents {
    fn json(answer: &impl Serialize) -> Result<Self, Refusal> {
        Ok(Self::text(structured(answer).ok_or_else(Refusal::defect)?.to_string()))
    }

    fn text(json: String) -> Self {
        Self { mime_type: JSON.to_owned(), body: Body::Text(json) }
    }
}

fn no_resource(sentence: String) -> Refusal {
    Refusal::new(Kind::Invalid, NOT_FOUND, sentence)
}

fn no_quotation(id: &TrackingId) -> Refusal {
    let sentence = format!("there is no quotation {id}: use the tracking_id that was given for it");
    Refusal::new(Kind::Invalid, "quotation_not_found", sentence)
}

/// Whether it says that there is nothing at an address.
fn is_not_found(refusal: &Refusal) -> bool {
    [NOT_FOUND, "not_found", "model_not_found", "quotation_not_found"].contains(&&*refusal.code)
}

/// For programs: what happened, at which address.
fn data(refusal: &Refusal, uri: &str) -> Value {
    json!({ "code": refusal.code, "uri": uri })
}
