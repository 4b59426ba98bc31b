//! The tracking id and the external ids that follow from it.
//!
//! Odoo keeps external ids (`ir.model.data`) unique, so records that are loaded under ids which
//! follow from the tracking id can be made only once, however often a step is repeated.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::request::QuotationRequest;
use crate::key::{IdempotencyKey, digest, hex_of};

const PREFIX: &str = "quot_";
const MAX_LENGTH: usize = 64;

/// Names one quotation: `quot_` and 128 opaque bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrackingId(String);

impl TrackingId {
    /// A new id that nobody can guess.
    pub fn random() -> Self {
        Self(format!("{PREFIX}{}", uuid::Uuid::new_v4().simple()))
    }

    /// What a caller's idempotency key stands for in Odoo, wherever it is used: see [`ExternalIds`]. `caller` keeps the
    /// keys of one caller apart from those of another. Anybody can compute it, so it names no quotation to callers; it
    /// did before ids were [hidden](Self::hidden).
    pub fn from_key(caller: &str, key: &IdempotencyKey) -> Self {
        Self(format!("{PREFIX}{}", digest(&["quotation", caller, key.as_str()])))
    }

    /// The id of the quotation with this reference, which nobody can compute without the secret.
    pub fn hidden(&self, secret: &[u8; 64]) -> Self {
        let mac = Hmac::<Sha256>::new(secret.into()).chain_update(&self.0);
        Self(format!("{PREFIX}{}", hex_of(&mac.finalize().into_bytes())))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the external ids of a quotation's records follow from: what names the quotation, and what is asked for. So a
/// key whose quotation this service has forgotten can never lead to another one's records.
///
/// Made once, at acceptance, and remembered: a later version may write requests otherwise, but not these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalIds {
    /// Follows from the caller's key alone, or is the tracking id of a quotation without one.
    reference: String,
    /// 64 bits of SHA-256 over the request.
    request: String,
}

impl ExternalIds {
    /// Those of the quotation that this names.
    pub fn new(reference: &TrackingId, request: &QuotationRequest) -> Self {
        // Fields that a later version adds are absent here until somebody uses them.
        let mut fields = serde_json::to_value(request).unwrap_or_default();
        if let Some(fields) = fields.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        let request = short(&digest(&["request", &fields.to_string()]));
        Self { reference: reference.as_str().to_owned(), request }
    }

    /// The same for who works for this company, where it is not the tenant's: it is another quotation.
    #[must_use]
    pub fn of_company(mut self, company: Option<i64>) -> Self {
        if let Some(company) = company {
            self.request = short(&digest(&["company", &company.to_string(), &self.request]));
        }
        self
    }

    /// The name (without the module) of the external id of a record, `quot_…_order_…`.
    pub fn name(&self, record: &str) -> String {
        format!("{}_{record}_{}", self.reference, self.request)
    }

    /// What names the quotation in Odoo: the order's source document.
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

fn short(digest: &str) -> String {
    digest.chars().take(16).collect()
}

/// The name of the external id of the partner that is made for an e-mail address: two quotations
/// for the same new address agree on it, whoever comes first.
///
/// `generation` is 0, or counts the partners of this name that have come to stand for somebody else: staff changed
/// the address, or another company has it. Those after the first also follow from the company that they are for.
pub fn partner_external_name(email: &str, company: Option<i64>, generation: u32) -> String {
    match generation {
        0 => format!("partner_{}", digest(&["partner", email])),
        _ => {
            let company = company.map_or_else(String::new, |id| id.to_string());
            format!("partner_{}", digest(&["partner", email, &company, &generation.to_string()]))
        }
    }
}

/// A text that is not a tracking id.
#[derive(Debug, thiserror::Error)]
#[error("a tracking id is `quot_` and letters or digits")]
pub struct InvalidTrackingId;

impl FromStr for TrackingId {
    type Err = InvalidTrackingId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix(PREFIX).ok_or(InvalidTrackingId)?;
        let opaque = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if opaque && text.len() <= MAX_LENGTH { Ok(Self(text.to_owned())) } else { Err(InvalidTrackingId) }
    }
}

impl TryFrom<String> for TrackingId {
    type Error = InvalidTrackingId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TrackingId> for String {
    fn from(id: TrackingId) -> Self {
        id.0
    }
}

impl fmt::Display for TrackingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::external_id::keyed_external_name;

    #[test]
    fn a_key_gives_the_same_id_for_one_caller_only() {
        let key: IdempotencyKey = "order-1".parse().unwrap();
        let id = TrackingId::from_key("", &key);
        assert_eq!(id, TrackingId::from_key("", &key));
        assert_ne!(id, TrackingId::from_key("web", &key));
        assert_eq!(id.as_str().len(), PREFIX.len() + 32);
        assert!(id.as_str().parse::<TrackingId>().is_ok());
    }

    #[test]
    fn an_id_is_hidden_by_a_secret() {
        let reference = TrackingId::from_key("", &"order-1001".parse().unwrap());
        let id = reference.hidden(&[b'a'; 64]);
        assert_eq!(id, reference.hidden(&[b'a'; 64]));
        assert_ne!(id, reference.hidden(&[b'b'; 64]));
        assert_ne!(id, reference);
        assert!(id.as_str().parse::<TrackingId>().is_ok());
    }

    /// Records that stand in Odoo for years are found by these: a change here makes quotations twice.
    #[test]
    fn what_odoo_knows_records_by_never_changes() {
        let reference = TrackingId::from_key("", &"order-1001".parse().unwrap());
        assert_eq!(reference.as_str(), "quot_6f1ca17a4e6bf616e1ba6340e0035bcf");
        let request = serde_json::json!({
            "partner_name": " Almacenes Torres ", "contact_name": "Luis Fernández", "email": "Luis@Torres.MX",
            "phone": "+52 155 1234 5678", "lead_name": "Robot", "ciudad": "Guadalajara",
            "products": [{ "product_id": 26174, "qty": 2, "price": 99.5 }, { "product_id": 1 }],
        });
        let request = serde_json::from_value(request).unwrap();
        let ids = ExternalIds::new(&reference, &request);
        assert_eq!(ids.reference(), reference.as_str());
        assert_eq!(ids.name("order"), "quot_6f1ca17a4e6bf616e1ba6340e0035bcf_order_d7da6c94f32429d5");
        assert_eq!(ids.clone().of_company(None), ids);
        assert_ne!(ids.clone().of_company(Some(2)), ids.clone().of_company(Some(3)));
        assert_ne!(ids.clone().of_company(Some(2)), ids);
        assert_eq!(
            partner_external_name("luis@torres.mx", None, 0),
            "partner_a0fa3a68f2745bdd93f3152786023f15"
        );
        assert_eq!(
            keyed_external_name(
                "order",
                "",
                &"order-1001".parse().unwrap(),
                &[("partner_id/.id", "7".into())]
            ),
            "order_86bcf52d2800d07865c2d520158fbd62"
        );
    }

    #[test]
    fn ids_cannot_name_files_elsewhere() {
        for bad in ["", "quot_", "quot_../x", "quot_A", "lead_abc", &format!("quot_{}", "a".repeat(60))] {
            assert!(bad.parse::<TrackingId>().is_err(), "{bad}");
        }
        assert!("quot_abc123def456".parse::<TrackingId>().is_ok());
    }
}
