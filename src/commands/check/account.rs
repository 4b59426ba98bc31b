//! Whether the service can work with an account of Odoo.

use mcp_odoo_core::external_id::MODULE;
use mcp_odoo_core::odoo::{Call, Connection, Odoo, OdooError, SearchRead};
use mcp_odoo_core::quotation::salespeople::SalesConfig;
use serde_json::{Value, json};

const ALL_DOCUMENTS: &str = "sales_team.group_sale_salesman_all_leads";

/// What it finds there; an error in words that say what to do. `writes`: quotations are made with this account.
pub(super) async fn check(odoo: &Odoo, sales: &SalesConfig, writes: bool) -> anyhow::Result<String> {
    let connection = odoo.connection().await?;
    odoo.external_id(MODULE, "check").await?;
    let products = odoo.search_count("product.product", json!([["sale_ok", "=", true]])).await?;
    let orders = odoo.search_count("sale.order", json!([])).await?;
    let found = format!(
        "Odoo {} by {} as user {}; it sees {products} products for sale and {orders} orders",
        connection.version.text, connection.protocol, connection.uid
    );
    if writes && sees_only_its_own(odoo, &connection, sales).await? {
        anyhow::bail!(
            "{found}, but no opportunity other than its own: give it the access right \"User: All Documents\" in \
             Sales, without which it cannot work on what it gives to others"
        );
    }
    Ok(found)
}

/// Whether there are salespeople beside this user whose opportunities it would not see.
async fn sees_only_its_own(
    odoo: &Odoo,
    connection: &Connection,
    sales: &SalesConfig,
) -> Result<bool, OdooError> {
    let owners = odoo.count_by("crm.lead", json!([["user_id", "!=", false]]), "user_id").await?;
    if owners.iter().any(|(owner, _)| *owner != connection.uid)
        || !has_others(odoo, connection, sales).await?
    {
        return Ok(false);
    }
    // Perhaps there are no others yet. A user may ask for its own rights: of the model before Odoo 18, of itself since.
    let call = Call::new("res.users", "has_group");
    let call = if connection.version.major < 18 { call } else { call.on(&[connection.uid]) };
    Ok(odoo.call(call.arg("group_ext_id", ALL_DOCUMENTS)).await? != Value::Bool(true))
}

/// Whether anyone else may get a quotation.
async fn has_others(odoo: &Odoo, connection: &Connection, sales: &SalesConfig) -> Result<bool, OdooError> {
    let teams = if sales.team_ids.is_empty() { json!([]) } else { json!([["id", "in", sales.team_ids]]) };
    let query = SearchRead { fields: &["member_ids"], ..SearchRead::default() };
    let mut members = Vec::new();
    for team in odoo.search_read("crm.team", teams, &query).await? {
        members.extend(team.ids("member_ids")?);
    }
    if members.is_empty() {
        let others = json!([["share", "=", false], ["id", "!=", connection.uid]]);
        return Ok(odoo.search_count("res.users", others).await? > 0);
    }
    Ok(members.iter().any(|member| *member != connection.uid))
}
