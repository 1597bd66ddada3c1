//! The files of a table, as who reads them is told of them: here or in another process.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A Parquet file of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// Number of rows.
    pub rows: u64,
    /// Value of the partition column, which is not in the file; `None` also where it is null.
    pub partition: Option<String>,
    /// When it was written, in milliseconds.
    pub(crate) modified_ms: i64,
    /// Delta's statistics, as JSON.
    #[serde(serialize_with = "text", deserialize_with = "shared")]
    pub(crate) statistics: Option<Arc<str>>,
}

#[allow(clippy::ref_option, reason = "serde gives it so")]
fn text<S: Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}

fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<str>>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.map(Arc::from))
}

impl TableFile {
    /// Bounds of a text column by the statistics of the log; `None` where they do not tell, or the
    /// column has no value.
    pub fn text_bounds(&self, column: &str) -> Option<(String, String)> {
        let statistics: serde_json::Value = serde_json::from_str(self.statistics.as_ref()?).ok()?;
        let bound = |side: &str| Some(statistics.get(side)?.get(column)?.as_str()?.to_owned());
        Some((bound("minValues")?, bound("maxValues")?))
    }

    /// Bounds of a column of whole numbers by the statistics of the log.
    pub fn integer_bounds(&self, column: &str) -> Option<(i64, i64)> {
        let statistics: serde_json::Value = serde_json::from_str(self.statistics.as_ref()?).ok()?;
        let bound = |side: &str| statistics.get(side)?.get(column)?.as_i64();
        Some((bound("minValues")?, bound("maxValues")?))
    }

    /// Whether the statistics say that a column has no value in this file.
    pub fn is_null(&self, column: &str) -> bool {
        let statistics = self.statistics.as_ref();
        let statistics =
            statistics.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let nulls = statistics.and_then(|own| own.get("nullCount")?.get(column)?.as_u64());
        nulls == Some(self.rows)
    }
}

/// The files of a table at one version: all that reading its rows takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileList {
    /// Name of the table in the lake, such as `raw/order`.
    pub name: String,
    /// Its files, the oldest first.
    pub files: Vec<TableFile>,
    /// Rows of all of them.
    pub rows: u64,
}
