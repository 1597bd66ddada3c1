//! What a resource is: its table, its fields and what may be done with each of them.
//!
//! Everything that treats records alike (writing, the change log, lists, masks, validation, and the
//! HTTP layer with its OpenAPI document) works from these descriptions; a test compares them with
//! the columns of both databases.

use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::scope::Visibility;
use sea_orm::JsonValue;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// One of a fixed list of words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Integer,
    /// Money in fen (hundredths of the company's currency unit, or of the one that the record names).
    Money,
    /// A price of one unit, in millionths of a currency unit.
    UnitPrice,
    /// A share in basis points: 10,000 are the whole.
    BasisPoints,
    /// An exchange rate, in millionths.
    Rate,
    /// A quantity, in thousandths of the unit.
    Quantity,
    /// Yes or no.
    Flag,
    /// A moment, in UTC, to the microsecond.
    Time,
    /// A calendar day in the company's zone.
    Date,
    /// A JSON value.
    Json,
    /// The id of a record of the resource named.
    Reference(&'static str),
}

/// When a field is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// Left out, unless the role sees such fields.
    Without(Visibility),
    /// Masked to its first three and last four characters, unless the role sees full numbers.
    Phone,
}

/// A field of a resource.
#[derive(Debug, Clone, Copy)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each says one thing that is or is not done with the field"
)]
pub struct Field {
    /// Its name: the column, the JSON key, and the word of the contract.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether a create must give it.
    pub required: bool,
    /// Whether clients may give it; otherwise only services set it.
    pub given: bool,
    /// Whether lists can be filtered by it.
    pub filterable: bool,
    /// Whether lists can be sorted by it.
    pub sortable: bool,
    /// Whether the search words are looked for in it.
    pub searched: bool,
    /// Whether it is kept out of the change log, exports and search.
    pub secret: bool,
    /// Whether it is hidden while the account is in the pool.
    pub pool_hidden: bool,
    /// When it is not shown.
    pub hidden: Option<Hidden>,
    /// The longest text accepted, in characters.
    pub max_length: usize,
    /// The least number accepted.
    pub least: Option<i64>,
    /// The greatest number accepted.
    pub greatest: Option<i64>,
}

/// How a record belongs to people, one way of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// The column holds the user whose it is.
    Owner(&'static str),
    /// The column holds the team whose it is.
    Team(&'static str),
    /// The column holds the id of a record of another resource; who sees that one sees this.
    Through(&'static str, &'static str),
    /// The column says who owns it; while that is nobody, who may claim it sees it, without its
    /// contact details. What belongs to it is not seen this way.
    Unowned(&'static str),
    /// Everybody with the right sees it.
    Everybody,
    /// The column holds the person whom it is about: theirs, and that of who answers for the team
    /// that they are in now.
    About(&'static str),
    /// The columns hold a team and a person. What is of no person is read, and no more, by the team
    /// that it is of, or by everybody where it is of none.
    Announced(&'static str, &'static str),
    /// The column holds its author; nobody else sees it, whatever their role.
    Author(&'static str),
}

/// What lists of a resource can be filtered by that is no field of it: what other records link to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// What the filter is called: the field of the linking records that is compared.
    pub name: &'static str,
    /// The resource of the linking records.
    pub through: &'static str,
    /// Their field that holds the id of the record that they link to.
    pub to: &'static str,
}

/// The links that lists are filtered by, with the resource whose lists those are.
const LINKS: &[(&str, Link)] = &[(
    "account",
    Link {
        name: "tag_id",
        through: "account_tag",
        to: "account_id",
    },
)];

/// A resource: a table of records that are written through the change log.
#[derive(Debug)]
pub struct Resource {
    /// Its name, as in the change log, in rights, and in `millrace_models::entity` where it is there.
    pub name: &'static str,
    /// Its table.
    pub table: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// All its fields, in the order of the table.
    pub fields: &'static [Field],
    /// How its records belong to people; any of the ways suffices.
    pub paths: &'static [Path],
    /// What its human numbers begin with, if it has them (in the field `number`).
    pub prefix: Option<&'static str>,
    /// Whether clients may create, update and delete; otherwise services do.
    pub open: bool,
}

impl Resource {
    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The links that its lists can be filtered by.
    pub fn links(&self) -> impl Iterator<Item = &'static Link> {
        let own = LINKS.iter().filter(|(name, _)| *name == self.name);
        own.map(|(_, link)| link)
    }

    /// The fields that the change log keeps.
    pub fn logged_fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|field| !field.secret)
    }

    /// The fields that a create must give.
    pub fn required_fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|field| field.required)
    }

    /// Whether the author alone sees its records.
    pub fn is_personal(&self) -> bool {
        self.paths
            .iter()
            .any(|path| matches!(path, Path::Author(_)))
    }
}

impl Kind {
    /// Whether its values are whole numbers.
    pub fn is_integer(self) -> bool {
        matches!(
            self,
            Self::Integer
                | Self::Money
                | Self::UnitPrice
                | Self::BasisPoints
                | Self::Rate
                | Self::Quantity
                | Self::Reference(_)
        )
    }
}

/// A Rust type that a field can have.
pub trait FieldType {
    /// What such a field holds, unless its declaration says more.
    const KIND: Kind;
    /// Whether it can be null.
    const NULLABLE: bool = false;
}

