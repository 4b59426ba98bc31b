//! The operations: what callers can have done, thin over core, and the one way to each of them.
//!
//! [`tools`] is the table of those that models call; [`dispatch`] has any of them done. How to add one:
//! `docs/ADDING_A_TOOL.md`.

pub mod audit;
pub mod caller;
mod crm;
mod dispatch;
pub mod files;
mod finding;
mod handler;
pub mod handoffs;
pub mod operation;
mod project_tasks;
mod projects;
pub mod quotations;
mod readable;
pub mod records;
pub mod reply;
pub mod reports;
pub mod resources;
mod sales;
mod schema;
mod search;
mod selling;
mod shortened;
pub mod tool;
pub mod toolset;
mod users;

pub use self::dispatch::{admit, dispatch, opens, permit};
pub use self::handler::{NO_TOOL, OdooTools};
pub use self::toolset::Toolsets;

use std::sync::LazyLock;

use mcp_odoo_core::access::{Caller, Door, Permissions};
use mcp_odoo_core::handoff::request::HandoffRequest;
use mcp_odoo_core::refusal::{Kind, Refusal};

use self::caller::Identity;
use self::handoffs::GetHandoffStatus;
use self::operation::{Operation, Spec};
use self::quotations::FollowQuotation;
use self::reports::TakeInReport;
use self::resources::{FollowRecords, ReadConfig, ReadFile};
use self::tool::Tool;
use self::toolset::Toolset;

/// Every operation there is, also those that no tool has.
pub fn specs() -> Vec<&'static Spec> {
    let others = [
        &FollowQuotation::SPEC,
        &GetHandoffStatus::SPEC,
        &TakeInReport::SPEC,
        &ReadConfig::SPEC,
        &ReadFile::SPEC,
        &FollowRecords::SPEC,
    ];
    tools().into_iter().map(|tool| tool.spec).chain(others).collect()
}

/// The operations that models can call.
pub fn tools() -> Vec<Tool> {
    let sets = [
        (Toolset::Quotation, quotation()),
        (Toolset::Records, records::tools().into_iter().chain([files::report_tool()]).collect()),
        (Toolset::SalesWork, sales_work()),
        (Toolset::Odoo, records::aliases().into_iter().chain([files::odoo_report_tool()]).collect()),
        (Toolset::DevRecords, records::dev_tools()),
    ];
    let of = |(toolset, tools): (_, Vec<Tool>)| tools.into_iter().map(move |tool| tool.among(toolset));
    sets.into_iter().flat_map(of).collect()
}

fn quotation() -> Vec<Tool> {
    vec![
        Tool::of::<crm::LeastBusySalesperson>(),
        Tool::of::<finding::FindProducts>(),
        Tool::of::<finding::FindCustomers>(),
        Tool::of::<project_tasks::ListTasks>(),
        Tool::of::<project_tasks::GetTask>(),
        Tool::of::<projects::ListProjects>(),
        Tool::of::<sales::ListSales>(),
        Tool::of::<sales::GetSale>(),
        Tool::of::<sales::ReadSale>(),
        Tool::of::<sales::CreateSale>(),
        Tool::of::<sales::CreateSaleLine>(),
        Tool::of::<sales::UpdateSale>(),
        Tool::of::<search::Search>(),
        Tool::of::<search::Fetch>(),
        Tool::of::<users::FindUsers>(),
        Tool::of::<users::ListUsers>(),
        Tool::taking::<handoffs::HandOff, HandoffRequest>(),
        quotations::create_tool(),
        quotations::status_tool(),
    ]
}

fn sales_work() -> Vec<Tool> {
    vec![
        Tool::of::<selling::ConfirmSale>(),
        Tool::of::<selling::CancelSale>(),
        Tool::of::<selling::UpdateSaleLines>(),
        Tool::of::<selling::ScheduleActivity>(),
        files::sale_pdf_tool(),
    ]
}

/// What this tool does, if there is one.
pub fn spec_of(tool: &str) -> Option<&'static Spec> {
    static SPECS: LazyLock<Vec<&Spec>> = LazyLock::new(specs);
    SPECS.iter().find(|spec| spec.name == tool).copied()
}

/// Whether whoever asks over HTTP is permitted this, for those who must know before it is done. What no permission would
/// help is left to the call.
///
/// # Errors
/// What they lack; a line of the audit says so.
pub fn permitted(spec: &'static Spec, asker: &Identity) -> Result<(), Refusal> {
    let may = |caller: &Caller| permit(spec, caller, Door::Mcp, &asker.tenant);
    match may(&asker.caller) {
        Err(refusal) if matches!(refusal.kind, Kind::Forbidden(Some(_))) => {
            let mighty = Caller::known(asker.caller.id(), Permissions::ALL);
            if may(&mighty).is_err() {
                return Ok(());
            }
            audit::refused(spec, &asker.call(Door::Mcp), &refusal.code);
            Err(refusal)
        }
        _ => Ok(()),
    }
}
