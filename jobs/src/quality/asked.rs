//! Which fields are asked of a record, and what it gives.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use millrace_models::completeness::{Completeness, Form, Wanted, has_form, shipped};
use millrace_models::entity::Entity;
use millrace_models::identity::SYSTEM;

use crate::store::{Record, Systems, Value};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Given<'a> {
    Text(&'a str),
    Number(f64),
    Something,
}

/// The value of a field of a record.
pub(super) fn given<'a>(record: &'a Record, entity: Entity, field: &str) -> Option<Given<'a>> {
    Some(match record.get(entity, field)? {
        Value::Text(text) if text.trim().is_empty() => return None,
        Value::Text(text) => Given::Text(text),
        Value::Amount(amount) => Given::Number(*amount as f64),
        Value::Number(number) => Given::Number(*number),
        Value::Time(_) | Value::Date(_) | Value::Integer(_) => Given::Something,
    })
}

/// What is said of a record: weights, and fields as bits by their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) filled: u32,
    pub(super) applicable: u32,
    pub(super) missing: u32,
    pub(super) invalid: u32,
}

/// The fields that are asked of the records of each system, as bits by their order.
#[derive(Debug)]
pub(super) struct Asked {
    wanted: &'static Completeness,
    by_system: HashMap<u16, u32>,
}

/// The fields that are asked of the records of each system by its name, by entity.
pub(crate) type Askings = BTreeMap<String, BTreeMap<String, u32>>;

impl Asked {
    /// Of records that come with their system; `has` says whether one fills a field.
    pub(super) fn of<R>(
        entity: Entity,
        systems: &Systems,
        records: impl Iterator<Item = (u16, R)>,
        has: impl Fn(&R, &str) -> bool,
    ) -> anyhow::Result<Self> {
        let wanted = declared(entity)?;
        let all = bits(wanted, |_| true);
        let mut by_system: HashMap<u16, u32> = HashMap::new();
        for (system, record) in records {
            let known = by_system.entry(system).or_insert_with(|| {
                let own = systems.name(system) == SYSTEM;
                if own { all } else { 0 }
            });
            if *known != all {
                *known |= bits(wanted, |field| has(&record, &field.name));
            }
        }
        Ok(Self { wanted, by_system })
    }

    /// With what was asked for before, and whether these records ask for nothing beyond it.
    pub(super) fn joined(
        mut self,
        entity: Entity,
        systems: &Systems,
        before: &Askings,
    ) -> (Self, bool) {
        let before = before.get(entity.name());
        let mut same = true;
        for (system, bits) in &self.by_system {
            let known = before.and_then(|own| own.get(systems.name(*system)));
            same &= known.is_some_and(|known| known | bits == *known);
        }
        for (name, bits) in before.into_iter().flatten() {
            if let Some(system) = systems.find(name) {
                *self.by_system.entry(system).or_default() |= bits;
            }
        }
        (self, same)
    }

    /// By the names of the systems.
    pub(super) fn named(&self, systems: &Systems) -> BTreeMap<String, u32> {
        let each = self.by_system.iter();
        each.map(|(system, bits)| (systems.name(*system).to_owned(), *bits))
            .collect()
    }

    /// Of records of one system, of which it is known which fields are filled.
    pub(super) fn filled(
        entity: Entity,
        systems: &Systems,
        system: u16,
        has: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Self> {
        let wanted = declared(entity)?;
        let own = systems.name(system) == SYSTEM;
        let asked = bits(wanted, |field| own || has(&field.name));
        Ok(Self {
            wanted,
            by_system: HashMap::from([(system, asked)]),
        })
    }

    /// Judges a record by its fields.
    pub(super) fn judge<'a>(
        &self,
        system: u16,
        value: impl Fn(&str) -> Option<Given<'a>>,
    ) -> Judgement {
        let asked = self.by_system.get(&system).copied().unwrap_or(0);
        let mut judgement = Judgement::default();
        for (place, field) in self.wanted.fields.iter().enumerate() {
            let bit = 1_u32 << place;
            let applies = field.when.as_ref().is_none_or(|when| {
                let other = value(&when.field);
                matches!(other, Some(Given::Text(text)) if when.is.iter().any(|own| own == text))
            });
            if asked & bit == 0 || !applies {
                continue;
            }
            judgement.applicable += field.weight;
            match value(&field.name) {
                None => judgement.missing |= bit,
                Some(given) if is_right(field, given) => judgement.filled += field.weight,
                Some(_) => judgement.invalid |= bit,
            }
        }
        judgement
    }
}

fn declared(entity: Entity) -> anyhow::Result<&'static Completeness> {
    shipped(entity.name())?.ok_or_else(|| anyhow::anyhow!("nothing is asked of {}", entity.name()))
}

fn bits(wanted: &Completeness, is: impl Fn(&Wanted) -> bool) -> u32 {
    let fields = wanted.fields.iter().enumerate();
    fields
        .filter(|(_, field)| is(field))
        .fold(0, |bits, (place, _)| bits | 1 << place)
}

fn is_right(field: &Wanted, given: Given<'_>) -> bool {
    match (field.valid, given) {
        (None, _) => true,
        (Some(Form::Positive), Given::Number(number)) => number > 0.0,
        (Some(form), Given::Text(text)) => has_form(form, text),
        (Some(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(fields: &[(&str, Given<'_>)], name: &str) -> (Asked, Judgement) {
        let mut systems = Systems::default();
        let system = systems.number(name);
        let has =
            |own: &&[(&str, Given<'_>)], field: &str| own.iter().any(|(name, _)| *name == field);
        let records = std::iter::once((system, fields));
        let asked = Asked::of(Entity::Opportunity, &systems, records, has).unwrap();
        let value = |field: &str| {
            let found = fields.iter().find(|(name, _)| *name == field);
            found.map(|(_, given)| *given)
        };
        let judgement = asked.judge(system, value);
        (asked, judgement)
    }

    #[test]
    fn a_source_is_asked_for_what_it_carries() {
        let fields = [
            ("account", Given::Something),
            ("amount", Given::Number(0.0)),
            ("outcome", Given::Text("open")),
        ];
        let (_, judgement) = judge(&fields, "crm");
        assert_eq!((judgement.filled, judgement.applicable), (1, 2));
        assert_eq!(judgement.missing, 0);
        assert_eq!(judgement.invalid.count_ones(), 1);
        // operations carries everything: of an open deal no reason why it was lost is asked
        let (asked, judgement) = judge(&fields, SYSTEM);
        assert_eq!((judgement.filled, judgement.applicable), (1, 6));
        assert_eq!(judgement.missing.count_ones(), 4);
        assert_eq!(asked.judge(7, |_| None), Judgement::default());
    }
}
