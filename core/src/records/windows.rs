//! Messages and activities, page by page. Of these Odoo leaves out what the account may not read only after it has cut the
//! page: what it takes for one lacks those, and is counted as if it were the last. So their ids are asked for in windows,
//! until a page is full, and records are read by their ids.

use std::collections::VecDeque;

use super::search::{Search, bin_size};
use super::told::Fields;
use super::view::View;
use crate::odoo::{Call, OdooError, Record};

const CUT_BEFORE: [&str; 2] = ["mail.message", "mail.activity"];
/// Rows of a window, unless the one before was empty.
const MOST: u64 = 65_536;
/// Each window that leaves a page short is followed by one so many times as large.
const GROWTH: u64 = 8;
/// An id has four bytes, so no table has more rows.
const ROWS: u64 = i32::MAX.unsigned_abs() as u64;

/// Whether pages of this model are cut here.
pub(super) fn are_needed(model: &str) -> bool {
    CUT_BEFORE.contains(&model)
}

/// How far the windows are read.
#[derive(Default)]
pub(super) struct Windows {
    /// Ids of pages to come
    ahead: VecDeque<i64>,
    /// How many ids there were so far, also of what pages skip
    found: u64,
    /// Rows behind, as Odoo counts them; since the last id, where it is read on from that
    behind: u64,
    /// Rows of the next one
    size: u64,
    /// Nothing is beyond
    is_last: bool,
}

impl View {
    /// The next page of a search, also when some of it is gone meanwhile.
    pub(super) async fn in_windows(&self, search: &mut Search, limit: u64) -> Result<Vec<Fields>, OdooError> {
        let (end, mut is_counted) = (search.place.offset.saturating_add(limit), false);
        while !search.place.windows.is_last && search.place.windows.found < end {
            let brought = self.window(search, end).await?;
            let windows = &search.place.windows;
            if brought == 0 && windows.size >= MOST && !windows.is_last && !is_counted {
                // Perhaps most of what was counted is gone.
                (search.place.total, is_counted) = (None, true);
            }
        }
        let Search { seen, names, place, .. } = search;
        let ahead = &mut place.windows.ahead;
        let count = usize::try_from(limit).unwrap_or(usize::MAX).min(ahead.len());
        let page: Vec<i64> = ahead.drain(..count).collect();
        place.offset += length(page.len());
        place.is_over = place.windows.is_last && ahead.is_empty();
        if page.is_empty() {
            return Ok(Vec::new());
        }
        let sized = self.records.odoo.with_context(&bin_size());
        let found = sized.read(&seen.model, &page, &self.with_currencies(seen, names)).await?;
        Ok(found.into_iter().map(Record::into_map).collect())
    }

    /// Reads one window, and beside it how many there are in all if that is not known. Once no more are left than it has rows,
    /// it is all that is left.
    async fn window(&self, search: &mut Search, end: u64) -> Result<u64, OdooError> {
        let (odoo, model) = (&self.records.odoo, search.seen.model.as_str());
        let Windows { found, behind, size, .. } = search.place.windows;
        let size = size.max((end - found).min(MOST));
        let known = search.place.total;
        let is_last = known.is_some_and(|total| total.saturating_sub(found) <= size);
        let rest = search.rest();
        let domain = rest.clone().unwrap_or_else(|| search.domain.clone());
        let mut call = Call::new(model, "search").arg("domain", domain.clone());
        if behind > 0 {
            call = call.kwarg("offset", behind);
        }
        if !is_last {
            call = call.kwarg("limit", size);
        }
        if let Some(order) = &search.order {
            call = call.kwarg("order", order.as_str());
        }
        let total = async {
            match (known, rest) {
                (Some(total), _) => Ok(total),
                (None, Some(_)) => Ok(found + odoo.search_count(model, domain).await?),
                (None, None) => odoo.search_count(model, domain).await,
            }
        };
        let (ids, total) = tokio::try_join!(odoo.call(call), total)?;
        let wrong = |_| OdooError::Malformed("a search is no list of ids".to_owned());
        let ids: Vec<i64> = serde_json::from_value(ids).map_err(wrong)?;
        let is_by_id = search.beyond().is_some();
        let place = &mut search.place;
        let windows = &mut place.windows;
        match ids.last() {
            Some(last) if is_by_id => (place.last, windows.behind) = (Some(*last), 0),
            _ => windows.behind += size,
        }
        let skipped = usize::try_from(place.offset.saturating_sub(found)).unwrap_or(usize::MAX);
        windows.ahead.extend(ids.iter().skip(skipped));
        windows.found += length(ids.len());
        // Where one of that size is empty, there may be many such.
        let most = if ids.is_empty() { ROWS } else { MOST };
        windows.size =
            if windows.found < end { size.saturating_mul(GROWTH).min(most) } else { size.min(MOST) };
        let is_last = is_last || windows.behind > ROWS;
        windows.is_last = is_last || total <= windows.found;
        place.total = Some(if is_last { windows.found } else { total });
        Ok(length(ids.len()))
    }
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
