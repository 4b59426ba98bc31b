//! A quotation is made exactly once, whatever fails.

mod atomic;
mod calls;
mod companies;
mod elsewhere;
mod fault_sweep;
mod languages;
mod making;
mod names;
mod older;
mod random_faults;
mod refused;
mod salespeople;
mod sharing;
mod staff;
mod stale;
