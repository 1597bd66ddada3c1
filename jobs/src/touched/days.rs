//! Days: on which who wrote, and which days there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use hashbrown::{HashMap, HashSet};
use millrace_lake::{PublishedSet, Table};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::entity::Entity;
use millrace_models::identity::SYSTEM;

use super::Touching;
use super::people::People;
use crate::cycles::day_number;
use crate::partial;
use crate::raw::Rows;
use crate::replace::read;
use crate::store::{Text, text_at};
use crate::world::Known;

/// What is known of days.
#[derive(Default)]
pub(super) struct Days {
    pub(super) known: Known,
    /// Writes by person and day; `None` where they are counted from all records, or not needed.
    pub(super) writes: Option<HashMap<(Text, i32), i32>>,
    pub(super) counted_anew: bool,
}

impl Touching<'_> {
    /// Adds the days that are made anew to the marts.
    pub(super) fn days(
        &mut self,
        base: &PublishedSet,
        tables: &BTreeMap<String, Table>,
        people: Box<People>,
        calendar: &WorkingCalendar,
        now: DateTime<Utc>,
        marts: &mut BTreeMap<&'static str, partial::Rows>,
    ) -> anyhow::Result<Days> {
        let day = |at: DateTime<Utc>| calendar.date(at.timestamp_micros());
        let (last, today) = (day(base.published_at), day(now));
        if last.year() != today.year() {
            marts.insert("calendar", partial::Rows::All);
        }
        let mut from_files = false;
        for entity in [Entity::Interaction, Entity::BusinessWrite] {
            if self.has_new(entity) {
                self.find(entity, Rows::since(self.from(entity)), &[], |batch, row| {
                    from_files |= text_at(batch, "_source", row).as_deref() != Some(SYSTEM);
                })?;
            }
        }
        let People {
            mut users,
            mut systems,
            known,
            duties_changed,
            ..
        } = *people;
        let mut days = Days {
            known,
            ..Days::default()
        };
        let is_touched =
            from_files || duties_changed || last != today || self.has_new(Entity::BusinessWrite);
        if !is_touched {
            return Ok(days);
        }
        // The mart says by their ids who wrote: of two who are called alike it cannot tell which.
        if from_files || users.share_an_id() {
            days.counted_anew = true;
            marts.insert("user_days", partial::Rows::All);
            return Ok(days);
        }
        let mut writes = match tables.get("marts/user_days") {
            Some(table) => written(table, calendar)?,
            None => HashMap::new(),
        };
        let mut first: HashMap<Text, i32> = HashMap::new();
        for (user, day) in writes.keys() {
            let first = first.entry(user.clone()).or_insert(*day);
            *first = (*first).min(*day);
        }
        let mut touched: HashSet<NaiveDate> = HashSet::new();
        let mut all = duties_changed || writes.is_empty();
        let mut found: Vec<(Text, NaiveDate)> = Vec::new();
        let new = Rows::since(self.from(Entity::BusinessWrite));
        self.find(Entity::BusinessWrite, new, &["user", "at"], |batch, row| {
            let at = batch.column_by_name("at");
            let at = at.and_then(|own| own.as_primitive_opt::<TimestampMicrosecondType>());
            let at = at.filter(|at| at.is_valid(row)).map(|at| at.value(row));
            if let (Some(user), Some(at_us)) = (text_at(batch, "user", row), at) {
                let system = text_at(batch, "_source", row);
                let system = systems.number(system.as_deref().unwrap_or(""));
                let user = users.resolve(system, &user);
                found.push((users.get(user).id.clone(), calendar.date(at_us)));
            }
        })?;
        for (user, date) in found {
            let day = day_number(date);
            // Who has written before is expected from then on.
            all |= date < today && first.get(&user).is_none_or(|first| day < *first);
            touched.insert(date);
            *writes.entry((user, day)).or_default() += 1;
        }
        let mut next = last;
        while next < today {
            next += TimeDelta::days(1);
            touched.insert(next);
        }
        let rows = if all {
            partial::Rows::All
        } else {
            let moments = touched
                .into_iter()
                .map(|date| calendar.start_of_day_us(date));
            partial::Rows::At("at", Arc::new(moments.collect()))
        };
        marts.insert("user_days", rows);
        days.writes = Some(writes);
        Ok(days)
    }
}

/// The writes by person and day of the set before.
fn written(table: &Table, calendar: &WorkingCalendar) -> anyhow::Result<HashMap<(Text, i32), i32>> {
    let mut writes = HashMap::new();
    for file in table.files() {
        for batch in read(file, Some(&["user_id", "at", "writes"]))? {
            let batch = batch?;
            let column = |name: &str| batch.column_by_name(name);
            let (Some(users), Some(at), Some(counts)) = (
                column("user_id").and_then(|own| own.as_string_opt::<i32>()),
                column("at").and_then(|own| own.as_primitive_opt::<TimestampMicrosecondType>()),
                column("writes").and_then(|own| own.as_primitive_opt::<Int32Type>()),
            ) else {
                continue;
            };
            for row in (0..batch.num_rows()).filter(|row| counts.value(*row) > 0) {
                let day = day_number(calendar.date(at.value(row)));
                writes.insert((Text::from(users.value(row)), day), counts.value(row));
            }
        }
    }
    Ok(writes)
}
