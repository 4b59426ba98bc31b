//! The same operations in the forms of other servers for Odoo: plain JSON over POST, WebSocket, `/sse`.

mod plain;
pub mod stream;
pub mod ws;
