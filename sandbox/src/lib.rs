//! A small in-memory Odoo that speaks XML-RPC, JSON-RPC and JSON-2.
