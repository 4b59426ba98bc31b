//! A search of any length, page after page, as its reader takes them.

use mcp_odoo_core::call::Call;
use mcp_odoo_core::records::{Fields, RecordSearch, Search, View};
use mcp_odoo_core::refusal::Refusal;

use super::{SearchRecords, view};
use crate::operation::{Operation, Spec};

/// Records of one page: what memory holds of a search at once.
const PAGE: u64 = 200;

/// Opens a search; what it finds is read as it is asked for. It is [`SearchRecords`] to callers.
pub struct StreamRecords;

impl Operation for StreamRecords {
    const SPEC: Spec = SearchRecords::SPEC;
    type Request = RecordSearch;
    type Answer = Pages;

    async fn run(call: Call, mut request: RecordSearch) -> Result<Pages, Refusal> {
        // Pages of an order that leaves records equal could tell of one twice, and of another not at all.
        request.order = Some(match request.order {
            Some(order) if names_id(&order) => order,
            Some(order) => format!("{order}, id"),
            None => "id".to_owned(),
        });
        let view = view(&call, &call.tenant.reader, &request.context).await?;
        let search = view.prepare(&request).await?;
        Ok(Pages { view, search, offset: request.offset.into(), read: 0, limit: request.limit.into() })
    }
}

fn names_id(order: &str) -> bool {
    order.split(',').any(|term| term.split_whitespace().next() == Some("id"))
}

/// The pages of a search that are not read yet.
pub struct Pages {
    view: View,
    search: Search,
    offset: u64,
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

impl Pages {
    /// The next ones; nothing after the last.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn next(&mut self) -> Result<Option<Chunk>, Refusal> {
        let size = PAGE.min(self.limit - self.read);
        if size == 0 {
            return Ok(None);
        }
        let (items, all) = self.view.page(&mut self.search, size).await?;
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        self.read += count;
        if count < size {
            self.limit = self.read;
        }
        let total = all.saturating_sub(self.offset).min(self.limit).max(self.read);
        Ok((count > 0).then_some(Chunk { items, current: self.read, total }))
    }
}
