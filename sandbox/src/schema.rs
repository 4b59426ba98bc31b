//! What a model and its fields are: the vocabulary of the tables in [`crate::models`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::Version;
use crate::datum::Datum;
use crate::store::Database;

pub(crate) use crate::kind::Kind;

/// How a value that is not stored is found.
pub(crate) type Compute = fn(&Database, &Model, i64) -> Datum;

/// What becomes of a record whose many2one's target is deleted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum OnDelete {
    SetNull,
    Restrict,
    Cascade,
}

/// One field of a model.
#[derive(Clone)]
pub(crate) struct Field {
    pub name: Cow<'static, str>,
    pub label: Cow<'static, str>,
    pub kind: Kind,
    pub help: Option<&'static str>,
    pub required: bool,
    pub readonly: bool,
    pub indexed: bool,
    pub hidden: bool,
    /// Refused to everybody.
    pub forbidden: bool,
    /// Worked out anew for each reader, so that nothing is ordered or grouped by it.
    pub fleeting: bool,
    /// Read from and written to the record that [`Model::inherits`] names.
    pub inherited: bool,
    pub compute: Option<Compute>,
    /// The paths that the value follows from.
    pub depends: Vec<Cow<'static, str>>,
    /// The path whose value this one is.
    pub related: Option<Cow<'static, str>>,
    /// Read along [`Self::related`], not from the record.
    pub mirrors: bool,
    pub default: Datum,
    /// How many decimals a number is rounded to.
    pub digits: Option<i32>,
    /// How many characters a text is cut to, also one that it is compared with.
    pub size: Option<usize>,
    pub on_delete: OnDelete,
    pub since: Version,
    pub until: Version,
}

impl Field {
    pub fn new(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            indexed: matches!(kind, Kind::Many2one(_)),
            kind,
            help: None,
            required: false,
            readonly: false,
            hidden: false,
            forbidden: false,
            fleeting: false,
            inherited: false,
            compute: None,
            depends: Vec::new(),
            related: None,
            mirrors: false,
            default: Datum::Empty,
            digits: None,
            size: None,
            on_delete: OnDelete::SetNull,
            since: Version::V16,
            until: Version::V19,
        }
    }

    /// No record without a value; what it points to cannot be deleted.
    pub fn required(mut self) -> Self {
        self.required = true;
        if self.on_delete == OnDelete::SetNull {
            self.on_delete = OnDelete::Restrict;
        }
        self
    }

    /// Deleted together with what it points to.
    pub fn cascade(mut self) -> Self {
        self.on_delete = OnDelete::Cascade;
        self
    }

    /// What it points to cannot be deleted.
    pub fn restrict(mut self) -> Self {
        self.on_delete = OnDelete::Restrict;
        self
    }

    pub fn readonly(mut self) -> Self {
        self.readonly = true;
        self
    }

    /// Found quickly by its value.
    pub fn indexed(mut self) -> Self {
        self.indexed = true;
        self
    }

    /// Never read back.
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Refused to everybody.
    pub fn forbidden(mut self) -> Self {
        self.forbidden = true;
        self
    }

    /// Computed, and not in the database.
    pub fn fleeting(mut self) -> Self {
        self.fleeting = true;
        self
    }

    /// Kept by the record the model inherits.
    pub fn inherited(mut self) -> Self {
        self.inherited = true;
        self.indexed = false;
        self
    }

    /// Never stored.
    pub fn computed(mut self, compute: Compute) -> Self {
        self.compute = Some(compute);
        self.indexed = false;
        self.readonly()
    }

    /// Always the value that this path leads to.
    pub fn mirrors(mut self, path: &'static str) -> Self {
        self.mirrors = true;
        self.indexed = false;
        self.depends = vec![path.into()];
        self.related = Some(path.into());
        self.readonly()
    }

    /// Of a template: read from its only variant, and written to it.
    pub fn of_the_only(self, compute: Compute) -> Self {
        Self { readonly: false, ..self.computed(compute) }
    }

    pub fn default(mut self, value: Datum) -> Self {
        self.default = value;
        self
    }

    /// Rounded to so many decimals.
    pub fn digits(mut self, digits: i32) -> Self {
        self.digits = Some(digits);
        self
    }

    /// Cut to so many characters.
    pub fn size(mut self, size: usize) -> Self {
        self.size = Some(size);
        self
    }

    pub fn help(mut self, text: &'static str) -> Self {
        self.help = Some(text);
        self
    }

    /// Not known to those before.
    pub fn since(mut self, version: Version) -> Self {
        self.since = version;
        self
    }

    /// Not known to those after.
    pub fn until(mut self, version: Version) -> Self {
        self.until = version;
        self
    }

    /// Whether a value of its own stands in the record.
    pub fn is_stored(&self) -> bool {
        self.compute.is_none() && !self.inherited && !self.mirrors && !matches!(self.kind, Kind::One2many(..))
    }
}

