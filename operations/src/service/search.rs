//! Search over accounts, contacts, opportunities and quotes.
//!
//! The words of the question are looked for by the bigram table, among the rows that the caller may
//! read (accounts and leads of the pool included), and then checked on each row as the caller sees
//! it: a row is found by nothing that it does not show them, neither by a masked number nor by the
//! contact details of the pool.

use serde::Serialize;

use crate::caller::Caller;
use crate::entity::{account, contact, opportunity, quote};
use crate::error::{OperationsError, Result};
use crate::names::fold;
use crate::resource::Resource;
use crate::resources::{Seen, seen};
use crate::row::Row;
use crate::search_index::narrowed;
use crate::store::Store;

static SEARCHED: [&Resource; 4] = [
    &account::RESOURCE,
    &contact::RESOURCE,
    &opportunity::RESOURCE,
    &quote::RESOURCE,
];
/// How many candidates are checked for each row that is wanted.
const CANDIDATES: u64 = 5;
/// The most words of a question.
const WORDS: usize = 8;

/// A record that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// Its resource.
    pub entity: &'static str,
    /// The record, as the caller sees it.
    pub record: Row,
}

/// The records in which all words occur, at most `limit` of each resource, the latest first.
///
/// # Errors
///
/// When there is no word, or the limit is not from 1 to 50.
pub async fn search(store: &Store, caller: &Caller, text: &str, limit: u64) -> Result<Vec<Hit>> {
    if !(1..=50).contains(&limit) {
        return Err(OperationsError::field("limit", "must be from 1 to 50"));
    }
    let words: Vec<&str> = text.split_whitespace().take(WORDS).collect();
    if words.is_empty() {
        return Err(OperationsError::field("search", "must have a word"));
    }
    let mut hits = Vec::new();
    for resource in SEARCHED {
        let found = find(store, caller, resource, &words, limit).await?;
        hits.extend(found.into_iter().map(|record| Hit {
            entity: resource.name,
            record,
        }));
    }
    Ok(hits)
}

/// The records of one resource in which all words occur.
pub(super) async fn find(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    words: &[&str],
    limit: u64,
) -> Result<Vec<Row>> {
    let wanted = Seen {
        resource,
        condition: narrowed(store.reader(), caller, resource, words).await?,
        latest: "id",
        pool: true,
        limit: limit * CANDIDATES,
    };
    let mut rows = seen(store.reader(), caller, wanted).await?;
    rows.retain(|row| words.iter().all(|word| shows(resource, row, word)));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// Whether the row, as it is seen, has the word in one of its searched fields.
fn shows(resource: &'static Resource, row: &Row, word: &str) -> bool {
    let word = fold(word);
    let searched = resource.fields.iter().filter(|field| field.searched);
    searched
        .filter_map(|field| row.get(field.name)?.as_str())
        .any(|text| fold(text).contains(&word))
}
