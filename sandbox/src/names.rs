//! Records by what people call them: `name_search`, and a text where a domain could have an id.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::domain::{Expr, condition};
use crate::env::Env;
use crate::error::Error;
use crate::python;
use crate::schema::Model;
use crate::search::Page;
use crate::store::Database;

/// The conditions of a domain.
type Domain = Vec<Value>;

/// The operator that a negative one turns round.
pub(crate) fn positive(operator: &str) -> Option<&str> {
    match operator {
        "!=" | "<>" => Some("="),
        "not in" => Some("in"),
        other => other.strip_prefix("not ").filter(|like| like.ends_with("like")),
    }
}

/// The records that a text means: those that have it in any field that names search.
pub(crate) fn called(
    db: &Database,
    model: &Arc<Model>,
    operator: &str,
    right: &Value,
) -> Result<Expr, Error> {
    let is = |field: &str, operator: &str, right: &Value| condition(db, model, field, operator, right);
    let matches_all = operator.ends_with("like") && !operator.starts_with('=') && !python::truthy(right);
    if matches_all || model.name_fields.is_empty() {
        return Ok(Expr::Always(true));
    }
    if model.name == "res.users" && matches!(operator, "=" | "ilike") {
        let by_login = is("login", "=", right)?;
        if db.all(model).any(|id| by_login.matches(db, id)) {
            return Ok(by_login);
        }
    }
    let mut terms: Vec<Expr> =
        model.name_fields.iter().map(|field| is(field, operator, right)).collect::<Result<_, _>>()?;
    if model.name == "product.product" {
        terms.push(is("barcode", "=", right)?);
    }
    Ok(Expr::Any(terms))
}

/// What a name search looks for: a stage counts only where those before it found nothing; the parts of a stage are told
/// one after the other.
fn stages(version: Version, model: &Model, operator: &str, name: &str) -> Vec<Vec<Domain>> {
    let is = |field: &str, operator: &str, text: &str| vec![json!([field, operator, text])];
    let negative = positive(operator).is_some();
    let mut names = vec![json!(if negative { "&" } else { "|" }); model.name_fields.len().saturating_sub(1)];
    names.extend(model.name_fields.iter().flat_map(|field| is(field, operator, name)));
    let code = "default_code";
    match model.name {
        _ if name.is_empty() => vec![vec![Vec::new()]],
        "product.product" if negative => {
            let without = json!([code, "=", false]);
            vec![vec![
                [is("name", operator, name), vec![json!("|"), without], is(code, operator, name)].concat(),
            ]]
        }
        "product.product" => {
            let within = name.split_once('[').and_then(|(_, rest)| Some(rest.split_once(']')?.0));
            let whole = [is(code, "=", name), is("barcode", "=", name)].map(|stage| vec![stage]);
            let parts = vec![is(code, operator, name), is("name", operator, name)];
            let shown = within.map(|within| vec![is(code, "=", within)]);
            whole.into_iter().chain([parts]).chain(shown).collect()
        }
        "res.users" if !negative => vec![vec![is("login", "=", name)], vec![names]],
        "res.country" if !negative && name.chars().count() == 2 => {
            vec![vec![is("code", operator, name), names]]
        }
        "res.country.state" if !negative && version >= Version::V18 => {
            vec![vec![is("code", "=like", name), names]]
        }
        _ => vec![vec![names]],
    }
}

impl Env<'_> {
    /// `name_search`: `[[id, name], …]`.
    pub fn name_search(&self, model: &Arc<Model>, arguments: &Map<String, Value>) -> Result<Value, Error> {
        let text = |key: &str| arguments.get(key).and_then(Value::as_str).unwrap_or_default();
        let operator = Some(text("operator")).filter(|operator| !operator.is_empty()).unwrap_or("ilike");
        let more = arguments.get("domain").and_then(Value::as_array).cloned().unwrap_or_default();
        let limit = match arguments.get("limit") {
            None => 100,
            Some(limit) => match limit.as_u64() {
                None | Some(0) => usize::MAX,
                Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
            },
        };
        let mut found: Vec<i64> = Vec::new();
        for stage in stages(self.version(), model, operator, text("name")) {
            for part in stage {
                let left = limit - found.len();
                let others = json!(["id", "not in", found]);
                let domain = [part, vec![others], more.clone()].concat();
                let page = Page { limit: Some(left), ..Page::default() };
                found.extend(self.search(model, &Value::Array(domain), &page)?);
            }
            if !found.is_empty() {
                break;
            }
        }
        Ok(found.into_iter().map(|id| self.pair(model.name, id)).collect())
    }
}
