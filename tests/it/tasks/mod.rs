//! Queue, retries, journal and restarts.

mod damage;
mod deadlines;
mod folder;
mod forms;
mod hidden_ids;
mod journal;
mod panic;
mod queue;
mod repeats;
mod retries;
mod targets;
mod troubles;
mod versions;
mod waiting;
mod writing;
