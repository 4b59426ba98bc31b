//! The Odoo client against the recorded transcripts and the embedded Odoo.
