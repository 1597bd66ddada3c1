//! Tables of databases that are not ours, as rows of cells.
//!
//! A table is read in one snapshot, by its cursor column and in pages: each goes on behind the
//! cursor and the id of the last row, so what is held is a page. Where rows have no id at all they
//! come as one stream. Every column is asked for as text in a form of our choosing, so that
//! decimals, dates and times arrive as they are written there, through no binary float.
//!
//! What is read next time begins at the [mark](Marks), which is committed with the rows.

mod address;
mod catalog;
mod cell;
mod connection;
mod cursor;
mod marks;
mod reader;

pub(crate) use address::Address;
pub(crate) use cell::{Cells, is_deleted};
pub(crate) use connection::Texts;
pub(crate) use marks::Marks;
pub(crate) use reader::{Page, Reader, Wanted};

/// Which kind of database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    /// Also `MariaDB`.
    MySql,
}

impl Kind {
    /// A name of a table or column, as it stands in a statement.
    fn quoted(self, name: &str) -> String {
        match self {
            Kind::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
            Kind::MySql => format!("`{}`", name.replace('`', "``")),
        }
    }

    /// The n-th bound value, counted from 1.
    fn bound(self, number: usize) -> String {
        match self {
            Kind::Postgres => format!("${number}::text"),
            Kind::MySql => "?".into(),
        }
    }
}
