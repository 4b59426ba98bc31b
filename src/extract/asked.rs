//! The call that a request over REST is, with what it asks for.

use std::borrow::Cow;
use std::marker::PhantomData;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use mcp_odoo_core::access::Door;
use mcp_odoo_core::call::Call;
use mcp_odoo_tools::caller::{Identity, language};
use mcp_odoo_tools::operation::Operation;
use mcp_odoo_tools::{audit, permit};

use crate::error::{Code, Problem};
use crate::state::AppState;

/// Who asks for an operation, for whom, and with what. Who may not is told so before what they send is looked at; whoever is
/// refused here is noted. Who hangs up drops it.
pub struct Asked<O, T> {
    /// Who, and for whom.
    pub call: Call,
    /// With what.
    pub with: T,
    operation: PhantomData<O>,
}

impl<O, T, M> FromRequest<AppState, M> for Asked<O, T>
where
    O: Operation,
    T: FromRequest<AppState, M>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let call = call(&request).map_err(IntoResponse::into_response)?;
        let may = permit(&O::SPEC, &call.caller, call.door, &call.tenant);
        let asked = match may {
            Ok(()) => T::from_request(request, state).await.map_err(IntoResponse::into_response),
            Err(refusal) => Err(Problem::from(refusal).into_response()),
        };
        match asked {
            Ok(with) => Ok(Self { call, with, operation: PhantomData }),
            Err(response) => {
                let code =
                    response.extensions().get::<Code>().map_or(Cow::default(), |Code(code)| code.clone());
                audit::refused(&O::SPEC, &call, &code);
                Err(response)
            }
        }
    }
}

/// The call that this request is.
///
/// # Errors
/// Never behind the gate.
pub fn call(request: &Request) -> Result<Call, Problem> {
    // The gate has found out.
    let identity = request.extensions().get::<Identity>().ok_or_else(Problem::internal)?;
    let language = language(request.headers()).unwrap_or(identity.tenant.language);
    Ok(Call { language, ..identity.call(Door::Rest) })
}
