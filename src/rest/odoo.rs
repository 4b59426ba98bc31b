//! Records by the names that Odoo's own clients use: thin over the operations on records, so that the rules of the access file
//! hold, and nothing is made twice.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use garde::Validate;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::Page;
use mcp_odoo_core::input::{self, FieldError};
use mcp_odoo_core::records::{Fields, Read};
use mcp_odoo_tools::operation::{Does, Operation};
use mcp_odoo_tools::records::{
    AggregateRecords, CallMethod, CreateRecord, DeleteRecord, DescribeModel, GetRecord, ListModels,
    SearchRecords, UpdateRecord,
};
use mcp_odoo_tools::{admit, audit, dispatch, reply};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use url::form_urlencoded;
use utoipa::ToSchema;

use crate::error::Problem;
use crate::extract::{self, JsonObject};
use crate::state::AppState;

/// What to do with records. Which fields belong to which method is as in Odoo.
#[derive(ToSchema)]
#[expect(dead_code, reason = "each method has its own fields, which its operation reads")]
struct OdooQuery {
    /// Of the records
    #[schema(example = "res.partner")]
    model: String,
    /// `search_read` (when left out), `search`, `search_count`, `read`, `read_group`, `fields_get`, `create`, `write`,
    /// `unlink`, or any public method
    #[schema(example = "search_read")]
    method: Option<String>,
    /// As in Odoo
    #[schema(value_type = Option<Vec<Object>>, example = json!([["is_company", "=", true]]))]
    domain: Option<Value>,
    /// Names of fields; a short choice when left out
    fields: Option<Vec<String>>,
    /// Records, at most
    #[schema(example = 10)]
    limit: Option<u32>,
    /// Skip so many
    offset: Option<u32>,
    /// e.g. `name desc`
    order: Option<String>,
    /// Of `read`, `write`, `unlink` and methods: at most 500, of `write` and `unlink` 100
    ids: Option<Vec<i64>>,
    /// Of `create` and `write`
    #[schema(value_type = Option<Object>)]
    values: Option<Value>,
    /// Of `create`: repeated with it, the same record
    idempotency_key: Option<String>,
    /// Of `read_group`
    group_by: Option<Vec<String>>,
    /// Of `read_group`, e.g. `amount_total:sum`
    measures: Option<Vec<String>>,
    /// Of methods
    #[schema(value_type = Option<Vec<Object>>)]
    args: Option<Value>,
    /// Of methods
    #[schema(value_type = Option<Object>)]
    kwargs: Option<Value>,
    /// `allowed_company_ids`, `lang`, `tz`, `active_test`
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
}

/// Does something with records.
///
/// Answers what the operation of the same kind answers: `items`, `total` and `next_offset` of a search, `ids` of `search`, `count`
/// of `search_count`, `id` and `record` of `create`, what was and what is of `write`; of several ids each in their order, and which
/// are `missing`.
#[utoipa::path(
    post,
    path = "/odoo/query",
    tag = "odoo",
    request_body = OdooQuery,
    responses(
        (status = 200, description = "What was found or done", body = Object),
        (status = 400, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 1 MiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not sent as JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field does not fit the method, the model or its fields", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "The caller has asked for too much", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds to wait"))),
        (status = 502, description = "Odoo refused or failed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn query(State(state): State<AppState>, request: Request) -> Result<Json<Value>, Problem> {
    let call = extract::call(&request)?;
    let JsonObject(mut asked) = match extract::json_object(request, &state.room).await {
        Ok(asked) => asked,
        // Who may not is told so first.
        Err(problem) => {
            return Err(admit(&SearchRecords::SPEC, &call).map_or_else(Problem::from, |()| problem));
        }
    };
    asked.retain(|_, value| !value.is_null());
    let method = match asked.remove("method") {
        None => "search_read".to_owned(),
        Some(Value::String(method)) => method,
        Some(_) => return Err(wrong("method", "must be the name of a method")),
    };
    let answer = match method.as_str() {
        "search_read" | "web_search_read" if asked.contains_key("ids") => read(call, asked).await?,
        "search_read" | "web_search_read" => answer::<SearchRecords>(call, asked).await?,
        "search" => ids(ask::<SearchRecords>(call, with(asked, "fields", json!(["id"]))).await?),
        "search_count" => {
            let asked = with(with(asked, "fields", json!(["id"])), "limit", json!(1));
            json!({ "count": ask::<SearchRecords>(call, asked).await?.total })
        }
        "read" => read(call, asked).await?,
        "aggregate" | "read_group" | "formatted_read_group" => {
            // Groups are always by all fields at once.
            asked.retain(|name, value| !(name == "lazy" && *value == false));
            for (name, own) in [
                ("groupby", "group_by"),
                ("aggregates", "measures"),
                ("fields", "measures"),
                ("orderby", "order"),
            ] {
                if let Some(value) = asked.remove(name) {
                    asked.entry(own).or_insert(value);
                }
            }
            answer::<AggregateRecords>(call, asked).await?
        }
        "fields_get" => {
            if let Some(names) = asked.remove("allfields") {
                asked.entry("fields").or_insert(names);
            }
            answer::<DescribeModel>(call, asked).await?
        }
        "create" => answer::<CreateRecord>(call, asked).await?,
        "write" | "unlink" if !["ids", "record_id"].iter().any(|name| asked.contains_key(*name)) => {
            return Err(no_ids());
        }
        "write" => answer::<UpdateRecord>(call, asked).await?,
        "unlink" => answer::<DeleteRecord>(call, asked).await?,
        _ => answer::<CallMethod>(call, with(asked, "method", json!(method))).await?,
    };
    Ok(Json(answer))
}

