//! Which columns a table has, and how they are asked for.

use super::Kind;
use super::connection::{Connection, Texts};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Text,
    Flag,
    /// Whole numbers.
    Whole,
    /// Whole numbers from 0 on, which may be beyond those of 64 bits with a sign.
    Unsigned,
    Decimal,
    Float,
    /// Floats of 32 bits, which `MySQL` would cut to six digits as text.
    Single,
    /// Bits of `MySQL`.
    Bits,
    Day,
    /// A time without a zone.
    Local,
    /// A time in a zone, asked for in UTC.
    Moment,
    Bytes,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: ColumnKind,
    /// Its type as the database calls it.
    pub(crate) native: String,
    /// Whether it is never null.
    pub(crate) is_filled: bool,
    /// Whether no two rows share its value.
    pub(crate) is_unique: bool,
}

const POSTGRES_COLUMNS: &str = "\
SELECT a.attname::text, COALESCE(b.typname, t.typname)::text, format_type(a.atttypid, -1), a.attnotnull::text, \
 (EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid \
   AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum))::text \
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype \
WHERE a.attrelid = to_regclass($1::text) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

const POSTGRES_TABLES: &str = "\
SELECT CASE WHEN pg_table_is_visible(c.oid) THEN c.relname::text ELSE n.nspname || '.' || c.relname END \
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
 AND n.nspname NOT LIKE 'pg\\_toast%' ORDER BY 1";

const MYSQL_COLUMNS: &str = "\
SELECT CAST(c.column_name AS CHAR), CAST(c.data_type AS CHAR), CAST(c.column_type AS CHAR), \
 CASE c.is_nullable WHEN 'NO' THEN 'true' ELSE 'false' END, \
 CASE WHEN EXISTS (SELECT 1 FROM information_schema.statistics s WHERE s.table_schema = c.table_schema \
   AND s.table_name = c.table_name AND s.column_name = c.column_name AND s.non_unique = 0 \
   AND NOT EXISTS (SELECT 1 FROM information_schema.statistics o WHERE o.table_schema = s.table_schema \
     AND o.table_name = s.table_name AND o.index_name = s.index_name AND o.seq_in_index > 1)) \
  THEN 'true' ELSE 'false' END \
FROM information_schema.columns c \
WHERE c.table_schema = COALESCE(NULLIF(?, ''), DATABASE()) AND c.table_name = ? ORDER BY c.ordinal_position";

const MYSQL_TABLES: &str = "\
SELECT CAST(table_name AS CHAR) FROM information_schema.tables \
WHERE table_schema = COALESCE(NULLIF(?, ''), DATABASE()) ORDER BY 1";

/// The name of a table as it stands in a statement.
pub(super) fn quoted_table(kind: Kind, table: &str) -> String {
    let parts: Vec<String> = table.split('.').map(|part| kind.quoted(part)).collect();
    parts.join(".")
}

/// The columns of a table; none where there is no such table.
pub(super) async fn columns(
    connection: &mut Connection,
    table: &str,
) -> Result<Vec<Column>, sqlx::Error> {
    let rows = match connection.kind() {
        Kind::Postgres => {
            let name = quoted_table(Kind::Postgres, table);
            connection.all(POSTGRES_COLUMNS, &[name]).await?
        }
        Kind::MySql => {
            let (schema, name) = table.split_once('.').unwrap_or(("", table));
            let bound = [schema.to_owned(), name.to_owned()];
            connection.all(MYSQL_COLUMNS, &bound).await?
        }
    };
    let kind = connection.kind();
    Ok(rows.into_iter().map(|row| column(kind, row)).collect())
}

