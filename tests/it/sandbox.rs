//! The embedded Odoo against the recorded transcripts.
