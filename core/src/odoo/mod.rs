//! The Odoo client.
