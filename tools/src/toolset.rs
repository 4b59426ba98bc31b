//! Sets of tools: what `tools/list` shows, by `TOOLSETS`. What is not shown can still be called.

use std::str::FromStr;

/// One set of tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolset {
    /// Quotations, and what is looked up for them.
    Quotation,
    /// Any record.
    Records,
    /// What is done with an order day by day.
    SalesWork,
    /// The records by other names.
    Odoo,
    /// Any record of the Odoo that is written to.
    DevRecords,
}

impl Toolset {
    /// All there are.
    pub const ALL: [Self; 5] =
        [Self::Quotation, Self::Records, Self::SalesWork, Self::Odoo, Self::DevRecords];

    /// Its name in `TOOLSETS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quotation => "quotation",
            Self::Records => "records",
            Self::SalesWork => "sales-work",
            Self::Odoo => "odoo",
            Self::DevRecords => "dev-records",
        }
    }
}

/// Those that are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolsets(Vec<Toolset>);

/// There is no such set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownToolset;

impl Default for Toolsets {
    fn default() -> Self {
        Self(vec![Toolset::Quotation, Toolset::Records, Toolset::SalesWork])
    }
}

impl Toolsets {
    /// What can be chosen.
    pub const TAKES: &str = "quotation, records, sales-work, odoo and dev-records, divided by commas, or all";

    /// What they are called.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|toolset| toolset.name())
    }

    /// Whether this one is shown.
    pub fn show(&self, toolset: Toolset) -> bool {
        self.0.contains(&toolset)
    }
}

impl FromStr for Toolsets {
    type Err = UnknownToolset;

    fn from_str(text: &str) -> Result<Self, UnknownToolset> {
        if text.trim() == "all" {
            return Ok(Self(Toolset::ALL.to_vec()));
        }
        let named = |name: &str| Toolset::ALL.into_iter().find(|toolset| toolset.name() == name.trim());
        let sets = text.split(',').map(|name| named(name).ok_or(UnknownToolset));
        sets.collect::<Result<_, _>>().map(Self)
    }
}
