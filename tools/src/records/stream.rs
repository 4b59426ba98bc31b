//! A search of any length, page after page, as its reader takes them.

use std::sync::{Arc, LazyLock};

use mcp_odoo_core::call::Call;
use mcp_odoo_core::input::{self, FieldError};
use mcp_odoo_core::records::{Fields, RecordSearch, Search, View, steady};
use mcp_odoo_core::refusal::Refusal;

use super::{SearchRecords, id, view};
use crate::audit::Entry;
use crate::dispatch::{begin, perform};
use crate::operation::{OK, Operation, Spec};
use crate::schema;
use crate::tool::{Object, unfolded};

/// Records of one page: what memory holds of a search at once.
const PAGE: u64 = 200;

/// Opens a search and reads its first page. It is [`SearchRecords`] to callers.
struct StreamRecords;

/// Reads another page of a search: one more call of its caller, which takes its turn among the others.
struct ReadOn;

/// The search that is asked for by the arguments of [`SearchRecords`]: all of it unless they limit it, for what is read is
/// bounded by the page.
///
/// # Errors
/// What is wrong with each.
pub fn requested(mut arguments: Object) -> Result<RecordSearch, Vec<FieldError>> {
    static INPUT: LazyLock<Object> = LazyLock::new(schema::input::<RecordSearch>);
    arguments.retain(|_, argument| !argument.is_null());
    arguments.entry("limit").or_insert(u32::MAX.into());
    input::parse(unfolded(arguments, &INPUT).into())
}

/// A search, and how far it is read.
struct Reading {
    request: RecordSearch,
    view: View,
    search: Search,
    read: u64,
    limit: u64,
}

/// Some of what a search finds.
pub struct Chunk {
    /// Each
    pub items: Vec<Fields>,
    /// How many were told by now
    pub current: u64,
    /// How many there are to tell
    pub total: u64,
}

impl Operation for StreamRecords {
    const SPEC: Spec = SearchRecords::SPEC;
    type Request = RecordSearch;
    type Answer = Page;

    fn model(request: &RecordSearch) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, mut request: RecordSearch) -> Result<Page, Refusal> {
        request.order = Some(steady(request.order.as_deref().unwrap_or("id")));
        let view = view(&call, &call.tenant.reader, &request.context).await?;
        let search = view.prepare(&request).await?;
        let limit = request.limit.into();
        Reading { request, view, search, read: 0, limit }.page().await
    }
}

impl Operation for ReadOn {
    const SPEC: Spec = SearchRecords::SPEC;
    const GOES_ON: bool = true;
    type Request = Reading;
    type Answer = Page;

    async fn run(call: Call, mut reading: Reading) -> Result<Page, Refusal> {
        // The rules may have become others.
        if !Arc::ptr_eq(reading.view.rules(), &call.tenant.access.models()) {
            let Reading { request, search, .. } = reading;
            let view = view(&call, &call.tenant.reader, &request.context).await?;
            let search = view.prepare(&request).await?.after(search);
            reading = Reading { request, view, search, ..reading };
        }
        reading.page().await
    }
}

/// A page of a search, and what is left of it.
struct Page {
    chunk: Option<Chunk>,
    rest: Option<Reading>,
}

impl Reading {
    async fn page(mut self) -> Result<Page, Refusal> {
        let size = PAGE.min(self.limit - self.read);
        let (items, all) = self.view.page(&mut self.search, size).await?;
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        self.read += count;
        if self.search.is_over() {
            self.limit = self.read;
        }
        let total = all.saturating_sub(self.request.offset.into()).min(self.limit).max(self.read);
        let chunk = (count > 0).then_some(Chunk { items, current: self.read, total });
        Ok(Page { chunk, rest: Some(self).filter(|it| it.read < it.limit) })
    }
}

/// The pages of a search, as they are asked for. The audit has one line for all of them, with what was told, when they end
/// or are given up.
pub struct Pages {
    call: Call,
    /// Read already.
    first: Option<Chunk>,
    rest: Option<Reading>,
    entry: Option<Entry>,
}

impl Pages {
    /// Those that a search finds; the first of them is read.
    ///
    /// # Errors
    /// See [`dispatch`](crate::dispatch()).
    pub async fn open(call: Call, request: RecordSearch) -> Result<Self, Refusal> {
        let (entry, Page { chunk, rest }) = begin::<StreamRecords>(call.clone(), request).await?;
        Ok(Self { call, first: chunk, rest, entry: Some(entry) })
    }

    /// The next one; nothing after the last.
    ///
    /// # Errors
    /// Why there will be no more.
    pub async fn next(&mut self) -> Result<Option<Chunk>, Refusal> {
        let read = self.read().await;
        match (&read, &mut self.entry) {
            (Ok(Some(chunk)), Some(entry)) => entry.touches(chunk.items.iter().filter_map(id)),
            (Ok(Some(_)), None) => {}
            (Ok(None), _) => self.end(OK),
            (Err(refusal), _) => self.end(&refusal.code),
        }
        read
    }

    async fn read(&mut self) -> Result<Option<Chunk>, Refusal> {
        if self.first.is_some() {
            return Ok(self.first.take());
        }
        // All of a page may be gone, and not what comes after it.
        while let Some(rest) = self.rest.take() {
            let Page { chunk, rest } = perform::<ReadOn>(self.call.clone(), rest).await?;
            self.rest = rest;
            if chunk.is_some() {
                return Ok(chunk);
            }
        }
        Ok(None)
    }

    fn end(&mut self, outcome: &str) {
        if let Some(entry) = self.entry.take() {
            entry.end(outcome);
        }
    }
}
