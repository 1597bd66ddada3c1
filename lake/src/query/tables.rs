//! One published set as tables of a `DataFusion` session.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono::DateTime;
use chrono_tz::Tz;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::FunctionRegistry;
use datafusion::prelude::{SessionConfig, SessionContext};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::marts;
use tokio::sync::{OnceCell, RwLock};

use super::dimension::Labels;
use super::error::QueryError;
use super::functions;
use super::lists::Lists;
use super::pins::Pins;
use super::quantile::Kept;
use super::rollup::Rollups;
use crate::{Lake, LakeError, Made, PublishedSet, Table, TableFile};

/// The visits that have ended: all partitions of `stage_visits` but those of open visits.
pub(super) const FINISHED_VISITS: &str = "finished_stage_visits";
/// How accounts stand: of `account_health` the day that was scored last.
pub(super) const STANDING: &str = "account_standing";
/// The partitions of the visits that have not.
const OPEN_VISITS: [&str; 2] = [marts::VISITS_OPEN, marts::VISITS_ENDED];

/// Distinct values are kept for every caller; when so many are, all are forgotten.
const KEPT_VALUES: usize = 2_000_000;
const KEPT_LISTS: usize = 10_000;

/// A table by the name that statements call it by.
pub(super) type Named = (String, Arc<dyn TableProvider>);

/// Ids and the words that people read for them.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    pub(super) label: HashMap<String, String>,
    pub(super) id: BTreeMap<String, String>,
}

/// What an engine keeps from one set to the next.
#[derive(Clone, Default)]
pub(super) struct Memory {
    pub(super) rollups: Option<Arc<Rollups>>,
    pub(super) lists: Option<Arc<Lists>>,
}

/// A published set, ready to be asked.
pub(super) struct Opened {
    pub(super) set: PublishedSet,
    pub(super) zone: Tz,
    pub(super) calendar: Arc<WorkingCalendar>,
    pub(super) context: SessionContext,
    /// What beside the versions of its tables the answers of a set follow from, as a number.
    pub(super) basis: u64,
    /// The rows of its tables (`marts/orders`).
    rows: HashMap<String, u64>,
    /// The sums that numbers are added up from; none where nothing is to be kept.
    pub(super) rollups: Option<Arc<Rollups>>,
    /// The members of dimensions by files; none where nothing is to be kept.
    pub(super) lists: Option<Arc<Lists>>,
    /// The tables of sets that months are closed on, which are read on demand.
    pub(super) pins: Pins,
    labels: [OnceCell<Arc<Dictionary>>; 3],
    /// Distinct values by the SQL that selects them, which says whose they are, too.
    values: RwLock<HashMap<String, Arc<Vec<String>>>>,
}

impl Opened {
    /// Opens a set; with `in_order` each statement is worked on by one thread, so that its sums are
    /// the same to the last bit whenever it is asked.
    pub(super) async fn open(
        lake: &Lake,
        set: PublishedSet,
        zone: Tz,
        calendar: &Arc<WorkingCalendar>,
        memory: Memory,
        pins: &Pins,
        in_order: bool,
    ) -> Result<Self, QueryError> {
        let mut config = SessionConfig::new()
            .with_information_schema(false)
            .set_bool("datafusion.sql_parser.enable_ident_normalization", false)
            .with_collect_statistics(true);
        if in_order {
            // what several threads add up differs in its last bit from one time to the next
            config = config.with_target_partitions(1);
        }
        let context = SessionContext::new_with_config(config);
        functions::register(&context, calendar);
        let mut rows = HashMap::new();
        for (name, version) in &set.versions {
            let Some(mart) = name.strip_prefix("marts/") else {
                continue;
            };
            let table = lake.table_at(name, *version).await?;
            rows.insert(name.clone(), table.rows());
            for (name, own) in providers(mart, &table, &table)? {
                context.register_table(name, own)?;
            }
        }
        // a set of an earlier program has no marts that came since
        for mart in marts::TABLES {
            if !set.versions.contains_key(&format!("marts/{mart}")) {
                for (name, own) in nothing(mart)? {
                    context.register_table(name, own)?;
                }
            }
        }
        Ok(Self {
            basis: basis(&set)?,
            rows,
            rollups: memory.rollups,
            lists: memory.lists,
            set,
            zone,
            calendar: Arc::clone(calendar),
            context,
            pins: pins.clone(),
            labels: Default::default(),
            values: RwLock::default(),
        })
    }

