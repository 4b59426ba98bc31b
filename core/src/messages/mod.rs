//! Messages to salespeople: who is told, in which words, and exactly once.

mod config;
mod contact;
mod deliver;
mod failure;
mod field;
mod letter;
mod report;
mod texts;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::contact::{Contact, Directory};
use crate::language::Language;
use crate::odoo::Odoo;
use crate::phone::Phone;
use crate::quotation::error::QuotationError;
use crate::quotation::salespeople::Salespeople;
use crate::twilio::{Channel, Content, Twilio};

pub use self::config::{MessageConfig, PhoneConfig};
pub use self::report::Report;

pub(crate) use self::deliver::{Errand, Ledger};
pub(crate) use self::failure::{Failure, OUTCOME_UNKNOWN};
pub(crate) use self::letter::{Letter, Occasion, Order, Product};
pub(crate) use self::report::Delivery;

/// Where Twilio reports what became of a message.
pub const STATUS_PATH: &str = "/api/twilio/status";
/// The parameter of it that names the handoff or the quotation.
pub const REFERENCE: &str = "reference";
/// The one that names whose it is, where it is not the environment's tenant.
pub const TENANT: &str = "tenant";

/// Calls to Twilio at once, at most.
const TURNS: usize = 16;
/// Quotations whose salespeople are being told, at most: a Twilio that hangs must not fill the memory.
const NOTIFYING: usize = 2000;

/// Tells salespeople; a cheap handle.
#[derive(Clone)]
pub struct Messenger {
    inner: Arc<Inner>,
}

struct Inner {
    config: MessageConfig,
    language: Language,
    twilio: Twilio,
    directory: Directory,
    odoo: Odoo,
    turns: Semaphore,
    notifying: Semaphore,
}

/// Who is told.
pub(crate) struct Recipient {
    /// The salesperson it concerns; none when Odoo could not say.
    pub user_id: Option<i64>,
    /// The number that is used.
    pub to: Phone,
    /// Whose number that is.
    pub route: Route,
    /// The quotation it is about.
    pub order: Option<Order>,
}

/// Whose number is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// The salesperson's own.
    Salesperson,
    /// `VENDEDOR_WHATSAPP`: the salesperson has no number that can be used.
    NoNumber,
    /// `VENDEDOR_WHATSAPP`: Odoo did not say in time who the salesperson is.
    OdooDown,
    /// `VENDEDOR_WHATSAPP`: the company that is asked for the salesperson is none that Odoo works for.
    WrongCompany,
}

/// Whose salesperson is told.
#[derive(Clone, Copy)]
pub(crate) enum Concerns {
    /// The one of a customer who speaks of this opportunity or quotation, if of any.
    Handoff {
        /// `crm.lead`
        lead_id: Option<i64>,
        /// `sale.order`
        order_id: Option<i64>,
    },
    /// This one, `res.users`.
    Salesperson(i64),
    /// Odoo is not to be asked.
    AnotherOdoo,
}

/// Why nobody was told.
pub(crate) enum Unsent {
    /// It failed for good.
    Failed(Failure),
    /// The process is stopping; the journal has what is to be taken up.
    Stopped,
}

impl Messenger {
    /// Sends by this Twilio account what this Odoo knows the salesperson of; nothing is asked yet.
    pub fn new(
        config: MessageConfig,
        language: Language,
        twilio: Twilio,
        odoo: Odoo,
        salespeople: Salespeople,
    ) -> Self {
        let country_code = config.phones.default_country_code;
        let inner = Inner {
            config,
            language,
            twilio,
            directory: Directory::new(odoo.clone(), salespeople, country_code),
            odoo,
            turns: Semaphore::new(TURNS),
            notifying: Semaphore::new(NOTIFYING),
        };
        Self { inner: Arc::new(inner) }
    }

    /// How messages are sent.
    pub fn config(&self) -> &MessageConfig {
        &self.inner.config
    }

    /// `whatsapp` or `sms`.
    pub fn channel(&self) -> Channel {
        self.inner.twilio.config().channel
    }

    /// The Twilio account.
    pub fn twilio(&self) -> &Twilio {
        &self.inner.twilio
    }

