//! The table, line by line as it is measured, and the same as JSON.

use std::path::Path;

use serde::Serialize;

/// What was measured so far.
#[derive(Default, Serialize)]
pub struct Report {
    machine: Machine,
    rows: Vec<Row>,
}

/// What it was measured on.
#[derive(Serialize)]
struct Machine {
    cores: usize,
    /// Over 1, 5 and 15 minutes, before anything was measured.
    load: String,
    build: &'static str,
}

impl Default for Machine {
    fn default() -> Self {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            cores: std::thread::available_parallelism().unwrap().get(),
            load: load.split(' ').take(3).collect::<Vec<_>>().join(" "),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
        }
    }
}

/// One figure with its comparison.
#[derive(Serialize)]
pub struct Row {
    figure: String,
    value: f64,
    unit: &'static str,
    beside: Option<(&'static str, f64)>,
    /// `value` over the other.
    ratio: Option<f64>,
    target: Option<String>,
    reached: Option<bool>,
    remark: String,
}

impl Row {
    pub fn new(figure: impl Into<String>, value: f64, unit: &'static str) -> Self {
        let (beside, ratio, target, reached) = (None, None, None, None);
        Self { figure: figure.into(), value, unit, beside, ratio, target, reached, remark: String::new() }
    }

    pub fn beside(mut self, name: &'static str, value: f64) -> Self {
        self.beside = Some((name, value));
        self.ratio = Some(self.value / value);
        self
    }

    pub fn at_most(mut self, limit: f64) -> Self {
        self.target = Some(format!("≤ {limit}"));
        self.reached = Some(self.value <= limit);
        self
    }

    pub fn ratio_at_most(mut self, limit: f64) -> Self {
        self.target = Some(format!("≤ {limit:.2}×"));
        self.reached = self.ratio.map(|ratio| ratio <= limit);
        self
    }

    pub fn ratio_at_least(mut self, limit: f64) -> Self {
        self.target = Some(format!("≥ {limit:.2}×"));
        self.reached = self.ratio.map(|ratio| ratio >= limit);
        self
    }

    /// A target that is put in words.
    pub fn target(mut self, words: &str, reached: bool) -> Self {
        (self.target, self.reached) = (Some(words.to_owned()), Some(reached));
        self
    }

    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = remark.into();
        self
    }
}

impl Report {
    pub fn head(&self) {
        let Machine { cores, load, build } = &self.machine;
        println!("{cores} cores, load before: {load}, {build} build\n");
        println!("| figure | measured | beside | ratio | target | reached | remark |");
        println!("|---|---|---|---|---|---|---|");
    }

    pub fn add(&mut self, row: Row) {
        let beside = row.beside.map(|(name, value)| format!("{} {name}", short(value))).unwrap_or_default();
        let ratio = row.ratio.map(|ratio| format!("{ratio:.2}×")).unwrap_or_default();
        let target = row.target.as_deref().unwrap_or_default();
        let reached = row.reached.map(|reached| if reached { "yes" } else { "NO" }).unwrap_or_default();
        println!(
            "| {} | {} {} | {beside} | {ratio} | {target} | {reached} | {} |",
            row.figure,
            short(row.value),
            row.unit,
            row.remark
        );
        self.rows.push(row);
    }

    pub fn write(&self, path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, serde_json::to_string_pretty(self).unwrap()).unwrap();
        let reached = self.rows.iter().filter_map(|row| row.reached);
        let (all, not) = (reached.clone().count(), reached.filter(|reached| !reached).count());
        println!("\n{all} targets, {not} not reached; as JSON in {}", path.display());
    }
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
