//! A setting of the firm.

use crate::record::record;

record! {
    /// A setting of the firm.
    "setting" in "settings", seen by [Everybody];
    /// Its name.
    key: String => required, length(100), filter, sort;
    /// Its value.
    value: Json => required;
}