impl FieldType for String {
    const KIND: Kind = Kind::Text;
}
impl FieldType for i64 {
    const KIND: Kind = Kind::Integer;
}
impl FieldType for bool {
    const KIND: Kind = Kind::Flag;
}
impl FieldType for DateTime<Utc> {
    const KIND: Kind = Kind::Time;
}
impl FieldType for NaiveDate {
    const KIND: Kind = Kind::Date;
}
impl FieldType for JsonValue {
    const KIND: Kind = Kind::Json;
}
impl<T: FieldType> FieldType for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;
}

/// The most money that a field takes, in fen: 10 trillion. Sums over all records stay within 64 bits,
/// and any amount within decimal(18, 2).
pub const MOST_MONEY: i64 = 1_000_000_000_000_000;

/// The longest text of a field that does not say otherwise.
const LONGEST: usize = 2_000;

impl Field {
    /// The greatest number of a field that does not say otherwise: up to there every client counts
    /// exactly, also those that have floating point only.
    pub const GREATEST: i64 = 9_007_199_254_740_991;

    /// The least and the greatest number that a client may give.
    pub fn bounds(&self) -> (i64, i64) {
        let least = match self.kind {
            Kind::Reference(_) => 1,
            _ => -Self::GREATEST,
        };
        (
            self.least.unwrap_or(least),
            self.greatest.unwrap_or(Self::GREATEST),
        )
    }

    /// A field of that type, given by clients, neither filtered nor sorted by.
    pub const fn of<T: FieldType>(name: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            doc,
            kind: T::KIND,
            nullable: T::NULLABLE,
            required: false,
            given: true,
            filterable: matches!(T::KIND, Kind::Flag),
            sortable: matches!(T::KIND, Kind::Time | Kind::Date),
            searched: false,
            secret: false,
            pool_hidden: false,
            hidden: None,
            max_length: LONGEST,
            least: None,
            greatest: None,
        }
    }

    /// A create must give it.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Only services set it.
    #[must_use]
    pub const fn computed(mut self) -> Self {
        self.given = false;
        self.required = false;
        self
    }

    /// Lists can be filtered by it.
    #[must_use]
    pub const fn filter(mut self) -> Self {
        self.filterable = true;
        self
    }

    /// Lists can be sorted by it.
    #[must_use]
    pub const fn sort(mut self) -> Self {
        self.sortable = true;
        self
    }

    /// Lists cannot be sorted by it, though it is a time.
    #[must_use]
    pub const fn unsorted(mut self) -> Self {
        self.sortable = false;
        self
    }

    /// The search words are looked for in it.
    #[must_use]
    pub const fn search(mut self) -> Self {
        self.searched = true;
        self
    }

    /// The change log, exports and search never see it.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Hidden while the account is in the pool.
    #[must_use]
    pub const fn contact_detail(mut self) -> Self {
        self.pool_hidden = true;
        self
    }

    /// A telephone number: masked for those who do not see it in full, and hidden in the pool.
    #[must_use]
    pub const fn phone(mut self) -> Self {
        self.hidden = Some(Hidden::Phone);
        self.pool_hidden = true;
        self.max_length = 40;
        self
    }

    /// A cost or a margin.
    #[must_use]
    pub const fn margin(mut self) -> Self {
        self.hidden = Some(Hidden::Without(Visibility::Margin));
        self
    }

    /// Money in fen, not below zero, for those who see amounts.
    #[must_use]
    pub const fn money(mut self) -> Self {
        self.kind = Kind::Money;
        self.least = Some(0);
        self.greatest = Some(MOST_MONEY);
        self.amount()
    }

    /// Money in fen that may be below zero, for those who see amounts.
    #[must_use]
    pub const fn signed_money(mut self) -> Self {
        self.kind = Kind::Money;
        self.least = Some(-MOST_MONEY);
        self.greatest = Some(MOST_MONEY);
        self.amount()
    }

    /// The price of one unit in millionths, for those who see amounts.
    #[must_use]
    pub const fn unit_price(mut self) -> Self {
        self.kind = Kind::UnitPrice;
        self.least = Some(0);
        self.amount()
    }

    const fn amount(mut self) -> Self {
        self.hidden = Some(Hidden::Without(Visibility::Amounts));
        self.sortable = true;
        self
    }

    /// A share in basis points, from none to the whole.
    #[must_use]
    pub const fn basis_points(mut self) -> Self {
        self.kind = Kind::BasisPoints;
        self.least = Some(0);
        self.greatest = Some(10_000);
        self
    }

    /// An exchange rate in millionths.
    #[must_use]
    pub const fn rate(mut self) -> Self {
        self.kind = Kind::Rate;
        self.least = Some(1);
        self
    }

    /// A quantity in thousandths, not below zero.
    #[must_use]
    pub const fn quantity(mut self) -> Self {
        self.kind = Kind::Quantity;
        self.least = Some(0);
        self
    }

    /// A number within those bounds, both included.
    #[must_use]
    pub const fn between(mut self, least: i64, greatest: i64) -> Self {
        self.least = Some(least);
        self.greatest = Some(greatest);
        self
    }

    /// The id of a record of that resource; lists can be filtered by it.
    #[must_use]
    pub const fn reference(mut self, resource: &'static str) -> Self {
        self.kind = Kind::Reference(resource);
        self.filter()
    }

    /// One of these words; lists can be filtered by it.
    #[must_use]
    pub const fn choice(mut self, words: &'static [&'static str]) -> Self {
        self.kind = Kind::Choice(words);
        self.filter()
    }

    /// A text of at most that many characters.
    #[must_use]
    pub const fn length(mut self, characters: usize) -> Self {
        self.max_length = characters;
        self
    }
}
