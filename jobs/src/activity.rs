//! What people do: interactions with accounts, and on which days they wrote business records.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::{Days, NaiveDate};
use hashbrown::{HashMap, HashSet};
use millrace_models::entity::Entity;
use millrace_models::identity::SYSTEM;

use crate::bearings::Bearing;
use crate::columns::{Columns, flags, texts, times, wholes};
use crate::cycles::day_number;
use crate::facts::set_dimensions;
use crate::orders::made_id;
use crate::raw::Raw;
use crate::store::{
    Record, Systems, Text, Versions, each_row, is_whole, op_at, record_at, seq_at, text_at,
};
use crate::texts::NONE;
use crate::visits::Extent;
use crate::world::{Dictionaries, Dimensions, World};

const ENTITY: Entity = Entity::Interaction;
const WRITE: Entity = Entity::BusinessWrite;

/// Interactions, and who wrote when.
#[derive(Default)]
pub(crate) struct Activity {
    interactions: Vec<Record>,
    /// What each is called.
    ids: Vec<Text>,
    /// Of each interaction.
    bearings: Vec<Bearing>,
    /// System, user and moment of each business write.
    writes: Vec<(u16, Text, i64)>,
    /// Writes by users and days since 1970.
    pub(crate) days: HashMap<(u32, i32), i32>,
}

/// Reads the interactions up to `as_of_us`. Those with an id are in their newest version.
pub(crate) fn load(
    interactions: &Raw,
    writes: &Raw,
    systems: &mut Systems,
    as_of_us: Option<i64>,
) -> anyhow::Result<Activity> {
    let unseen = |at_us: i64| as_of_us.is_some_and(|as_of_us| at_us > as_of_us);
    let mut all: Vec<Option<Record>> = Vec::new();
    let mut ids: Vec<Text> = Vec::new();
    let mut index: HashMap<(u16, Text), usize> = HashMap::new();
    each_row(
        interactions,
        systems,
        None,
        |system, deleted, batch, row| {
            let record = record_at(ENTITY, system, batch, row);
            let id = record.text(ENTITY, "id").cloned();
            let known = id.as_ref().and_then(|id| index.get(&(system, id.clone())));
            if deleted {
                if let Some(place) = known {
                    all[*place] = None;
                }
                return;
            }
            if let Some(place) = known {
                let whole = is_whole(op_at(batch, row).as_deref());
                match &mut all[*place] {
                    Some(own) if !whole => own.fill(record),
                    own => *own = Some(record),
                }
                return;
            }
            // one without an id is called by its place in the raw table, which it keeps
            ids.push(id.clone().unwrap_or_else(|| made_id(seq_at(batch, row))));
            if let Some(id) = id {
                index.insert((system, id), all.len());
            }
            all.push(Some(record));
        },
    )?;
    let happened = |record: &Record| record.time(ENTITY, "at").map(|at| at.at_us);
    let seen = |record: &Record| happened(record).is_some_and(|at_us| !unseen(at_us));
    let all = all.into_iter().zip(ids);
    let all = all.filter_map(|(record, id)| Some((record.filter(seen)?, id)));
    let (interactions, ids): (Vec<Record>, Vec<Text>) = all.unzip();
    let mut found = Vec::new();
    each_row(writes, systems, None, |system, _, batch, row| {
        let record = record_at(WRITE, system, batch, row);
        if let (Some(user), Some(at)) = (text_at(batch, "user", row), record.time(WRITE, "at"))
            && !unseen(at.at_us)
        {
            found.push((system, user, at.at_us));
        }
    })?;
    // An interaction of a source without such a list is a write of who it was.
    let told: HashSet<u16> = found.iter().map(|(system, ..)| *system).collect();
    for record in &interactions {
        let written = record.time(ENTITY, "recorded_at");
        let at = written.or(record.time(ENTITY, "at"));
        if let (Some(by), Some(at)) = (record.text(ENTITY, "by"), at)
            && systems.name(record.system) != SYSTEM
            && !told.contains(&record.system)
            && !unseen(at.at_us)
        {
            found.push((record.system, by.clone(), at.at_us));
        }
    }
    Ok(Activity {
        interactions,
        ids,
        writes: found,
        ..Activity::default()
    })
}

