//! The rows of one table, in pages.

use super::Kind;
use super::address::Address;
use super::catalog::{self, Column, ColumnKind};
use super::connection::{Connection, Each, Failure, Texts};
use super::cursor::{number_of, overlap, text_of};
use super::marks::Horizon;
use crate::error::IngestError;
use crate::mapping::TableSource;
use crate::nearest::nearest;
use crate::source::position;

/// Rows of a page.
const PAGE_ROWS: usize = 5_000;
/// What is asked of a table.
pub(crate) struct Wanted<'a> {
    pub(crate) source: &'a TableSource,
    /// Columns, and what is mapped to each.
    pub(crate) columns: Vec<(String, String)>,
    /// The column that rows of equal cursors are sorted by: that of the ids, where there are ids.
    pub(crate) key: Option<String>,
    /// Whether rows may share a key, and only the keys are wanted.
    pub(crate) keys_only: bool,
}

/// Reads one table, in one snapshot.
pub(crate) struct Reader {
    connection: Connection,
    address: Address,
    /// What the table is called in messages and in `_file`.
    pub(crate) label: String,
    table: String,
    /// The columns that are asked for, in the order of the cells of a row.
    pub(crate) columns: Vec<Column>,
    cursor: Column,
    key: Option<Column>,
    keys_only: bool,
    overlap: i64,
}

/// How far the pages have come.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Nothing below it is asked for.
    pub(crate) from: Option<i64>,
    /// Cursor and key of the last row.
    last: Option<(String, String)>,
    /// The highest cursor so far.
    pub(crate) seen: Option<i64>,
}

impl Page {
    /// The first page of what is not below `from`.
    pub(crate) fn from(from: Option<i64>) -> Self {
        Self {
            from,
            ..Self::default()
        }
    }
}

impl Reader {
    /// Connects, and looks the table and its columns up.
    pub(crate) async fn open(address: Address, wanted: Wanted<'_>) -> Result<Self, IngestError> {
        let label = format!("{}/{}", address.shown, wanted.source.table);
        let mut connection = match Connection::open(&address).await {
            Ok(connection) => connection,
            Err(error) => {
                return Err(IngestError::Unreachable {
                    database: address.shown.clone(),
                    detail: address.cleaned(&error.to_string()),
                });
            }
        };
        let unreadable = |address: &Address, error: sqlx::Error| IngestError::Table {
            table: label.clone(),
            detail: address.cleaned(&error.to_string()),
        };
        let all = catalog::columns(&mut connection, &wanted.source.table)
            .await
            .map_err(|error| unreadable(&address, error))?;
        if all.is_empty() {
            let tables = catalog::tables(&mut connection, &wanted.source.table)
                .await
                .map_err(|error| unreadable(&address, error))?;
            return Err(IngestError::UnknownTable {
                database: address.shown.clone(),
                nearest: nearest(&wanted.source.table, tables.iter().map(String::as_str)),
                table: wanted.source.table.clone(),
                tables,
            });
        }
        let names: Vec<String> = all.iter().map(|column| column.name.clone()).collect();
        let find = |name: &str, what: &str| match position(&names, name) {
            Some(index) => Ok(all[index].clone()),
            None => Err(IngestError::UnknownColumn {
                file: label.clone().into(),
                sheet: None,
                column: name.to_owned(),
                field: what.to_owned(),
                nearest: nearest(name, names.iter().map(String::as_str)),
                columns: names.clone(),
            }),
        };
        let mut columns: Vec<Column> = Vec::new();
        for (name, what) in &wanted.columns {
            let column = find(name, what)?;
            if !columns.iter().any(|own| own.name == column.name) {
                columns.push(column);
            }
        }
        let cursor = find(&wanted.source.cursor, "`cursor`")?;
        let overlap = overlap(&label, wanted.source, &cursor)?;
        let key = match &wanted.key {
            Some(name) => {
                let key = find(name, "the id")?;
                if !can_be_key(&key) {
                    let (name, native) = (&key.name, &key.native);
                    let detail = format!(
                        "{name:?} is {native}, which is no id: map a column of text or whole numbers"
                    );
                    return Err(IngestError::Table {
                        table: label,
                        detail,
                    });
                }
                Some(key)
            }
            None => all
                .iter()
                .find(|column| column.is_unique && column.is_filled && can_be_key(column))
                .cloned(),
        };
        Ok(Self {
            table: catalog::quoted_table(connection.kind(), &wanted.source.table),
            connection,
            address,
            label,
            columns,
            cursor,
            key,
            keys_only: wanted.keys_only,
            overlap,
        })
    }

