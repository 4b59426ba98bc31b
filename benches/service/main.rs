//! The whole process, measured beside what it is compared with, in the same run. `scripts/bench` runs it;
//! `docs/PERFORMANCE.md` says what came of it.
//!
//! Arguments: `--quick` for short rounds, `--json PATH`, and the names of what to measure (default: all
//! but `million`).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod accepting;
mod answers;
mod bare;
mod codecs;
mod direct;
mod events;
mod gate;
mod load;
mod mcp;
mod memory;
mod peers;
mod polls;
mod process;
mod quotation;
mod records;
mod report;
mod shedding;
mod sse;
mod start;
mod tenants;

use std::path::PathBuf;
use std::time::Duration;

use self::load::Load;
use self::report::Report;

/// How long to measure.
#[derive(Clone, Copy)]
pub struct Scale {
    quick: bool,
    rounds: usize,
    /// One round of one of those who are compared.
    round: Duration,
}

#[tokio::main]
async fn main() {
    if let Ok(role) = std::env::var(process::ROLE) {
        return peers::play(&role).await;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let (mut quick, mut json, mut names) = (false, PathBuf::from("target/bench.json"), Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // `cargo bench` says so to every benchmark.
            "--bench" => {}
            "--quick" => quick = true,
            "--json" => json = arguments.next().unwrap().into(),
            name => names.push(name.to_owned()),
        }
    }
    let (rounds, round) =
        if quick { (1, Duration::from_millis(300)) } else { (3, Duration::from_millis(1500)) };
    let (scale, mut report) = (Scale { quick, rounds, round }, Report::default());
    report.head();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    macro_rules! measure {
        ($($name:ident)*) => { $( if wanted(stringify!($name)) { $name::run(scale, &mut report).await; } )* };
    }
    measure!(start codecs quotation accepting polls mcp gate events memory shedding tenants records);
    if names.iter().any(|name| name == "million") {
        memory::run_million(scale, &mut report).await;
    }
    std::fs::remove_dir_all(process::root()).unwrap();
    report.write(&json);
}

/// Whose turn it is.
#[derive(Clone, Copy)]
pub struct Turn {
    pub is_ours: bool,
    pub time: Duration,
}

/// One of those who are compared: what came of all of its rounds, and the seconds of its server's processor.
pub struct Side {
    load: Load,
    cpu: f64,
}

impl Side {
    /// What a request takes of the server's processor, in µs.
    fn cost(&self) -> f64 {
        self.cpu * 1e6 / self.load.requests() as f64
    }
}

/// Ours and the other in turns, so that whatever else the machine does meets both. Who goes first takes turns as well, and
/// the first of all rounds of each only warm up: who comes second, or finds a machine that has just begun, is some
/// percent faster or slower than itself.
async fn alternate(scale: Scale, measure: impl AsyncFn(Turn) -> (Load, f64)) -> (Side, Side) {
    let (turns, time) = if scale.quick { (1, scale.round) } else { (8, Duration::from_millis(600)) };
    let (mut ours, mut other) = (Vec::new(), Vec::new());
    for turn in 0..=turns {
        let first_is_ours = turn % 2 == 0;
        for is_ours in [first_is_ours, !first_is_ours] {
            let measured = measure(Turn { is_ours, time }).await;
            if turn > 0 {
                if is_ours { ours.push(measured) } else { other.push(measured) }
            }
        }
    }
    let side = |rounds: Vec<(Load, f64)>| {
        let (loads, cpu): (Vec<_>, Vec<_>) = rounds.into_iter().unzip();
        Side { load: Load::all(loads), cpu: cpu.into_iter().sum() }
    };
    (side(ours), side(other))
}