impl Activity {
    /// Finds what the records name.
    pub(crate) fn resolve(&mut self, world: &mut World) {
        let own = |record: &Record| Bearing::of(world, ENTITY, record, "by");
        self.bearings = self.interactions.iter().map(own).collect();
        for (system, user, at_us) in std::mem::take(&mut self.writes) {
            let user = world.users.resolve(system, &user);
            let day = day_number(world.calendar.date(at_us));
            *self.days.entry((user, day)).or_default() += 1;
        }
    }
}

struct Interaction<'a> {
    record: &'a Record,
    id: &'a str,
    opportunity: Option<&'a str>,
    at_us: i64,
    dimensions: Dimensions,
}

/// The rows of `activity`.
pub(crate) fn batch(
    activity: &Activity,
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
    now_us: i64,
) -> anyhow::Result<(RecordBatch, Extent)> {
    let mut extent = Extent::NOTHING;
    let mut own: Vec<Interaction<'_>> = Vec::with_capacity(activity.interactions.len());
    let records = activity.interactions.iter().zip(&activity.ids);
    for ((record, id), bearing) in records.zip(&activity.bearings) {
        let Some(at) = record.time(ENTITY, "at") else {
            continue;
        };
        if at.at_us <= now_us {
            extent.see(at.at_us);
        }
        let reference = record.text(ENTITY, "opportunity");
        let deal = world.deal(record.system, reference);
        own.push(Interaction {
            record,
            id,
            opportunity: deal.map(|deal| deal.id).or(reference.map(AsRef::as_ref)),
            at_us: at.at_us,
            dimensions: world.record_dimensions(bearing, deal.as_ref(), NONE, at.at_us),
        });
    }
    own.sort_by_key(|own| own.at_us);
    let kind = |own: &Interaction<'_>| own.record.text(ENTITY, "kind").cloned();
    let kinds: Vec<Option<Text>> = own.iter().map(kind).collect();
    let flag = |field: &'static str| {
        let values = own.iter();
        flags(values.map(move |own| Some(own.record.flag(ENTITY, field).unwrap_or(false))))
    };
    let late = |own: &Interaction<'_>| {
        let recorded = own.record.time(ENTITY, "recorded_at");
        recorded.is_some_and(|recorded| world.calendar.is_late(own.at_us, recorded.at_us))
    };
    let contact = |own: &Interaction<'_>| own.record.text(ENTITY, "contact").cloned();
    let contacts: Vec<Option<Text>> = own.iter().map(contact).collect();
    let mut columns = Columns::new(schema, own.len());
    columns
        .set("interaction_id", texts(own.iter().map(|own| Some(own.id))))?
        .set(
            "opportunity_id",
            texts(own.iter().map(|own| own.opportunity)),
        )?
        .set("at", times(own.iter().map(|own| Some(own.at_us))))?
        .set("kind", texts(kinds.iter().map(Option::as_deref)))?
        .set("two_way", flag("two_way"))?
        .set("effective", flag("effective"))?
        .set("contact_id", texts(contacts.iter().map(Option::as_deref)))?
        .set("late_entry", flags(own.iter().map(|own| Some(late(own)))))?;
    set_dimensions(&mut columns, dictionaries, &own, |own| own.dimensions)?;
    Ok((columns.finish()?, extent))
}

/// A person and a day.
struct UserDay {
    user: u32,
    at_us: i64,
    working: bool,
    expected: bool,
    writes: i32,
    dimensions: Dimensions,
}

