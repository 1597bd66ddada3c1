//! The trait of all records, and the macro that declares one.

use sea_orm::{EntityTrait, ModelTrait};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::resource::Resource;

/// A record of a resource: a row of its table, as read.
pub trait Record:
    ModelTrait<Entity: EntityTrait<Model = Self>> + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// What its resource is.
    const RESOURCE: &'static Resource;

    /// Its id.
    fn id(&self) -> i64;

    /// Its version: one more with each change.
    fn version(&self) -> i64;
}

/// The sea-orm entity of a record.
pub type EntityOf<R> = <R as ModelTrait>::Entity;

/// A new or changed record: the fields that are set.
pub type Draft<R> = <EntityOf<R> as EntityTrait>::ActiveModel;

/// Declares a record: the sea-orm entity of its table and its [`Resource`].
///
/// Every record also has `id`, `recorded_at` (when it came into the system), `updated_at`,
/// `deleted_at` (deleting is marking) and `version`. After `money;` it has the columns of an amount
/// in two currencies as well. Options after `=>` are methods of [`crate::resource::Field`].
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        $name:literal in $table:tt $(, number $prefix:literal)? $(, open $open:literal)?,
        seen by [$($path:expr),+];
        money;
        $($rest:tt)*
    ) => {
        $crate::record::record! {
            $(#[doc = $doc])+
            $name in $table $(, number $prefix)? $(, open $open)?,
            seen by [$($path),+];
            $($rest)*
            /// The currency of `original_amount`, as in ISO 4217.
            currency: String => length(3), filter;
            /// The amount in that currency, tax included, in its hundredths.
            original_amount: Option<i64> => signed_money;
            /// What one unit of the currency is worth in the company's, in millionths; frozen at signing.
            rate: Option<i64> => rate;
            /// The day of that rate.
            rate_on: Option<NaiveDate>;
            /// The tax rate in basis points.
            tax_rate: Option<i64> => basis_points;
            /// The amount in the company's currency, tax included, in fen.
            amount: Option<i64> => signed_money;
            /// The amount in the company's currency without tax, in fen.
            amount_without_tax: Option<i64> => signed_money;
        }
    };
    (
        $(#[doc = $doc:literal])+
        $name:literal in $table:tt $(, number $prefix:literal)? $(, open $open:literal)?,
        seen by [$($path:expr),+];
        $(
            $(#[doc = $field_doc:literal])+
            $field:ident : $type:ty $(=> $($option:ident $(($($argument:expr),*))?),+)? ;
        )*
    ) => {
        use sea_orm::entity::prelude::{
            ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait,
            EnumIter, PrimaryKeyTrait,
        };
        #[allow(unused_imports, reason = "not every record has all types of fields")]
        use chrono::{DateTime, NaiveDate, Utc};
        #[allow(unused_imports, reason = "not every record has JSON or more than one path")]
        use sea_orm::{JsonValue, prelude::Json};
        #[allow(unused_imports, reason = "each record uses one or two of the paths")]
        use $crate::resource::{Field, Path, Path::*, Resource};

        $(#[doc = $doc])+
        #[derive(
            Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize,
        )]
        #[sea_orm(table_name = $table)]
        pub struct Model {
            /// Its id.
            #[sea_orm(primary_key)]
            pub id: i64,
            $(
                $(#[doc = $field_doc])+
                pub $field: $type,
            )*
            /// When it was recorded.
            pub recorded_at: DateTime<Utc>,
            /// When it was last changed.
            pub updated_at: DateTime<Utc>,
            /// When it was marked as deleted.
            pub deleted_at: Option<DateTime<Utc>>,
            /// Its version: one more with each change.
            pub version: i64,
        }

        /// Relations are followed by ids and sub-selects.
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}

        /// What the resource is.
        pub static RESOURCE: Resource = Resource {
            name: $name,
            table: $table,
            doc: concat!($($doc),+),
            fields: &[
                Field::of::<i64>("id", " Its id.").computed().filter().sort(),
                $(
                    Field::of::<$type>(stringify!($field), concat!($($field_doc),+))
                        $($(.$option($($($argument),*)?))+)?,
                )*
                Field::of::<DateTime<Utc>>("recorded_at", " When it was recorded.").computed().filter(),
                Field::of::<DateTime<Utc>>("updated_at", " When it was last changed.").computed().filter(),
                Field::of::<Option<DateTime<Utc>>>("deleted_at", " When it was marked as deleted.").computed().unsorted(),
                Field::of::<i64>("version", " One more with each change.").computed(),
            ],
            paths: &[$($path),+],
            prefix: $crate::record::record!(@prefix $($prefix)?),
            open: $crate::record::record!(@open $($open)?),
        };

        impl $crate::record::Record for Model {
            const RESOURCE: &'static Resource = &RESOURCE;

            fn id(&self) -> i64 {
                self.id
            }

            fn version(&self) -> i64 {
                self.version
            }
        }
    };
    (@prefix) => { None };
    (@prefix $prefix:literal) => { Some($prefix) };
    (@open) => { true };
    (@open $open:literal) => { $open };
}
pub(crate) use record;
