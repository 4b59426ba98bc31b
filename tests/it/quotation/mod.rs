//! A quotation is made exactly once, whatever fails.

mod calls;
mod fault_sweep;
mod making;
mod random_faults;
mod refused;
mod salespeople;
mod sharing;
