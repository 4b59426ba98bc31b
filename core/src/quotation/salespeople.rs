//! Who gets a quotation: the salesperson with the fewest open opportunities.
//!
//! Members and counts are read together and remembered for a short while. What this process has
//! given out since counts at once, so a burst is spread evenly although Odoo does not know of it yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::error::{Ambiguous, QuotationError};
use super::shared::Shared;
use crate::names;
use crate::odoo::{Odoo, OdooError, Record, SearchRead};

/// How long members, counts and the like are taken as true.
pub(super) const REMEMBERED: Duration = Duration::from_secs(30);

/// Who counts as a salesperson, and which opportunities as open.
#[derive(Clone, Debug, Default)]
pub struct SalesConfig {
    /// Only members of these sales teams (`SALES_TEAM_IDS`); empty for all teams.
    pub team_ids: Vec<i64>,
    /// Only opportunities in these stages (`SALES_STAGE_IDS`); empty for all that are not won.
    pub stage_ids: Vec<i64>,
}

/// The salespeople of one Odoo.
#[derive(Clone)]
pub struct Salespeople {
    inner: Arc<Inner>,
}

struct Inner {
    odoo: Odoo,
    config: SalesConfig,
    board: Shared<Arc<Board>>,
    given: Mutex<Given>,
    /// Users that were named by a request and found to exist, and when.
    verified: Mutex<HashMap<i64, Instant>>,
    /// Those of other companies than the account's own, as far as somebody works there.
    elsewhere: Mutex<HashMap<i64, Salespeople>>,
    /// Those that the account works for: id and name.
    companies: Shared<Arc<[(i64, String)]>>,
}

/// Salespeople and their open opportunities, as Odoo last told.
struct Board {
    read_at: Instant,
    open: Vec<(i64, u64)>,
}

/// What was given out by this process and may not be in the board's counts.
#[derive(Default)]
struct Given {
    next: u64,
    /// By salesperson: each ticket, and when its opportunity was known to be in Odoo.
    tickets: HashMap<i64, HashMap<u64, Option<Instant>>>,
}

/// A quotation's claim on a salesperson; dropped without [`Claim::settle`], it no longer counts.
pub struct Claim {
    user_id: i64,
    ticket: u64,
    salespeople: Salespeople,
}

