//! The embedded Odoo, against the recorded transcripts and by itself.

mod access;
mod archived;
mod bulk;
mod called;
mod chatter;
mod companies;
mod domains;
mod groups;
mod language;
mod load;
mod names;
mod nested;
mod orders;
mod products;
mod protocols;
mod races;
mod reading;
mod records;
mod replay;
mod served;
mod shape;
mod sixteen;
mod stale;
mod web;
mod wording;
mod xml;
