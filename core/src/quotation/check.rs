//! What is read before anything is written, so that everything that can be refused is refused first.

use serde_json::{Value, json};

use super::customer::{self, Choice};
use super::draft::Salesperson;
use super::error::QuotationError;
use super::pipeline::Pipeline;
use super::products::{self, Line};
use super::request::QuotationRequest;
use crate::odoo::OdooError;

/// The field that Odoo Studio made for some customers.
#[derive(Clone)]
pub(super) struct StudioField {
    column: &'static str,
    /// The model whose records it points to, if it does.
    relation: Option<String>,
}

/// What was found. What was known before is not looked for again, and absent here.
pub(super) struct Checked {
    pub(super) customer: Choice,
    pub(super) salesperson: Option<Salesperson>,
    pub(super) lines: Option<Vec<Line>>,
    pub(super) extra: Option<(&'static str, i64)>,
}

impl Pipeline {
    /// Finds, all at once, what the request refers to.
    pub(super) async fn check(
        &self,
        request: &QuotationRequest,
        salesperson: &Option<Salesperson>,
        known: &Option<Vec<Line>>,
    ) -> Result<Checked, QuotationError> {
        let lines = request.lines();
        let find_customer = async { Ok(customer::find(&self.odoo, &request.email).await?) };
        let choose = async {
            if salesperson.is_some() {
                return Ok(None);
            }
            Ok(Some(match (&request.salesperson, request.user_id) {
                (Some(name), _) => Salesperson::Given(self.salespeople.called(name).await?),
                (None, 0) => Salesperson::Claimed(self.salespeople.least_loaded().await?),
                (None, user_id) => {
                    self.salespeople.verify(user_id).await?;
                    Salesperson::Given(user_id)
                }
            }))
        };
        let find_products = async {
            match known {
                Some(_) => Ok(None),
                None => products::find(&self.odoo, &lines).await.map(Some),
            }
        };
        let studio = async {
            match request.x_studio_producto {
                Some(value) => self.studio_column(value).await,
                None => Ok(None),
            }
        };
        let decimals = products::check_decimals(&self.odoo, &self.decimals, &lines);
        let (found, chosen, products, extra, ()) =
            tokio::try_join!(find_customer, choose, find_products, studio, decimals)?;
        let of_companies =
            products.as_ref().map(|products| products.of_companies.as_slice()).unwrap_or_default();
        let company = match found.depends_on_company() || !of_companies.is_empty() {
            true => self.company.id().await?,
            false => None,
        };
        let foreign = of_companies.iter().filter(|(_, of, _)| Some(*of) != company);
        let foreign: Vec<_> = foreign.map(|(product, _, name)| (*product, name.clone())).collect();
        if !foreign.is_empty() {
            return Err(QuotationError::ProductOfOtherCompany(foreign));
        }
        let lines = products.map(|products| products.lines);
        Ok(Checked { customer: found.choose(company), salesperson: chosen, lines, extra })
    }

    /// The column and value for `x_studio_producto`, where this Odoo has that field.
    async fn studio_column(&self, value: i64) -> Result<Option<(&'static str, i64)>, QuotationError> {
        let field = self.studio_field.get_or_try_init(|| self.read_studio_field()).await?;
        if let Some(StudioField { relation: Some(relation), .. }) = field
            && self.odoo.search_count(relation, json!([["id", "=", value]])).await? == 0
        {
            return Err(QuotationError::StudioValueNotFound(value));
        }
        Ok(field.as_ref().map(|field| (field.column, value)))
    }

    async fn read_studio_field(&self) -> Result<Option<StudioField>, OdooError> {
        const FIELD: &str = "x_studio_producto";
        let fields = self.odoo.fields("crm.lead", &[FIELD]).await?;
        let Some(field) = fields.get(FIELD) else { return Ok(None) };
        let text = |attribute: &str| field.get(attribute).and_then(Value::as_str);
        let points = text("type") == Some("many2one");
        let column = if points { "x_studio_producto/.id" } else { FIELD };
        let relation = text("relation").filter(|_| points).map(str::to_owned);
        Ok(Some(StudioField { column, relation }))
    }
}