/// What a plain internal user may do with the records of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rights {
    Nothing,
    Read,
    All,
}

/// A model: its fields and the little that sets it apart.
#[derive(Clone)]
pub(crate) struct Model {
    pub name: &'static str,
    pub title: &'static str,
    pub order: &'static str,
    pub fields: Vec<Field>,
    pub rights: Rights,
    /// The path to the salesperson whose own document a record is.
    pub owner: Option<&'static str>,
    /// The path to the company whose record one is; the rules hide those of other companies.
    pub company: Option<&'static str>,
    /// The many2one fields whose targets must be of the record's own company.
    pub of_company: &'static [&'static str],
    /// The fields that names search (`_rec_names_search`).
    pub name_fields: &'static [&'static str],
    /// The field no two records have the same value in, and what is said of a second one.
    pub unique: Option<(&'static str, &'static str)>,
    /// Whether a record may be read by whom the record it hangs on may be: the field that holds its id.
    pub hangs_on: Option<&'static str>,
    /// The many2one whose target's fields this model has too (`_inherits`).
    pub inherits: Option<&'static str>,
    slots: HashMap<String, usize>,
}

impl Model {
    pub fn new(name: &'static str, title: &'static str, fields: Vec<Field>) -> Self {
        Self {
            name,
            title,
            order: "id",
            fields,
            rights: Rights::Read,
            owner: None,
            company: None,
            of_company: &[],
            name_fields: &["name"],
            unique: None,
            hangs_on: None,
            inherits: None,
            slots: HashMap::new(),
        }
    }

    pub fn order(mut self, order: &'static str) -> Self {
        self.order = order;
        self
    }

    pub fn rights(mut self, rights: Rights) -> Self {
        self.rights = rights;
        self
    }

    pub fn owner(mut self, path: &'static str) -> Self {
        self.owner = Some(path);
        self
    }

    pub fn company(mut self, path: &'static str) -> Self {
        self.company = Some(path);
        self
    }

    pub fn of_company(mut self, fields: &'static [&'static str]) -> Self {
        self.of_company = fields;
        self
    }

    pub fn name_fields(mut self, fields: &'static [&'static str]) -> Self {
        self.name_fields = fields;
        self
    }

    pub fn unique(mut self, field: &'static str, message: &'static str) -> Self {
        self.unique = Some((field, message));
        self
    }

    pub fn hangs_on(mut self, field: &'static str) -> Self {
        self.hangs_on = Some(field);
        self
    }

    pub fn inherits(mut self, field: &'static str) -> Self {
        self.inherits = Some(field);
        self
    }

    pub fn slot(&self, field: &str) -> Option<usize> {
        self.slots.get(field).copied()
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(self.slot(name)?)
    }

    fn index(mut self, version: Version) -> Self {
        self.fields.retain(|field| (field.since..=field.until).contains(&version));
        self.slots =
            self.fields.iter().enumerate().map(|(slot, field)| (field.name.to_string(), slot)).collect();
        self
    }
}

/// All models of one version.
pub(crate) struct Schema {
    pub version: Version,
    models: HashMap<&'static str, Arc<Model>>,
}

impl Schema {
    pub fn new(version: Version, models: Vec<Model>) -> Self {
        let models = models.into_iter().map(|model| (model.name, Arc::new(model.index(version)))).collect();
        Self { version, models }
    }

    pub fn get(&self, name: &str) -> Option<&Arc<Model>> {
        self.models.get(name)
    }

    /// Every model, in the order of names.
    pub fn models(&self) -> Vec<&Arc<Model>> {
        let mut models: Vec<_> = self.models.values().collect();
        models.sort_by_key(|model| model.name);
        models
    }
}
