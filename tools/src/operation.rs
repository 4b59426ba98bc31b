//! What callers can have done, whatever transport they come by.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::access::models::Verb;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::limits;
use mcp_odoo_core::refusal::Refusal;

/// It was done.
pub(crate) const OK: &str = "ok";
/// It was done to some of the records that were named.
pub(crate) const PARTLY_DONE: &str = "partly_done";

/// One thing that callers can have done.
pub trait Operation: 'static {
    /// What it is.
    const SPEC: Spec;
    /// What it takes; it keeps its rules.
    type Request: Send + 'static;
    /// What it gives.
    type Answer: Send + 'static;

    /// Whether it counts for what a caller may ask for. To ask what became of something, again and again, does not: it costs
    /// nothing of Odoo, and is how callers wait.
    const COUNTS: bool = true;

    /// Whether it goes on with what was begun, and so waits for its turn as long as that takes.
    const GOES_ON: bool = false;

    /// The model that a request names, where it may name any; for the audit.
    fn model(_request: &Self::Request) -> Option<&str> {
        None
    }

    /// What a request names, for the audit.
    fn named(_request: &Self::Request) -> Vec<Id> {
        Vec::new()
    }

    /// What an answer tells of, for the audit.
    fn told(_answer: &Self::Answer) -> Vec<Id> {
        Vec::new()
    }

    /// To which of the records that the request names it was done, where that need not be all of them; for the audit.
    fn done(_answer: &Self::Answer) -> Option<Vec<Id>> {
        None
    }

    /// The code of what an answer comes to, for the audit.
    fn outcome(_answer: &Self::Answer) -> &'static str {
        OK
    }

    /// Does it. Call [`dispatch`](crate::dispatch) instead, which asks first whether it may be done.
    fn run(call: Call, request: Self::Request) -> impl Future<Output = Result<Self::Answer, Refusal>> + Send;
}

/// What an operation is, for those who list them.
pub struct Spec {
    /// Name
    pub name: &'static str,
    /// Title for people
    pub title: &'static str,
    /// When to use it, when not, an example, what comes back
    pub description: &'static str,
    /// What it does to Odoo
    pub does: Does,
    /// What a caller must be permitted
    pub needs: Permission,
    /// The model of Odoo that it is about, where it is one
    pub model: Option<&'static str>,
    /// How its answer reads
    pub text: Text,
}

/// What an operation does, for clients that ask before they call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Reads.
    Read,
    /// Adds records; repeated, it adds more.
    Add,
    /// The same, in a queue that has bounds of its own and makes it whoever waits for it.
    Queue,
    /// Overwrites values; repeated, it changes nothing more.
    Overwrite,
    /// Does what cannot be taken back; repeated, it is done again.
    Act,
    /// Tells a person outside of Odoo, in a queue of its own.
    Tell,
}

impl Spec {
    /// What it does to records of which model, for the rules of the access file. Quotations and messages have permissions of
    /// their own.
    pub fn on_records(&self) -> Option<(&'static str, Verb)> {
        Some((self.model?, self.verb()?))
    }

    /// What it does to records, also where a request names their model.
    pub fn verb(&self) -> Option<Verb> {
        Some(match (self.needs, self.does) {
            (Permission::Quotations | Permission::Handoffs | Permission::Admin, _) => return None,
            (Permission::Delete, _) => Verb::Delete,
            (Permission::Call, _) => Verb::Call,
            (_, Does::Read) => Verb::Read,
            // A message is added to a record, which is to be open for changes.
            (_, Does::Add) if self.name == "post_message" => Verb::Update,
            (_, Does::Add | Does::Queue) => Verb::Create,
            (_, Does::Overwrite | Does::Act | Does::Tell) => Verb::Update,
        })
    }

    /// How it is counted.
    pub fn kind(&self) -> limits::Kind {
        match (self.does, self.needs) {
            (Does::Read, _) => limits::Kind::Read,
            (Does::Queue, Permission::Quotations) => limits::Kind::Quotation,
            (Does::Add | Does::Overwrite | Does::Act | Does::Queue | Does::Tell, _) => limits::Kind::Write,
        }
    }
}

/// How an answer reads beside its structured form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// As lines for a reader.
    Lines,
    /// As JSON, which ChatGPT reads `search` and `fetch` from.
    Json,
}