    /// A place among the quotations whose salespeople are being told.
    pub(crate) fn place(&self) -> Result<SemaphorePermit<'_>, Unsent> {
        let busy = |_| Unsent::Failed(Failure::busy(self.language()));
        self.inner.notifying.try_acquire().map_err(busy)
    }

    /// Who is told, in this company. While Odoo does not say it and there is no `VENDEDOR_WHATSAPP`, it is asked again `until` then.
    pub(crate) async fn recipient(
        &self,
        (concerns, company): (Concerns, Option<i64>),
        until: Instant,
        stop: &CancellationToken,
    ) -> Result<Recipient, Unsent> {
        let directory = self.inner.directory.of_company(company);
        loop {
            let (known, route, failure) = match self.ask(&directory, concerns).await {
                Ok(known) => (known, Route::NoNumber, Some(Failure::no_number(self.language()))),
                Err(None) => ((Contact::default(), None), Route::OdooDown, None),
                Err(wrong) => ((Contact::default(), None), Route::WrongCompany, wrong),
            };
            let (Contact { user_id, phone }, order) = known;
            match (phone, self.inner.config.phones.fallback.clone(), failure) {
                (Some(to), _, _) => return Ok(Recipient { user_id, to, route: Route::Salesperson, order }),
                (None, Some(to), _) => return Ok(Recipient { user_id, to, route, order }),
                (None, None, Some(failure)) => return Err(Unsent::Failed(failure)),
                (None, None, None) => {}
            }
            let pause = self.inner.config.longest_retry;
            if Instant::now() + pause >= until {
                return Err(Unsent::Failed(Failure::odoo_down(self.language())));
            }
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Err(Unsent::Stopped);
            }
        }
    }

    /// What Odoo says, if it says it in time; else why asking again is of no use, if it is of none.
    async fn ask(
        &self,
        directory: &Directory,
        concerns: Concerns,
    ) -> Result<(Contact, Option<Order>), Option<Failure>> {
        let within = self.inner.config.odoo_within;
        let asked = async {
            Ok(match concerns {
                Concerns::Handoff { lead_id, order_id } => {
                    directory.check().await?;
                    directory.of(lead_id, order_id).await?
                }
                Concerns::Salesperson(user) => (directory.contact(user).await?, None),
                Concerns::AnotherOdoo => (Contact::default(), None),
            })
        };
        match tokio::time::timeout(within, asked).await {
            Ok(Ok(known)) => Ok(known),
            Ok(Err(error)) => {
                let error: QuotationError = error;
                tracing::warn!(code = error.code(), "Odoo did not say who the salesperson is");
                let is_wrong = matches!(error, QuotationError::CompanyNotFound { .. });
                Err(is_wrong.then(|| Failure::company(self.language(), &error)))
            }
            Err(_) => {
                let milliseconds = within.as_millis();
                tracing::warn!(milliseconds, "Odoo did not say in time who the salesperson is");
                Err(None)
            }
        }
    }

    /// What is sent: a Content Template where one is configured, else the text.
    fn content(&self, letter: &Letter) -> Content {
        let language = self.language();
        match &self.inner.twilio.config().content_sid {
            Some(sid) => Content::Template { sid: sid.clone(), variables: letter.variables(language) },
            None => Content::Text(letter.text(language, self.channel() == Channel::Whatsapp)),
        }
    }

    /// The company that is asked for salespeople, where one is configured and it is not left to the account's.
    pub(crate) fn company(&self) -> Option<i64> {
        self.inner.odoo.company()
    }

    /// Opens a quotation in Odoo.
    pub(crate) fn order_url(&self, id: i64) -> String {
        self.inner.odoo.record_url("sale.order", id)
    }

    /// The language of all texts.
    pub(crate) fn language(&self) -> Language {
        self.inner.language
    }

    /// Where Twilio is to report, if this service can be reached from outside.
    fn callback(&self, reference: &str) -> Option<Url> {
        let mut url = self.inner.config.status_url()?;
        url.query_pairs_mut().append_pair(REFERENCE, reference);
        if let Some(tenant) = &self.inner.config.tenant {
            url.query_pairs_mut().append_pair(TENANT, tenant);
        }
        Some(url)
    }
}