impl Salespeople {
    /// The salespeople of this Odoo; nothing is read yet.
    pub fn new(odoo: Odoo, config: SalesConfig) -> Self {
        let inner = Inner {
            odoo,
            config,
            board: Shared::default(),
            given: Mutex::default(),
            verified: Mutex::default(),
            elsewhere: Mutex::default(),
            companies: Shared::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Those of this company, the same for all who work there; where none is said, of the account's own.
    #[must_use]
    pub fn of_company(&self, company: Option<i64>) -> Self {
        let Some(company) = company.filter(|id| self.inner.odoo.company() != Some(*id)) else {
            return self.clone();
        };
        let mut elsewhere = self.inner.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        let (odoo, config) = (&self.inner.odoo, &self.inner.config);
        let there = || Self::new(odoo.for_company(company), config.clone());
        elsewhere.entry(company).or_insert_with(there).clone()
    }

    /// That the account works for the company that calls are made for: of one that is none Odoo says no more than that
    /// something may not be done.
    ///
    /// # Errors
    /// With the companies that there are, or when Odoo cannot tell.
    pub(crate) async fn company_is_open(&self) -> Result<(), QuotationError> {
        let Some(wanted) = self.inner.odoo.company() else { return Ok(()) };
        let is_there = |companies: &Arc<[(i64, String)]>| companies.iter().any(|(id, _)| *id == wanted);
        // One that was not there is looked for again: somebody may have opened it.
        let companies = || {
            let odoo = self.inner.odoo.clone();
            async move { companies_of(&odoo).await.map(Into::into) }
        };
        let companies = self.inner.companies.get(is_there, companies).await?;
        match is_there(&companies) {
            true => Ok(()),
            false => Err(QuotationError::CompanyNotFound { wanted, companies: companies.to_vec() }),
        }
    }

    /// The one with the fewest open opportunities, the lowest id on a tie.
    ///
    /// # Errors
    /// When Odoo cannot tell, or there is nobody.
    pub async fn least_loaded(&self) -> Result<Claim, QuotationError> {
        let board = self.board().await?;
        let mut given = self.given();
        let load = |(user, open): &(i64, u64)| (*open + given.count(*user), *user);
        let user_id =
            board.open.iter().map(load).min().map(|(_, user)| user).ok_or(QuotationError::NoSalesperson)?;
        let ticket = given.next;
        given.next += 1;
        given.tickets.entry(user_id).or_default().insert(ticket, None);
        Ok(Claim { user_id, ticket, salespeople: self.clone() })
    }

    /// The board, read anew where it is old.
    async fn board(&self) -> Result<Arc<Board>, OdooError> {
        let is_young = |board: &Arc<Board>| board.read_at.elapsed() < REMEMBERED;
        let read = || {
            let this = self.clone();
            async move { this.read_board().await.map(Arc::new) }
        };
        self.inner.board.get(is_young, read).await
    }

    /// The active internal user of this name, login or e-mail address: accents and case do not matter.
    ///
    /// # Errors
    /// When nobody or several people are called so, or Odoo cannot tell.
    pub async fn called(&self, name: &str) -> Result<i64, QuotationError> {
        let fields = ["name", "login", "email"];
        let query = SearchRead { fields: &fields, order: Some("id"), ..SearchRead::default() };
        let users = self.inner.odoo.search_read("res.users", self.staff(None), &query).await?;
        let wanted = names::plain(name);
        let (mut whole, mut part) = (Vec::new(), Vec::new());
        for user in &users {
            let has =
                fields.map(|field| user.text(field).ok().flatten().map(names::plain).unwrap_or_default());
            let known = (user.id()?, user.text("name")?.unwrap_or_default().to_owned());
            if has.contains(&wanted) {
                whole.push(known);
            } else if has.first().is_some_and(|name| names::has_words(name, &wanted)) {
                part.push(known);
            }
        }
        let mut candidates = if whole.is_empty() { part } else { whole };
        match candidates.pop() {
            None => Err(QuotationError::SalespersonNotCalled(name.to_owned())),
            Some((id, _)) if candidates.is_empty() => Ok(id),
            Some(last) => {
                candidates.push(last);
                Err(QuotationError::SalespersonAmbiguous(Ambiguous { called: name.to_owned(), candidates }))
            }
        }
    }

    /// Checks that a given salesperson is an active internal user.
    ///
    /// # Errors
    /// When it is not, or Odoo cannot tell.
    pub async fn verify(&self, user_id: i64) -> Result<(), QuotationError> {
        let known = |verified: &HashMap<i64, Instant>| {
            verified.get(&user_id).is_some_and(|since| since.elapsed() < REMEMBERED)
        };
        if known(&self.verified()) {
            return Ok(());
        }
        let query = SearchRead { fields: &["name"], limit: Some(1), ..SearchRead::default() };
        if self.inner.odoo.search_read("res.users", self.staff(Some(user_id)), &query).await?.is_empty() {
            return Err(QuotationError::SalespersonNotFound(user_id));
        }
        let mut verified = self.verified();
        verified.retain(|_, since| since.elapsed() < REMEMBERED);
        verified.insert(user_id, Instant::now());
        Ok(())
    }

    async fn read_board(&self) -> Result<Board, OdooError> {
        let (odoo, config) = (&self.inner.odoo, &self.inner.config);
        let read_at = Instant::now();
        let teams =
            if config.team_ids.is_empty() { json!([]) } else { json!([["id", "in", config.team_ids]]) };
        let query = SearchRead { fields: &["member_ids"], order: Some("id"), ..SearchRead::default() };
        // A team may have members who do not work for this company: Odoo gives them nothing of it.
        let staff = async || match odoo.company() {
            Some(_) => self.all_staff().await.map(Some),
            None => Ok(None),
        };
        let (teams, counts, staff) = tokio::try_join!(
            odoo.search_read("crm.team", teams, &query),
            odoo.count_by("crm.lead", open_opportunities(&config.stage_ids), "user_id"),
            staff(),
        )?;
        let mut members = Vec::new();
        for team in &teams {
            members.extend(team.ids("member_ids")?);
        }
        if let Some(staff) = &staff {
            members.retain(|member| staff.contains(member));
        }
        if members.is_empty() {
            members = match staff {
                Some(staff) => staff,
                None => self.all_staff().await?,
            };
        }
        members.sort_unstable();
        members.dedup();
        let counts: HashMap<i64, u64> = counts.into_iter().collect();
        let open = members.into_iter().map(|user| (user, counts.get(&user).copied().unwrap_or(0))).collect();
        // What was in Odoo before this reading began is in its counts.
        for tickets in self.given().tickets.values_mut() {
            tickets.retain(|_, made_at| made_at.is_none_or(|made| made >= read_at));
        }
        Ok(Board { read_at, open })
    }

    async fn all_staff(&self) -> Result<Vec<i64>, OdooError> {
        let query = SearchRead { fields: &["login"], ..SearchRead::default() };
        let users = self.inner.odoo.search_read("res.users", self.staff(None), &query).await?;
        users.iter().map(Record::id).collect()
    }

    /// Who may be given work here: active internal users, where a company is said those who work for it.
    fn staff(&self, user: Option<i64>) -> Value {
        let user = user.map(|id| json!(["id", "=", id]));
        let company = self.inner.odoo.company().map(|id| json!(["company_ids", "in", [id]]));
        user.into_iter().chain([json!(["share", "=", false])]).chain(company).collect()
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.inner.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn verified(&self) -> MutexGuard<'_, HashMap<i64, Instant>> {
        self.inner.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Given {
    fn count(&self, user_id: i64) -> u64 {
        self.tickets.get(&user_id).map_or(0, |tickets| tickets.len() as u64)
    }

    fn of(&mut self, claim: &Claim) -> &mut HashMap<u64, Option<Instant>> {
        self.tickets.entry(claim.user_id).or_default()
    }
}

impl Claim {
    /// Whose it is.
    pub fn user_id(&self) -> i64 {
        self.user_id
    }

    /// Says that the opportunity is in Odoo: it counts until the next reading includes it.
    pub fn settle(&self) {
        if let Some(made_at) = self.salespeople.given().of(self).get_mut(&self.ticket) {
            *made_at = Some(Instant::now());
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut given = self.salespeople.given();
        let tickets = given.of(self);
        if tickets.get(&self.ticket) == Some(&None) {
            tickets.remove(&self.ticket);
        }
    }
}

/// The companies that the account works for: id and name.
pub(crate) async fn companies_of(odoo: &Odoo) -> Result<Vec<(i64, String)>, OdooError> {
    // Whatever the context of calls is, none of it is needed here.
    let odoo = odoo.in_context(Map::new());
    let query = SearchRead { fields: &["name"], order: Some("id"), ..SearchRead::default() };
    let companies = odoo.search_read("res.company", json!([]), &query).await?;
    let named = |company: &Record| Ok((company.id()?, company.text("name")?.unwrap_or_default().to_owned()));
    companies.iter().map(named).collect()
}

fn open_opportunities(stage_ids: &[i64]) -> Value {
    let stage = if stage_ids.is_empty() {
        json!(["stage_id.is_won", "=", false])
    } else {
        json!(["stage_id", "in", stage_ids])
    };
    json!([["type", "=", "opportunity"], ["user_id", "!=", false], stage])
}
