//! What a tenant is made of, and how it is put together.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

use super::{Tenant, Turns};
use crate::access::Access;
use crate::audit::Audit;
use crate::erp::{Erp, Instance};
use crate::handoff::Handoffs;
use crate::journal::{Journal, JournalError, Target};
use crate::language::Language;
use crate::limits::Limiter;
use crate::messages::{MessageConfig, Messenger};
use crate::odoo::{Odoo, OdooConfig, OdooConfigError, ProtocolChoice};
use crate::quotation::pipeline::Pipeline;
use crate::quotation::salespeople::{SalesConfig, Salespeople};
use crate::records::{MetadataConfig, Records};
use crate::store::DEFAULT_TENANT;
use crate::tasks::{TaskConfig, Tasks};
use crate::twilio::{Twilio, TwilioSetup, TwilioSetupError};
use crate::watching::{WatchConfig, Watching};

/// What is configured of one tenant.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Names it.
    pub id: String,
    /// Where quotations are made.
    pub odoo: OdooConfig,
    /// What that is called in the log files.
    pub target: Target,
    /// What calls to it are sent by; one of its own where there is none.
    pub client: Option<reqwest::Client>,
    /// Of every call to it.
    pub context: Map<String, Value>,
    /// The Odoo that is read, where it is another one.
    pub reader: Option<OdooConfig>,
    /// Who gets a quotation.
    pub sales: SalesConfig,
    /// Its Twilio account, and what messages are sent from.
    pub twilio: TwilioSetup,
    /// How its salespeople are told.
    pub messages: MessageConfig,
    /// What its people read.
    pub language: Language,
    /// What it has in common with all others.
    pub common: Arc<Common>,
    /// Tells it from what was configured under the same name before; it may follow from secrets, so it is kept in memory.
    pub(super) mark: String,
}

/// What all tenants have in common: each has as much of it as if it were alone.
#[derive(Clone, Debug)]
pub struct Common {
    /// `ODOO_PROTOCOL`
    pub protocol: ProtocolChoice,
    /// `ODOO_TIMEOUT_SECONDS`
    pub timeout: Duration,
    /// `ODOO_MAX_CONCURRENCY`
    pub max_concurrency: usize,
    /// Queue, retries and memory.
    pub tasks: TaskConfig,
    /// `MCP_INLINE_SECONDS`
    pub inline: Duration,
    /// The account that those send with who have none of their own.
    pub twilio: TwilioSetup,
    /// How salespeople are told.
    pub messages: MessageConfig,
    /// `LANGUAGE`
    pub language: Language,
    /// What Odoo says of itself.
    pub metadata: MetadataConfig,
    /// How what is watched is looked at.
    pub watching: WatchConfig,
}

impl Common {
    /// How the Odoo of one of them is called, by an API key.
    pub fn odoo(&self, url: Url, database: String, login: String, secret: SecretString) -> OdooConfig {
        OdooConfig {
            url,
            database,
            login,
            secret,
            secret_is_api_key: true,
            protocol: self.protocol,
            timeout: self.timeout,
            max_concurrency: self.max_concurrency,
        }
    }
}

/// Who looks after what all tenants have done.
#[derive(Clone)]
pub struct Watch {
    /// What may be done, whoever asks.
    pub access: Arc<Access>,
    /// Who has had what done.
    pub audit: Audit,
    /// How much callers may ask for.
    pub limiter: Limiter,
}

/// Why a tenant cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its folder cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its Odoo cannot be called.
    #[error(transparent)]
    Odoo(#[from] OdooConfigError),
    /// Its Twilio cannot be called.
    #[error(transparent)]
    Twilio(#[from] TwilioSetupError),
}

impl Setup {
    /// The tenant that the environment configures.
    pub fn of_environment(
        common: Arc<Common>,
        odoo: OdooConfig,
        journal: &Journal,
        reader: Option<OdooConfig>,
        sales: SalesConfig,
    ) -> Self {
        let (twilio, messages) = (common.twilio.clone(), common.messages.clone());
        Self {
            id: DEFAULT_TENANT.to_owned(),
            odoo,
            target: journal.target().clone(),
            client: None,
            context: Map::new(),
            reader,
            sales,
            twilio,
            messages,
            language: common.language,
            common,
            mark: String::new(),
        }
    }

    /// Puts it together on its journal; nothing waits for Odoo.
    ///
    /// # Errors
    /// When a client cannot be built.
    pub fn open(
        &self,
        journal: Journal,
        Watch { access, audit, limiter }: Watch,
    ) -> Result<Tenant, OpenError> {
        let odoo = match &self.client {
            Some(client) => Odoo::over(self.odoo.clone(), client.clone())?,
            None => Odoo::new(self.odoo.clone())?,
        };
        let odoo = odoo.in_context(self.context.clone());
        let pipeline = Pipeline::new(odoo.clone(), self.sales.clone());
        let messenger = match &self.twilio {
            TwilioSetup::Ready(twilio) => {
                let twilio = Twilio::with_timeout(twilio.clone(), self.messages.call_timeout)?;
                let (odoo, salespeople) = (odoo.clone(), pipeline.salespeople().clone());
                Ok(Messenger::new(self.messages.clone(), self.language, twilio, odoo, salespeople))
            }
            TwilioSetup::Missing(names) => Err(names.clone()),
        };
        let instance = if self.id == DEFAULT_TENANT { Instance::Odoo } else { Instance::Tenant };
        let of = |odoo: &Odoo, instance| {
            Records::new(odoo.clone(), instance, self.target.key_scope(), self.common.metadata)
        };
        // Without another Odoo to write to, the one that is written to is read as well, and the pipeline's own salespeople
        // know what was just given out.
        let (writer, reader, salespeople) = match &self.reader {
            Some(reader) => {
                let reader = Odoo::new(reader.clone())?;
                let salespeople = Salespeople::new(reader.clone(), self.sales.clone());
                let writer = Erp::new(of(&odoo, Instance::DevOdoo));
                (writer, Erp::new(of(&reader, Instance::Odoo).only_read()), salespeople)
            }
            None => {
                let both = Erp::new(of(&odoo, instance));
                (both.clone(), both, pipeline.salespeople().clone())
            }
        };
        let read_only = access.config().read_only;
        let tasks = TaskConfig { read_only, ..self.common.tasks.clone() };
        let watching = Watching::new(reader.records().clone(), Arc::clone(&access), self.common.watching);
        Ok(Tenant {
            id: self.id.clone(),
            odoo,
            reader,
            writer,
            salespeople,
            tasks: Tasks::new(tasks, pipeline, journal.clone(), messenger.clone().ok()),
            handoffs: Handoffs::new(messenger, journal.clone(), read_only),
            journal,
            inline: self.common.inline,
            access,
            audit,
            limiter,
            webhook_secret: self.messages.webhook_secret.clone(),
            language: self.language,
            turns: Turns::new(self.common.max_concurrency),
            watching,
        })
    }
}
