//! Queue, retries, journal and restarts.

mod damage;
mod journal;
mod panic;
mod queue;
mod retries;
mod writing;
