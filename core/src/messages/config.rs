//! How salespeople are told.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::STATUS_PATH;
use crate::phone::{CountryCode, Phone};

/// How salespeople are told.
#[derive(Clone, Debug)]
pub struct MessageConfig {
    /// The phone numbers of this installation.
    pub phones: PhoneConfig,
    /// `HANDOFF_DEADLINE_SECONDS`: how long a message is tried before it fails.
    pub deadline: Duration,
    /// `PUBLIC_URL`: this service as Twilio sees it; without it there are no delivery reports.
    pub public_url: Option<Url>,
    /// Whose salespeople they are, unless they are those of the environment's tenant: reports of Twilio name it.
    pub tenant: Option<String>,
    /// `ELEVENLABS_WEBHOOK_SECRET`: handoffs by REST must be signed with it.
    pub webhook_secret: Option<SecretString>,
    /// How long the caller of a handoff is kept waiting.
    pub answer_within: Duration,
    /// How long Odoo is waited for before the message goes to `VENDEDOR_WHATSAPP`.
    pub odoo_within: Duration,
    /// How long one call to Twilio may take.
    pub call_timeout: Duration,
    /// The pause before the first retry; it doubles, with jitter.
    pub first_retry: Duration,
    /// The longest pause between two tries.
    pub longest_retry: Duration,
    /// The shortest pause before Twilio is asked whether it took a message: it may not be listed at once.
    pub settle: Duration,
}

impl Default for MessageConfig {
    fn default() -> Self {
        Self {
            phones: PhoneConfig::default(),
            deadline: Duration::from_secs(300),
            public_url: None,
            tenant: None,
            webhook_secret: None,
            answer_within: Duration::from_secs(4),
            odoo_within: Duration::from_millis(2500),
            call_timeout: Duration::from_secs(10),
            first_retry: Duration::from_millis(500),
            longest_retry: Duration::from_secs(15),
            settle: Duration::from_secs(3),
        }
    }
}

impl MessageConfig {
    /// The address of [`STATUS_PATH`] as Twilio sees it.
    pub fn status_url(&self) -> Option<Url> {
        let mut url = self.public_url.clone()?;
        let path = format!("{}{STATUS_PATH}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Some(url)
    }
}

/// The phone numbers of this installation.
#[derive(Clone, Debug, Default)]
pub struct PhoneConfig {
    /// `VENDEDOR_WHATSAPP`: who is told when a salesperson has no number.
    pub fallback: Option<Phone>,
    /// `DEFAULT_COUNTRY_CODE`: of numbers that have none.
    pub default_country_code: CountryCode,
}
