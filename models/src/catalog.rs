//! What the records of a lake actually carry: which fields and attributes have values.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The fields and attributes that have any value, by entity (`account`, `user`, `product`,
/// `opportunity`). A bare dimension name such as `region` is resolved by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Catalog {
    /// Fields and attributes with values, attributes by their bare name.
    pub mapped: BTreeMap<String, BTreeSet<String>>,
    /// Attributes (columns `attr_<name>` of the dimension table), with values or not.
    pub attributes: BTreeMap<String, BTreeSet<String>>,
}

impl Catalog {
    /// Takes in what another knows.
    pub fn join(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.mapped, &other.mapped),
            (&mut self.attributes, &other.attributes),
        ] {
            for (entity, names) in other {
                let own = own.entry(entity.clone()).or_default();
                own.extend(names.iter().cloned());
            }
        }
    }

    /// Whether `name` has values in `entity`, as a field or as an attribute.
    pub fn has(&self, entity: &str, name: &str) -> bool {
        self.mapped
            .get(entity)
            .is_some_and(|names| names.contains(name))
    }

    /// Whether `name` is an attribute of `entity`.
    pub fn is_attribute(&self, entity: &str, name: &str) -> bool {
        self.attributes
            .get(entity)
            .is_some_and(|names| names.contains(name))
    }
}