    /// The position of a column among the cells of a row.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        let names: Vec<String> = self.columns.iter().map(|own| own.name.clone()).collect();
        position(&names, name)
    }

    /// From here on all is read as it stands now. Which transactions are running, where the
    /// database tells.
    pub(crate) async fn begin(&mut self) -> Result<Option<Horizon>, IngestError> {
        let begun = self.connection.begin().await;
        begun.map_err(|error| self.failed(error.into()))?;
        if self.connection.kind() == Kind::MySql {
            return Ok(None);
        }
        let sql =
            "SELECT pg_is_in_recovery()::text, txid_snapshot_xmin(txid_current_snapshot())::text";
        let told = self.connection.all(sql, &[]).await;
        let told = told.map_err(|error| self.failed(error.into()))?;
        let told: Vec<String> = told.into_iter().flatten().flatten().collect();
        let [recovers, oldest] = told.as_slice() else {
            return Ok(None);
        };
        if recovers == "true" {
            return Ok(None); // a replica hands no numbers out
        }
        // On a connection of its own: a transaction with a number would be waited for by others
        // for as long as this one reads.
        let next = async {
            let mut other = Connection::open(&self.address).await?;
            let next = other.all("SELECT txid_current()::text", &[]).await?;
            other.close().await?;
            Ok(next)
        };
        let next: Vec<Texts> = next
            .await
            .map_err(|error| self.failed(Failure::Database(error)))?;
        let next = next.into_iter().flatten().flatten().next();
        Ok(match (oldest.parse(), next.map(|next| next.parse())) {
            (Ok(oldest), Some(Ok(next))) => Some(Horizon { oldest, next }),
            _ => None,
        })
    }

    /// Where a reading begins that must overlap what was read up to a mark.
    pub(crate) fn below(&self, mark: Option<i64>) -> Option<i64> {
        mark.map(|mark| mark.saturating_sub(self.overlap))
    }

    /// Gives the next rows to `each`, or only their keys; whether there may be more. Where rows have
    /// no key at all they come at once, as a stream.
    pub(crate) async fn next(
        &mut self,
        page: &mut Page,
        each: Each<'_>,
    ) -> Result<bool, IngestError> {
        let kind = self.connection.kind();
        let cursor = kind.quoted(&self.cursor.name);
        let key = self.key.as_ref().map(|key| kind.quoted(&key.name));
        let mut bound = Vec::new();
        let from = match (&page.last, &self.key, page.from) {
            (Some((last, id)), Some(key), _) => {
                bound.extend([last.clone(), last.clone(), id.clone()]);
                format!(
                    "{cursor} >= {} AND ({cursor} > {} OR {} >= {})",
                    self.cursor.bound(kind, 1),
                    self.cursor.bound(kind, 2),
                    kind.quoted(&key.name),
                    key.bound(kind, 3)
                )
            }
            (_, _, Some(from)) => {
                bound.push(text_of(&self.cursor, from));
                format!("{cursor} >= {}", self.cursor.bound(kind, 1))
            }
            _ => format!("{cursor} IS NOT NULL"),
        };
        let order = match &key {
            Some(key) => format!("{cursor}, {key}"),
            None => cursor,
        };
        let group = if self.keys_only {
            format!(" GROUP BY {order}")
        } else {
            String::new()
        };
        let limit = match &key {
            Some(_) => format!(" LIMIT {PAGE_ROWS}"),
            None => String::new(),
        };
        let sql = format!(
            "SELECT {} FROM {} WHERE {from}{group} ORDER BY {order}{limit}",
            self.selected(),
            self.table
        );
        let (column, label) = (self.cursor.clone(), self.label.clone());
        let (mut read, mut again) = (0, page.last.clone());
        let (keyed, keys_only) = (key.is_some(), self.keys_only);
        let mut take = |mut row: Texts| {
            read += 1;
            let id = if keyed { row.pop().flatten() } else { None };
            let Some(at) = row.pop().flatten() else {
                return Ok(());
            };
            let Some(number) = number_of(&column, &at) else {
                return Err(IngestError::Cursor {
                    table: label.clone(),
                    column: column.name.clone(),
                    what: format!("holds {at:?}"),
                });
            };
            page.seen = page.seen.max(Some(number));
            let place = (at, id.unwrap_or_default());
            // A page begins with the row that the one before ended with.
            if again.take_if(|last| *last == place).is_some() {
                return Ok(());
            }
            if keys_only {
                row.push(Some(place.1.clone()));
            }
            page.last = Some(place);
            each(row)
        };
        let done = self.connection.each(sql, &bound, &mut take).await;
        done.map_err(|failure| self.failed(failure))?;
        Ok(keyed && read == PAGE_ROWS)
    }

    /// Gives the rows that no page has to `each`: without a cursor, or without a key.
    pub(crate) async fn irregular(
        &mut self,
        from: Option<i64>,
        each: Each<'_>,
    ) -> Result<(), IngestError> {
        let kind = self.connection.kind();
        let cursor = kind.quoted(&self.cursor.name);
        let mut conditions = Vec::new();
        let mut bound = Vec::new();
        if !self.cursor.is_filled {
            conditions.push(format!("{cursor} IS NULL"));
        }
        if let Some(key) = self.key.as_ref().filter(|key| !key.is_filled) {
            let mut condition = format!("{} IS NULL", kind.quoted(&key.name));
            if let Some(from) = from {
                bound.push(text_of(&self.cursor, from));
                condition.push_str(&format!(" AND {cursor} >= {}", self.cursor.bound(kind, 1)));
            }
            conditions.push(format!("({condition})"));
        }
        if conditions.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "SELECT {} FROM {} WHERE {}",
            self.texts(self.columns.iter()),
            self.table,
            conditions.join(" OR ")
        );
        let done = self.connection.each(sql, &bound, each);
        done.await.map_err(|failure| self.failed(failure))
    }

    /// Gives all rows with these keys to `each`, the keys as the table has them.
    pub(crate) async fn with_keys(
        &mut self,
        keys: &[String],
        each: Each<'_>,
    ) -> Result<(), IngestError> {
        let Some(key) = self.key.clone() else {
            return Ok(());
        };
        let kind = self.connection.kind();
        let (name, cursor) = (kind.quoted(&key.name), kind.quoted(&self.cursor.name));
        let places: Vec<String> = (1..=keys.len())
            .map(|number| key.bound(kind, number))
            .collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE {name} IN ({}) ORDER BY {name}, {cursor}",
            self.texts(self.columns.iter()),
            self.table,
            places.join(", ")
        );
        let done = self.connection.each(sql, keys, each);
        done.await.map_err(|failure| self.failed(failure))
    }

    /// Gives some cells of every row to `each`, with the key behind them, sorted by it.
    pub(crate) async fn list(
        &mut self,
        cells: &[usize],
        each: Each<'_>,
    ) -> Result<(), IngestError> {
        let Some(key) = &self.key else {
            return Ok(());
        };
        let kind = self.connection.kind();
        let columns = cells.iter().map(|index| &self.columns[*index]);
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {}",
            self.texts(columns.chain([key])),
            self.table,
            kind.quoted(&key.name)
        );
        let done = self.connection.each(sql, &[], each);
        done.await.map_err(|failure| self.failed(failure))
    }

    /// Ends the snapshot.
    pub(crate) async fn close(self) -> Result<(), IngestError> {
        let Self {
            connection,
            address,
            label,
            ..
        } = self;
        connection
            .close()
            .await
            .map_err(|error| IngestError::Table {
                table: label,
                detail: address.cleaned(&error.to_string()),
            })
    }

    /// What pages select: the cells, the cursor and the key.
    fn selected(&self) -> String {
        let cells = if self.keys_only {
            &[]
        } else {
            self.columns.as_slice()
        };
        self.texts(cells.iter().chain([&self.cursor]).chain(&self.key))
    }

    fn texts<'a>(&self, columns: impl Iterator<Item = &'a Column>) -> String {
        let kind = self.connection.kind();
        let texts: Vec<String> = columns.map(|column| column.text(kind)).collect();
        texts.join(", ")
    }

    fn failed(&self, failure: Failure) -> IngestError {
        match failure {
            Failure::Taker(error) => error,
            Failure::Database(error) => IngestError::Table {
                table: self.label.clone(),
                detail: self.address.cleaned(&error.to_string()),
            },
        }
    }
}

/// Whether equal values have equal texts, and texts can be compared with.
fn can_be_key(column: &Column) -> bool {
    !matches!(
        column.kind,
        ColumnKind::Bytes | ColumnKind::Float | ColumnKind::Single
    )
}
