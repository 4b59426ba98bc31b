//! What a quotation is of and for whom, by what people call it.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::{CustomerQuery, Customers, ProductQuery, Products};
use mcp_odoo_core::refusal::Refusal;

use crate::operation::{Does, Operation, Spec, Text};

pub struct FindProducts;

impl Operation for FindProducts {
    const SPEC: Spec = Spec {
        name: "find_products",
        title: "Find products",
        description: "Finds products to sell (productos) with id, price, unit and stock. E.g. \
            {\"q\":\"robot\",\"customer\":\"Almacenes Torres\"}.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("product.product"),
        text: Text::Lines,
    };
    type Request = ProductQuery;
    type Answer = Products;

    fn told(products: &Products) -> Vec<Id> {
        products.items.iter().map(|product| product.id.into()).collect()
    }

    async fn run(call: Call, query: ProductQuery) -> Result<Self::Answer, Refusal> {
        Ok(call.reader().await?.find_products(&query).await?)
    }
}

pub struct FindCustomers;

impl Operation for FindCustomers {
    const SPEC: Spec = Spec {
        name: "find_customers",
        title: "Find customers",
        description: "Finds customers and their contacts (clientes), for partner_id or to quote for their \
            e-mail. E.g. {\"q\":\"torres\"}.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("res.partner"),
        text: Text::Lines,
    };
    type Request = CustomerQuery;
    type Answer = Customers;

    fn told(customers: &Customers) -> Vec<Id> {
        customers.items.iter().map(|customer| customer.id.into()).collect()
    }

    async fn run(call: Call, query: CustomerQuery) -> Result<Self::Answer, Refusal> {
        Ok(call.reader().await?.find_customers(&query).await?)
    }
}
