//! The tools, called as models call them.

mod adding_one;
mod dialogue;
mod everywhere;
mod finding;
mod list;
mod names;
mod quotation;
mod quotation_faults;
mod reading;
mod search;
mod selling;
mod two_odoos;
mod update;
mod update_lines;
mod writing;
mod writing_bound;