/// The tables that there are beside the one named, those of another schema with its name.
pub(super) async fn tables(
    connection: &mut Connection,
    table: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let (sql, schema) = match connection.kind() {
        Kind::Postgres => (POSTGRES_TABLES, None),
        Kind::MySql => (
            MYSQL_TABLES,
            Some(table.split_once('.').map_or("", |own| own.0)),
        ),
    };
    let bound: Vec<String> = schema.map(str::to_owned).into_iter().collect();
    let rows = connection.all(sql, &bound).await?;
    let names = rows.into_iter().flatten().flatten();
    Ok(match schema {
        None | Some("") => names.collect(),
        Some(schema) => names.map(|name| format!("{schema}.{name}")).collect(),
    })
}

fn column(database: Kind, row: Texts) -> Column {
    let mut texts = row.into_iter().map(Option::unwrap_or_default);
    let mut next = || texts.next().unwrap_or_default();
    let (name, base, native) = (next(), next(), next());
    let kind = match database {
        Kind::Postgres => postgres(&base),
        Kind::MySql => mysql(&base, &native),
    };
    Column {
        name,
        kind,
        native,
        is_filled: next() == "true",
        is_unique: next() == "true",
    }
}

fn postgres(base: &str) -> ColumnKind {
    match base {
        "bool" => ColumnKind::Flag,
        "int2" | "int4" | "int8" => ColumnKind::Whole,
        "numeric" => ColumnKind::Decimal,
        "float4" | "float8" => ColumnKind::Float,
        "date" => ColumnKind::Day,
        "timestamp" => ColumnKind::Local,
        "timestamptz" => ColumnKind::Moment,
        "bytea" => ColumnKind::Bytes,
        _ => ColumnKind::Text,
    }
}

fn mysql(base: &str, native: &str) -> ColumnKind {
    match base.to_ascii_lowercase().as_str() {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => {
            if native.contains("unsigned") {
                ColumnKind::Unsigned
            } else {
                ColumnKind::Whole
            }
        }
        "bit" => ColumnKind::Bits,
        "decimal" => ColumnKind::Decimal,
        "double" => ColumnKind::Float,
        "float" => ColumnKind::Single,
        "date" => ColumnKind::Day,
        "datetime" => ColumnKind::Local,
        "timestamp" => ColumnKind::Moment,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            ColumnKind::Bytes
        }
        _ => ColumnKind::Text,
    }
}

impl Column {
    /// What asks for its text.
    pub(super) fn text(&self, database: Kind) -> String {
        let name = database.quoted(&self.name);
        match (database, self.kind) {
            // enough to know them by
            (Kind::Postgres, ColumnKind::Bytes) => {
                format!("encode(substring({name} FROM 1 FOR 16), 'hex')")
            }
            (Kind::Postgres, _) => format!("{name}::text"),
            (Kind::MySql, ColumnKind::Bytes) => format!("CAST(HEX(LEFT({name}, 16)) AS CHAR)"),
            (Kind::MySql, ColumnKind::Single) => format!("CAST({name} + 0e0 AS CHAR)"),
            (Kind::MySql, ColumnKind::Bits) => format!("CAST({name} + 0 AS CHAR)"),
            (Kind::MySql, _) => format!("CAST({name} AS CHAR)"),
        }
    }

    /// The n-th bound text as a value of its type, so that both are compared as they are sorted.
    pub(super) fn bound(&self, database: Kind, number: usize) -> String {
        let text = database.bound(number);
        match (database, self.kind) {
            (Kind::Postgres, _) => format!("{text}::{}", self.native),
            (Kind::MySql, ColumnKind::Whole) => format!("CAST({text} AS SIGNED)"),
            (Kind::MySql, ColumnKind::Unsigned | ColumnKind::Bits) => {
                format!("CAST({text} AS UNSIGNED)")
            }
            (Kind::MySql, ColumnKind::Decimal) => format!("CAST({text} AS DECIMAL(65, 30))"),
            (Kind::MySql, ColumnKind::Day) => format!("CAST({text} AS DATE)"),
            (Kind::MySql, ColumnKind::Local | ColumnKind::Moment) => {
                format!("CAST({text} AS DATETIME(6))")
            }
            (Kind::MySql, _) => text,
        }
    }
}