/// The rows of `user_days`: from the first day on which anybody wrote, none where nobody ever did.
pub(crate) fn user_days(
    activity: &Activity,
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
    now_us: i64,
) -> anyhow::Result<RecordBatch> {
    let mut days: Vec<UserDay> = Vec::new();
    let first = activity.days.keys().map(|(_, day)| *day).min();
    let mut first_of: HashMap<u32, i32> = HashMap::new();
    for (user, day) in activity.days.keys() {
        let first = first_of.entry(*user).or_insert(*day);
        *first = (*first).min(*day);
    }
    let calendar = &world.calendar;
    let last = calendar.date(now_us);
    let span: Vec<(NaiveDate, i32, i64)> = first
        .and_then(|first| {
            NaiveDate::default().checked_add_days(Days::new(u64::try_from(first).ok()?))
        })
        .map(|first| first.iter_days().take_while(|day| *day <= last))
        .into_iter()
        .flatten()
        .map(|date| (date, day_number(date), calendar.start_of_day_us(date)))
        .collect();
    for user in (0_u32..).take(world.users.all.len()) {
        let duty = Duty::of(world, user, first_of.get(&user).copied());
        let owner = [(i64::MIN, user)];
        for (date, day, at_us) in &span {
            let writes = activity.days.get(&(user, *day)).copied().unwrap_or(0);
            let working = calendar.is_working(*date);
            let expected = working && duty.is_on(*day, *at_us);
            if writes == 0 && !expected {
                continue;
            }
            days.push(UserDay {
                user,
                at_us: *at_us,
                working,
                expected,
                writes,
                dimensions: world.dimensions(&owner, NONE, NONE, NONE, *at_us),
            });
        }
    }
    let mut columns = Columns::new(schema, days.len());
    let id = |own: &UserDay| Some(&*world.users.get(own.user).id);
    columns
        .set("user_id", texts(days.iter().map(id)))?
        .set("at", times(days.iter().map(|own| Some(own.at_us))))?
        .set("working", flags(days.iter().map(|own| Some(own.working))))?
        .set("expected", flags(days.iter().map(|own| Some(own.expected))))?
        .set("writes", wholes(days.iter().map(|own| Some(own.writes))))?;
    set_dimensions(&mut columns, dictionaries, &days, |own| own.dimensions)?;
    columns.finish()
}

/// When a person is to be at work.
struct Duty {
    /// The first day, counted from 1970.
    since: Option<i32>,
    enabled: Versions<bool>,
    /// Last days of leave, from when on they are known.
    leave: Vec<(i64, Option<i32>)>,
    left: Option<i32>,
}

impl Duty {
    /// Of a user; `first` is the first day on which they wrote.
    fn of(world: &World, user: u32, first: Option<i32>) -> Self {
        const USER: Entity = Entity::User;
        let member = world.users.get(user);
        let Some(record) = &member.record else {
            return Self {
                since: first,
                enabled: Versions::default(),
                leave: Vec::new(),
                left: None,
            };
        };
        let recorded = record.time(USER, "recorded_at");
        let recorded_day = recorded.map(|at| day_number(world.calendar.date(at.at_us)));
        let since = match (recorded_day, first) {
            (Some(recorded), Some(first)) => Some(recorded.min(first)),
            // a person of a file was there before the file was read
            (recorded, _) => Some(recorded.unwrap_or(i32::MIN)),
        };
        let known_us = recorded.map_or(record.ingested_us, |at| at.at_us);
        let history = |field| record.versions(USER, field).cloned().unwrap_or_default();
        let leave = history("on_leave_until").0.into_iter();
        let leave = leave.map(|(at_us, until)| (at_us.max(known_us), until.parse().ok()));
        Self {
            since,
            enabled: history("enabled").map(|value| Some(&**value != "0")),
            leave: leave.collect(),
            left: record.date(USER, "left_on"),
        }
    }

    /// Whether the person is enabled and not on leave on a day that begins at a moment.
    fn is_on(&self, day: i32, at_us: i64) -> bool {
        const DAY_US: i64 = 86_400_000_000;
        let end_us = at_us + DAY_US - 1;
        let leave = self
            .leave
            .iter()
            .rev()
            .find(|(from_us, _)| *from_us <= end_us);
        let on_leave = leave.is_some_and(|(_, until)| until.is_some_and(|until| day <= until));
        self.since.is_some_and(|since| day >= since)
            && self.left.is_none_or(|left| day < left)
            && self.enabled.at(end_us).copied().unwrap_or(true)
            && !on_leave
    }
}
