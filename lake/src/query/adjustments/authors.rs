//! Who changed a record between two sets, and why: the raw rows that the later one was made of and
//! the earlier one was not.

use std::collections::HashMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use millrace_models::entity::Entity;
use millrace_models::metric::Base;

use super::super::dimension::identifier;
use super::super::error::QueryError;
use super::super::tables::texts;
use super::super::view::View;
use crate::{Close, PublishedSet};

/// The last change of a record.
#[derive(Debug, Clone, Default)]
pub(super) struct Author {
    pub(super) at: DateTime<Utc>,
    pub(super) actor: Option<String>,
    pub(super) reason: Option<String>,
}

/// The last change of each record between two sets.
pub(super) struct Authors {
    last: HashMap<String, Author>,
    /// When the later set was made: for what nobody changed.
    seen_at: DateTime<Utc>,
}

/// The raw tables whose rows make the records of a base, and the column that names the record.
pub(super) fn made_of(base: &str) -> &'static [(Entity, &'static str)] {
    match base {
        "deal" | "stage_visit" | "stage_total" => &[
            (Entity::Opportunity, "id"),
            (Entity::StageChange, "opportunity"),
        ],
        "quote" | "quote_approval" => &[(Entity::Quote, "id")],
        "order" => &[(Entity::Order, "id")],
        "account" => &[(Entity::Account, "id"), (Entity::Order, "account")],
        "contract" => &[(Entity::Contract, "id")],
        "instalment" => &[
            (Entity::PaymentPlan, "id"),
            (Entity::ReceiptAllocation, "plan"),
            (Entity::Receipt, "plan"),
        ],
        "ticket" => &[(Entity::Ticket, "id")],
        "interaction" => &[(Entity::Interaction, "id")],
        "user_day" => &[(Entity::BusinessWrite, "user")],
        _ => &[],
    }
}

impl Authors {
    /// Of the records of a base, between a close and the next, or the newest set.
    pub(super) async fn between(
        view: View<'_>,
        base: &Base,
        close: &Close,
        next: Option<&Close>,
    ) -> Result<Self, QueryError> {
        let opened = view.opened;
        let earlier = opened.pins.set(close.set).await?;
        let later = match next {
            Some(next) => opened.pins.set(next.set).await?,
            None => opened.set.clone().into(),
        };
        let mut authors = Self {
            last: HashMap::new(),
            seen_at: next.map_or(later.published_at, |next| next.closed_at),
        };
        for (entity, column) in made_of(&base.name) {
            let (Some(from), Some(until)) = (rows(&earlier, *entity), rows(&later, *entity)) else {
                continue;
            };
            if from >= until {
                continue;
            }
            let table = opened.raw(*entity).await?;
            let sql = format!(
                "SELECT {column} AS id, _source, _file, _seq, _changed_at, _ingested_at, _actor, _reason \
                 FROM {} WHERE _seq >= {from} AND _seq < {until}",
                identifier(&table),
                column = identifier(column),
            );
            for batch in opened.run(&sql).await? {
                authors.read(&batch)?;
            }
        }
        Ok(authors)
    }

    fn read(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let column = |name: &str| batch.column_by_name(name).map(texts).transpose();
        let columns = [
            column("id")?,
            column("_source")?,
            column("_file")?,
            column("_actor")?,
            column("_reason")?,
        ];
        let [
            Some(ids),
            Some(systems),
            Some(files),
            Some(actors),
            Some(reasons),
        ] = columns
        else {
            return Ok(());
        };
        let time = |name: &str, row: usize| {
            let times = batch.column_by_name(name)?;
            let times = times.as_primitive_opt::<TimestampMicrosecondType>()?;
            times.is_valid(row).then(|| times.value(row))
        };
        let numbers = batch.column_by_name("_seq");
        let numbers = numbers.and_then(|own| own.as_primitive_opt::<Int64Type>());
        for row in 0..batch.num_rows() {
            let at = time("_changed_at", row).or(time("_ingested_at", row));
            let at = at.and_then(DateTime::from_timestamp_micros);
            let author = Author {
                at: at.unwrap_or(self.seen_at),
                actor: actors[row].clone().or_else(|| files[row].clone()),
                reason: reasons[row].clone(),
            };
            // as the marts call it: by its id, by system and id where systems share ids, by its
            // place where it has none
            let id = ids[row].as_deref().map(str::trim);
            let names = match (id, &systems[row], numbers) {
                (Some(id), Some(system), _) => vec![id.to_owned(), format!("{system}:{id}")],
                (Some(id), None, _) => vec![id.to_owned()],
                (None, _, Some(numbers)) => vec![format!("~{}", numbers.value(row))],
                (None, _, None) => Vec::new(),
            };
            for name in names {
                match self.last.get_mut(&name) {
                    Some(last) if last.at > author.at => {}
                    Some(last) => *last = author.clone(),
                    None => drop(self.last.insert(name, author.clone())),
                }
            }
        }
        Ok(())
    }

    /// Who changed a record last; nobody, where its time has come or what it refers to changed.
    pub(super) fn of(&self, record: &str) -> Author {
        let nobody = || Author {
            at: self.seen_at,
            ..Author::default()
        };
        self.last.get(record).cloned().unwrap_or_else(nobody)
    }
}

fn rows(set: &PublishedSet, entity: Entity) -> Option<u64> {
    set.inputs.get(&format!("raw/{}", entity.name())).copied()
}

#[cfg(test)]
mod tests {
    use millrace_models::metric::{Registry, TimeRole};

    use super::*;

    #[test]
    fn every_record_that_can_be_adjusted_says_what_it_is_made_of() {
        let registry = Registry::shipped().unwrap();
        let events = registry.metrics().iter();
        for metric in events.filter(|metric| metric.time.role == TimeRole::Event) {
            let made_of = made_of(&metric.entity);
            assert!(!made_of.is_empty(), "{}", metric.entity);
            for (entity, column) in made_of {
                let has = |field: &&millrace_models::entity::Field| field.name == *column;
                assert!(entity.fields().iter().any(|field| has(&field)), "{column}");
            }
        }
    }
}
