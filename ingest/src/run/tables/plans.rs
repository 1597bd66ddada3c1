//! How the cells of a row of a table are read.

use millrace_models::entity::Entity;

use super::TableJob;
use crate::convert::{AttributePlan, FieldPlan, Place, Value, ZoneClock};
use crate::database::{Cells, Reader};
use crate::error::IngestError;
use crate::known::identity;
use crate::mapping::{DeletedWhen, Origin, Source};
use crate::profile::Reading;
use crate::run::Run;
use crate::run::prepare::check_constant;

/// The column that tells records apart.
pub(super) fn key_column(source: &Source) -> Option<&str> {
    let column = |name: &str| {
        let mapping = source
            .fields
            .iter()
            .find(|mapping| mapping.field.name == name)?;
        match &mapping.origin {
            Origin::Column(column) => Some(column.as_str()),
            Origin::Value(_) => None,
        }
    };
    if !source.entity.has_id() {
        return None;
    }
    column("id").or_else(|| column("name").filter(|_| source.entity.is_named()))
}

/// How the cells of a row are read.
pub(super) struct Plans<'a> {
    pub(super) fields: Vec<FieldPlan>,
    pub(super) attributes: Vec<AttributePlan>,
    /// The cell that a row is called by: its id, or its cursor where it has none.
    pub(super) name: usize,
    /// What says that a row is no more, and where.
    pub(super) deleted: Option<(&'a DeletedWhen, usize)>,
    /// The names of the cells.
    pub(super) columns: Vec<String>,
}

impl<'a> Plans<'a> {
    pub(super) fn new(
        run: &Run<'_>,
        job: &TableJob<'a>,
        reader: &Reader,
    ) -> Result<Self, IngestError> {
        let mut fields = Vec::new();
        for mapping in &job.source.fields {
            let Some(place) = Place::new(&mapping.origin, |name| reader.position(name)) else {
                continue;
            };
            let clock = ZoneClock::new(run.zone, run.options.company_zone);
            // What a whole column would decide about texts is not known: more rows will come.
            let plan = FieldPlan::new(mapping, place, Reading::default(), clock);
            check_constant(run, job.source, mapping, &plan)?;
            fields.push(plan);
        }
        let attributes = job.source.attributes.iter().filter_map(|mapping| {
            let place = Place::new(&mapping.origin, |name| reader.position(name))?;
            Some(AttributePlan::new(mapping, place))
        });
        let name = key_column(job.source).unwrap_or(&job.table.cursor);
        let deleted = job.table.deleted.as_ref();
        Ok(Self {
            fields,
            attributes: attributes.collect(),
            name: reader.position(name).unwrap_or_default(),
            deleted: deleted.and_then(|when| Some((when, reader.position(&when.column)?))),
            columns: reader.columns.iter().map(|own| own.name.clone()).collect(),
        })
    }

    fn field(&self, name: &str) -> Option<&FieldPlan> {
        self.fields.iter().find(|plan| plan.field.name == name)
    }

    /// What the record of a row is known by.
    pub(super) fn identity(&self, entity: Entity, cells: &Cells) -> Option<u128> {
        let value = |name: &str| {
            let plan = self.field(name)?;
            plan.convert(plan.place.cell(cells), false).ok()
        };
        let text = |name: &str| match value(name) {
            Some(Value::Text(text)) => Some(text.into_owned()),
            _ => None,
        };
        let version = match value("version").filter(|_| entity == Entity::Quote) {
            Some(Value::Integer(version)) => Some(version),
            _ => None,
        };
        let name = text("name").filter(|_| entity.is_named());
        identity(text("id").as_deref(), name.as_deref(), version)
    }

    /// The cells that say who a row is and whether it is no more.
    pub(super) fn telling(&self) -> Vec<usize> {
        let plans = ["id", "name", "version"].into_iter();
        let places = plans.filter_map(|name| match self.field(name)?.place {
            Place::Column(index) => Some(index),
            Place::Constant(_) => None,
        });
        let mut cells: Vec<usize> = places.chain(self.deleted.map(|(_, index)| index)).collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }
}
