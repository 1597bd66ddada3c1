//! Bloom filters of the columns that rows are looked up by: which row groups need not be read.
//!
//! Ids say little about where their rows are, so the least and greatest of a row group exclude
//! nothing; but rows come in by time, and so the rows of one record lie in few row groups. Other
//! readers of the files know these filters, too: they are Parquet's own.

use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::bloom_filter::Sbbf;
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;

/// Files that begin with fewer rows than this have no filters.
pub(crate) const ROWS: usize = 1024;

/// Of so many texts that are not in a row group one is taken for being there.
pub(crate) const FALSE_POSITIVES: f64 = 1e-4;

/// The key of a file's metadata that names columns with texts that have blanks around them: what
/// texts are looked up by has none, and their filters know texts as they are written.
pub(crate) const PADDED: &str = "millrace.padded";

/// What raw rows are found by.
const RAW: [&str; 10] = [
    "id",
    "name",
    "number",
    "opportunity",
    "account",
    "contract",
    "renews",
    "plan",
    "receipt",
    "quote",
];

/// What the rows of marts are found by that are made anew.
const MARTS: [(&str, &str); 12] = [
    ("marts/stage_visits", "opportunity_id"),
    ("marts/conversion_cycles", "opportunity_id"),
    ("marts/opportunities", "opportunity_id"),
    ("marts/quote_outcomes", "number"),
    ("marts/orders", "order_id"),
    ("marts/contracts", "contract_id"),
    ("marts/payment_performance", "plan_id"),
    ("marts/ticket_service", "ticket_id"),
    ("marts/deliveries", "delivery_id"),
    ("marts/activity", "interaction_id"),
    ("marts/accounts", "account_id"),
    ("marts/record_quality", "record_id"),
];

/// Whether the files of a table have filters of a column.
pub(crate) fn is_looked_up(table: &str, column: &str) -> bool {
    if table.starts_with("raw/") {
        RAW.contains(&column)
    } else {
        MARTS.contains(&(table, column))
    }
}

/// Whether a row group may have one of these texts, which have no blanks around them, in a column.
/// Yes where there is no filter that says no.
///
/// # Errors
/// When the file cannot be read.
pub fn may_hold<'a>(
    file: &impl ChunkReader,
    metadata: &ArrowReaderMetadata,
    row_group: usize,
    column: &str,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<bool, ParquetError> {
    let metadata = metadata.metadata();
    let known = metadata.file_metadata().key_value_metadata();
    let padded = known.into_iter().flatten().filter(|own| own.key == PADDED);
    let padded = padded.filter_map(|own| own.value.as_deref());
    if padded
        .flat_map(|names| names.split(','))
        .any(|name| name == column)
    {
        return Ok(true);
    }
    let group = metadata.row_group(row_group);
    let mut columns = group.columns().iter();
    let Some(chunk) = columns.find(|own| own.column_path().string() == column) else {
        return Ok(true);
    };
    let Some(filter) = Sbbf::read_from_column_chunk(chunk, file)? else {
        return Ok(true);
    };
    Ok(texts.into_iter().any(|text| filter.check(text)))
}
