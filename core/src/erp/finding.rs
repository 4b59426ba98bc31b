//! Records found by words, in every language that names are written in.

use futures::future::try_join_all;
use serde_json::Value;

use super::Erp;
use super::words::{Words, plain};
use crate::odoo::{OdooError, Record, SearchRead};

/// How many records that may match are compared, in each language.
const COMPARED: usize = 200;

/// What to find, and by what.
pub(super) struct Finding<'a> {
    pub(super) model: &'a str,
    /// What every one of them is.
    pub(super) among: Vec<Value>,
    /// The fields, with paths, that Odoo looks in.
    pub(super) searched: Vec<&'a str>,
    /// The fields to read, whose texts are compared.
    pub(super) read: Vec<&'a str>,
    /// Whether their names are written in several languages.
    pub(super) translated: bool,
}

impl Finding<'_> {
    /// The records that have all words, those first that are called so.
    pub(super) async fn by_words(&self, erp: &Erp, query: &str) -> Result<Vec<Record>, OdooError> {
        let words = Words::new(query);
        let languages = if self.translated { erp.records.languages().await? } else { vec![None] };
        let found = languages.iter().map(|lang| self.in_language(erp, &words, lang.as_deref()));
        let mut found: Vec<Record> = try_join_all(found).await?.into_iter().flatten().collect();
        let mut seen = std::collections::HashSet::new();
        found.retain(|record| record.id().is_ok_and(|id| seen.insert(id)));
        let wanted = plain(query);
        found.sort_by_key(|record| !texts(record).iter().any(|text| plain(text) == wanted));
        Ok(found)
    }

    async fn in_language(
        &self,
        erp: &Erp,
        words: &Words,
        lang: Option<&str>,
    ) -> Result<Vec<Record>, OdooError> {
        let mut found = self.ask(erp, words.domain(&self.searched), lang).await?;
        if found.len() == COMPARED {
            // Of so many some were not seen: those that have the very words are.
            let mut strict = self.ask(erp, words.strict_domain(&self.searched), lang).await?;
            strict.append(&mut found);
            found = strict;
        }
        found.retain(|record| words.are_in(&texts(record)));
        Ok(found)
    }

    /// The records that match a domain, of those that are looked among.
    pub(super) async fn ask(
        &self,
        erp: &Erp,
        domain: Vec<Value>,
        lang: Option<&str>,
    ) -> Result<Vec<Record>, OdooError> {
        let domain: Vec<Value> = self.among.iter().cloned().chain(domain).collect();
        let query = SearchRead {
            fields: &self.read,
            limit: Some(COMPARED as u64),
            language: lang,
            ..SearchRead::default()
        };
        erp.records.odoo.search_read(self.model, domain.into(), &query).await
    }
}

/// What can be read in a record: its texts, and the names of what it points to.
fn texts(record: &Record) -> Vec<&str> {
    let text = |value| Value::as_str(value).or_else(|| value.get(1)?.as_str());
    record.as_map().values().filter_map(text).collect()
}
