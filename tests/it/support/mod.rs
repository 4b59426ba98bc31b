//! What the tests share.
pub mod transcripts;
