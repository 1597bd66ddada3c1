//! The files of a table, each as a table of its own.

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};

use super::error::QueryError;
use super::tables::Opened;

impl Opened {
    /// The addresses of the files that a registered table reads; none where it is more than the rows
    /// of files.
    pub(super) async fn files(&self, table: &str) -> Result<Option<Vec<String>>, QueryError> {
        let provider = self
            .context
            .table_provider(TableReference::bare(table))
            .await?;
        Ok(provider.downcast_ref::<ListingTable>().map(|listing| {
            let paths = listing.table_paths().iter();
            paths.map(|path| path.as_str().to_owned()).collect()
        }))
    }

    /// Makes one file of a registered table a table, and says its name.
    pub(super) async fn part(&self, table: &str, file: &str) -> Result<String, QueryError> {
        let provider = self
            .context
            .table_provider(TableReference::bare(table))
            .await?;
        let options =
            ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
        let config = ListingTableConfig::new(ListingTableUrl::parse(file)?)
            .with_listing_options(options)
            .with_schema(provider.schema());
        let name = format!("{table} in {file}");
        if !self.has(&name) {
            self.add(&name, Arc::new(ListingTable::try_new(config)?))?;
        }
        Ok(name)
    }
}
