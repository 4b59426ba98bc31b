//! The types of fields.

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Char,
    Text,
    Html,
    Integer,
    Float,
    Monetary,
    Boolean,
    Date,
    Datetime,
    /// Base64
    Binary,
    Json,
    /// `model,id`
    Reference,
    /// An id, with the field that names its model.
    Many2oneReference(&'static str),
    /// Fields a user adds: the link to the record that defines them, and its field that does.
    Properties(&'static str, &'static str),
    PropertiesDefinition,
    Selection(&'static [(&'static str, &'static str)]),
    Many2one(&'static str),
    /// The other model and its field that points back.
    One2many(&'static str, &'static str),
    Many2many(&'static str),
}

impl Kind {
    /// `type` in `fields_get`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Char => "char",
            Self::Text => "text",
            Self::Html => "html",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Monetary => "monetary",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Binary => "binary",
            Self::Json => "json",
            Self::Reference => "reference",
            Self::Many2oneReference(_) => "many2one_reference",
            Self::Properties(..) => "properties",
            Self::PropertiesDefinition => "properties_definition",
            Self::Selection(_) => "selection",
            Self::Many2one(_) => "many2one",
            Self::One2many(..) => "one2many",
            Self::Many2many(_) => "many2many",
        }
    }

    /// The model a relational field points to.
    pub fn relation(&self) -> Option<&'static str> {
        match self {
            Self::Many2one(model) | Self::One2many(model, _) | Self::Many2many(model) => Some(model),
            _ => None,
        }
    }

    pub fn is_x2many(&self) -> bool {
        matches!(self, Self::One2many(..) | Self::Many2many(_))
    }

    /// Whether `ORDER BY` and `GROUP BY` can have it.
    pub fn is_sortable(&self) -> bool {
        let whole =
            matches!(self, Self::Binary | Self::Json | Self::Properties(..) | Self::PropertiesDefinition);
        !self.is_x2many() && !whole
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Float | Self::Monetary | Self::Many2oneReference(_))
    }
}
