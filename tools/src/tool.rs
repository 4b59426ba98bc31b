//! An operation as a tool: arguments and answers in JSON, with schemas.

mod folded;

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use garde::Validate;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::input::{self, FieldError};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(crate) use self::folded::unfolded;
use crate::dispatch::admit;
use crate::operation::{Operation, Spec, Text};
use crate::reply::Reply;
use crate::toolset::Toolset;
use crate::{audit, dispatch, reply, schema};

/// A JSON object.
pub type Object = Map<String, Value>;

/// An operation that models can call.
pub struct Tool {
    /// What it is called, and is.
    pub spec: &'static Spec,
    /// What is done; of another name where this one is an alias.
    pub operation: &'static Spec,
    /// What it is shown among.
    pub toolset: Toolset,
    /// What it takes.
    pub input: Arc<Object>,
    /// What it answers, where models are told beforehand.
    pub output: Option<Arc<Object>>,
    /// Parses, dispatches and tells.
    run: Run,
}

/// From arguments to what is told.
pub type Run = fn(Call, Object) -> BoxFuture<'static, Reply>;

impl Tool {
    /// A tool that comes to its operation in its own way.
    pub fn new(spec: &'static Spec, input: Object, output: Option<Object>, run: Run) -> Self {
        let toolset = Toolset::Quotation;
        Self { spec, operation: spec, toolset, input: input.into(), output: output.map(Arc::new), run }
    }

    /// The same, shown among these.
    #[must_use]
    pub fn among(self, toolset: Toolset) -> Self {
        Self { toolset, ..self }
    }

    /// Calls it. Who may not is told so, whatever the arguments are.
    pub async fn call(&self, call: Call, arguments: Object) -> Reply {
        match admit(self.operation, &call) {
            Ok(()) => (self.run)(call, unfolded(arguments, &self.input)).await,
            Err(refusal) => Reply::refused(refusal),
        }
    }

    /// The tool of an operation.
    pub fn of<O>() -> Self
    where
        O: Operation<
                Request: DeserializeOwned + Validate<Context = ()> + JsonSchema,
                Answer: Serialize + JsonSchema,
            >,
    {
        Self::taking::<O, O::Request>()
    }

    /// The same by another name.
    #[must_use]
    pub fn called(self, spec: &'static Spec) -> Self {
        Self { spec, ..self }
    }

    /// The tool of an operation that takes more than models give.
    pub fn taking<O, A>() -> Self
    where
        O: Operation<Request: From<A>, Answer: Serialize + JsonSchema>,
        A: DeserializeOwned + Validate<Context = ()> + JsonSchema + Send + 'static,
    {
        // Lines name every field; who reads JSON is told beforehand.
        let output = matches!(O::SPEC.text, Text::Json).then(schema::output::<O::Answer>);
        Self::new(&O::SPEC, schema::input::<A>(), output, run::<O, A>)
    }
}

fn run<O, A>(call: Call, arguments: Object) -> BoxFuture<'static, Reply>
where
    O: Operation<Request: From<A>, Answer: Serialize>,
    A: DeserializeOwned + Validate<Context = ()> + Send + 'static,
{
    async move {
        match input::parse::<A>(arguments.into()) {
            Ok(request) => match dispatch::<O>(call, request.into()).await {
                Ok(answer) => Reply::of(&answer, O::SPEC.text),
                Err(refusal) => Reply::refused(refusal),
            },
            Err(errors) => invalid(&O::SPEC, &call, errors),
        }
    }
    .boxed()
}

/// Refuses a call whose arguments break rules.
pub(crate) fn invalid(spec: &'static Spec, call: &Call, errors: Vec<FieldError>) -> Reply {
    audit::refused(spec, call, reply::INVALID);
    Reply::invalid(errors)
}

/// For tools without arguments.
#[derive(serde::Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NoArguments {}