/// Lists the models that may be read.
#[utoipa::path(
    get,
    path = "/odoo/models",
    tag = "odoo",
    params(("q" = Option<String>, Query, description = "Part of the name")),
    responses(
        (status = 200, description = "`items`, each with `model` and `name`", body = Object),
        (status = 502, description = "Odoo refused or failed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn models(request: Request) -> Result<Json<Value>, Problem> {
    let asked = parameter(&request, "q").map(|q| ("q".to_owned(), q.into())).into_iter().collect();
    Ok(Json(answer::<ListModels>(extract::call(&request)?, asked).await?))
}

/// Tells the fields of a model, and what may be done with its records.
#[utoipa::path(
    get,
    path = "/odoo/models/{model}/fields",
    tag = "odoo",
    params(
        ("model" = String, Path, description = "e.g. res.partner"),
        ("fields" = Option<String>, Query, description = "Names divided by commas; all when left out"),
    ),
    responses(
        (status = 200, description = "`fields`, and what the rules open", body = Object),
        (status = 422, description = "There is no such model or field", body = Problem,
            content_type = "application/problem+json"),
        (status = 502, description = "Odoo refused or failed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn fields(
    model: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let Path(model) = model.map_err(|_| wrong("model", "must be the name of a model such as res.partner"))?;
    let fields = parameter(&request, "fields");
    let names = fields.iter().flat_map(|fields| fields.split(',')).map(str::trim);
    let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
    let asked = [("model".to_owned(), json!(model)), ("fields".to_owned(), json!(names))];
    Ok(Json(answer::<DescribeModel>(extract::call(&request)?, Map::from_iter(asked)).await?))
}

fn parameter(request: &Request, name: &str) -> Option<String> {
    let mut query = form_urlencoded::parse(request.uri().query()?.as_bytes());
    query.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Records by their ids, in that order, also archived ones; a list also of one.
async fn read(call: Call, asked: Map<String, Value>) -> Result<Value, Problem> {
    if !asked.contains_key("ids") {
        return Err(no_ids());
    }
    let read = ask::<GetRecord>(call, asked).await?;
    match &read {
        Read::One(_) => Ok(json!({ "items": read.records() })),
        Read::Several(_) => reply::structured(&read).ok_or_else(Problem::internal),
    }
}

fn ids(page: Page<Fields>) -> Value {
    let ids: Vec<_> = page.items.iter().filter_map(|record| record.get("id")).collect();
    let mut answer = json!({ "ids": ids, "total": page.total });
    if let (Some(next), Some(answer)) = (page.next_offset, answer.as_object_mut()) {
        answer.insert("next_offset".to_owned(), next.into());
    }
    answer
}

fn with(mut asked: Map<String, Value>, name: &str, value: Value) -> Map<String, Value> {
    asked.insert(name.to_owned(), value);
    asked
}

fn no_ids() -> Problem {
    wrong("ids", "must be a list of ids")
}

fn wrong(path: &str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError { path: path.to_owned(), message: message.to_owned() }])
}

async fn answer<O>(call: Call, asked: Map<String, Value>) -> Result<Value, Problem>
where
    O: Operation<Request: DeserializeOwned + Validate<Context = ()>, Answer: Serialize>,
{
    reply::structured(&ask::<O>(call, asked).await?).ok_or_else(Problem::internal)
}

/// Has an operation done. What is being written is seen through, whoever hangs up.
async fn ask<O>(call: Call, asked: Map<String, Value>) -> Result<O::Answer, Problem>
where
    O: Operation<Request: DeserializeOwned + Validate<Context = ()>>,
{
    admit(&O::SPEC, &call)?;
    let request = input::parse(asked.into()).map_err(|errors| {
        audit::refused(&O::SPEC, &call, "invalid_request");
        Problem::invalid(errors)
    })?;
    let done = dispatch::<O>(call, request);
    match O::SPEC.does {
        Does::Read => Ok(done.await?),
        _ => Ok(tokio::spawn(done).await.map_err(|_| Problem::internal())??),
    }
}
