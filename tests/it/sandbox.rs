//! The embedded Odoo, against the recorded transcripts and by itself.

mod access;
mod archived;
mod domains;
mod groups;
mod load;
mod names;
mod nested;
mod orders;
mod protocols;
mod races;
mod replay;
mod served;
mod shape;
mod wording;
mod xml;