    /// How many rows a table has (`marts/orders`).
    pub(super) fn rows(&self, table: &str) -> u64 {
        self.rows.get(table).copied().unwrap_or_default()
    }

    /// Runs a select.
    pub(super) async fn run(&self, sql: &str) -> Result<Vec<RecordBatch>, QueryError> {
        tracing::debug!(sql, "query");
        Ok(self.context.sql(sql).await?.collect().await?)
    }

    /// Runs a select whose exact quantiles keep their values.
    pub(super) async fn run_kept(
        &self,
        sql: &str,
        kept: &Kept,
    ) -> Result<Vec<RecordBatch>, QueryError> {
        tracing::debug!(sql, "query");
        let mut state = self.context.state();
        state.register_udaf(Arc::new(kept.udaf()))?;
        let context = SessionContext::new_with_state(state);
        Ok(context.sql(sql).await?.collect().await?)
    }

    /// The words for the ids of a dimension table.
    pub(super) async fn labels(&self, labels: Labels) -> Result<Arc<Dictionary>, QueryError> {
        let dictionary = self.labels[labels as usize]
            .get_or_try_init(|| async move {
                let (table, key) = labels.table();
                let mut dictionary = Dictionary::default();
                for batch in self
                    .run(&format!("SELECT {key}, label FROM {table}"))
                    .await?
                {
                    let ids = texts(batch.column(0))?;
                    let labels = texts(batch.column(1))?;
                    for (id, label) in ids.into_iter().zip(labels) {
                        let Some(id) = id else { continue };
                        let label = label.unwrap_or_else(|| id.clone());
                        dictionary.id.insert(label.clone(), id.clone());
                        dictionary.label.insert(id, label);
                    }
                }
                Ok::<_, QueryError>(Arc::new(dictionary))
            })
            .await?;
        Ok(Arc::clone(dictionary))
    }

    /// The distinct texts that a select of one column gives, sorted, without nulls; `parts` may know
    /// them from elsewhere.
    pub(super) async fn distinct(
        &self,
        sql: &str,
        parts: impl AsyncFnOnce() -> Result<Option<Vec<String>>, QueryError>,
    ) -> Result<Arc<Vec<String>>, QueryError> {
        if let Some(values) = self.values.read().await.get(sql) {
            return Ok(Arc::clone(values));
        }
        let values = if let Some(values) = parts().await? {
            values
        } else {
            let mut values = Vec::new();
            for batch in self.run(sql).await? {
                values.extend(texts(batch.column(0))?.into_iter().flatten());
            }
            values.sort();
            values
        };
        let values = Arc::new(values);
        let mut kept = self.values.write().await;
        let count: usize = kept.values().map(|values| values.len()).sum();
        if count + values.len() > KEPT_VALUES || kept.len() >= KEPT_LISTS {
            kept.clear();
        }
        kept.insert(sql.to_owned(), Arc::clone(&values));
        Ok(values)
    }
}

/// What beside the versions of its tables the answers of a set follow from, as a number: all that it
/// says but for when and of what it was made.
fn basis(set: &PublishedSet) -> Result<u64, QueryError> {
    let said = PublishedSet {
        id: 0,
        published_at: DateTime::default(),
        complete_to: DateTime::default(),
        versions: BTreeMap::new(),
        inputs: BTreeMap::new(),
        first_event_at: None,
        last_event_at: None,
        systems: BTreeSet::new(),
        asked: BTreeMap::new(),
        fence: 0,
        made: Made::default(),
        ..set.clone()
    };
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(&said)
        .map_err(LakeError::from)?
        .hash(&mut hasher);
    Ok(hasher.finish())
}

/// The texts of a column.
pub(super) fn texts(array: &ArrayRef) -> Result<Vec<Option<String>>, QueryError> {
    let array = cast(array, &DataType::Utf8)?;
    Ok(array
        .as_string::<i32>()
        .iter()
        .map(|text| text.map(str::to_owned))
        .collect())
}

/// The columns that the files of a table hold: all but its partition column.
fn columns(table: &Table) -> SchemaRef {
    let schema = table.schema();
    let kept = schema
        .fields()
        .iter()
        .filter(|field| Some(field.name().as_str()) != table.partition_column());
    Arc::new(Schema::new(kept.cloned().collect::<Vec<_>>()))
}

/// Text as views, which is how `DataFusion` reads them fastest.
fn viewed(schema: &Schema) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8 => field.as_ref().clone().with_data_type(DataType::Utf8View),
            _ => field.as_ref().clone(),
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// The tables of a mart by the names that statements call them by; where it is of an earlier time or
/// program, with the columns that its table has got since, which hold nothing.
pub(super) fn providers(
    mart: &str,
    table: &Table,
    newest: &Table,
) -> Result<Vec<Named>, QueryError> {
    let own = columns(table);
    let mut fields: Vec<_> = own.fields().iter().cloned().collect();
    let told = marts::schema(mart);
    let told = told.iter().flat_map(|schema| schema.fields());
    let told = told.filter(|field| Some(field.name().as_str()) != table.partition_column());
    for field in columns(newest).fields().iter().chain(told) {
        if fields.iter().all(|own| own.name() != field.name()) {
            fields.push(Arc::clone(field));
        }
    }
    let schema = viewed(&Schema::new(fields));
    let whole = provider(Arc::clone(&schema), table.files())?;
    let mut all = vec![(mart.to_owned(), whole)];
    if let Some(name) = beside(mart) {
        let files = table.files().iter();
        let newest = files.clone().map(|file| file.partition.as_deref()).max();
        let is_in = |file: &&TableFile| {
            let partition = file.partition.as_deref();
            if name == STANDING {
                Some(partition) == newest
            } else {
                partition.is_none_or(|own| !OPEN_VISITS.contains(&own))
            }
        };
        let files: Vec<TableFile> = files.filter(is_in).cloned().collect();
        all.push((name.to_owned(), provider(schema, &files)?));
    }
    Ok(all)
}

/// The tables of a mart without a row.
pub(super) fn nothing(mart: &str) -> Result<Vec<Named>, QueryError> {
    let Some(schema) = marts::schema(mart) else {
        return Ok(Vec::new());
    };
    let fields = schema.fields().iter();
    let fields = fields.filter(|own| Some(own.name().as_str()) != marts::partition(mart));
    let schema = viewed(&Schema::new(fields.cloned().collect::<Vec<_>>()));
    let names = [Some(mart), beside(mart)].into_iter().flatten();
    names
        .map(|name| Ok((name.to_owned(), provider(Arc::clone(&schema), &[])?)))
        .collect()
}

/// The table that holds some files of a mart.
fn beside(mart: &str) -> Option<&'static str> {
    match mart {
        "stage_visits" => Some(FINISHED_VISITS),
        "account_health" => Some(STANDING),
        _ => None,
    }
}

/// A raw table.
pub(super) fn raw(table: &Table) -> Result<Arc<dyn TableProvider>, QueryError> {
    provider(viewed(&columns(table)), table.files())
}

/// These files as a table.
fn provider(schema: SchemaRef, files: &[TableFile]) -> Result<Arc<dyn TableProvider>, QueryError> {
    if files.is_empty() {
        return Ok(Arc::new(MemTable::try_new(schema, vec![Vec::new()])?));
    }
    let urls = files
        .iter()
        .map(|file| {
            let url = url::Url::from_file_path(&file.path).map_err(|()| LakeError::Path {
                path: file.path.clone(),
            })?;
            Ok(ListingTableUrl::parse(url)?)
        })
        .collect::<Result<Vec<_>, QueryError>>()?;
    let options =
        ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(urls)
        .with_listing_options(options)
        .with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config)?))
}
