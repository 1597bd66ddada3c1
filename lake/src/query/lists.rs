//! The members of a dimension, kept for each file of its table: after a set was published only the
//! files that it added are read for them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::dimension::identifier;
use super::error::QueryError;
use super::reads::{self, Versions};
use super::tables::texts;
use super::view::View;

/// Members that are kept at most; when there are more, all are forgotten.
const KEPT: usize = 2_000_000;

/// The members that files have, by what they were read by.
#[derive(Debug, Default)]
pub(super) struct Lists {
    kept: Mutex<HashMap<String, Arc<Vec<String>>>>,
}

impl Lists {
    fn get(&self, key: &str) -> Option<Arc<Vec<String>>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).cloned()
    }

    fn keep(&self, key: String, members: Arc<Vec<String>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let count: usize = kept.values().map(|members| 1 + members.len()).sum();
        if count + members.len() > KEPT {
            kept.clear();
        }
        kept.insert(key, members);
    }
}

/// The distinct texts that a select gives of all files of a table, sorted; none where the table is
/// not several files. `select` is given what stands in the table's place.
pub(super) async fn distinct(
    view: View<'_>,
    table: &str,
    joined: Option<&str>,
    select: impl Fn(&str) -> String,
) -> Result<Option<Vec<String>>, QueryError> {
    let opened = view.opened;
    let Some(lists) = &opened.lists else {
        return Ok(None);
    };
    let files = opened.files(table).await?;
    let Some(files) = files.filter(|files| files.len() > 1) else {
        return Ok(None);
    };
    let mut others = Versions::new();
    for table in joined.into_iter().chain([table]) {
        reads::take(view, table, &mut others);
    }
    others.remove(table);
    let by = format!("{others:?}\n{}", select(&view.within(table, "the part")));
    let mut all = BTreeSet::new();
    for file in &files {
        let key = format!("{file}\n{by}");
        let members = if let Some(members) = lists.get(&key) {
            members
        } else {
            let part = identifier(&opened.part(table, file).await?);
            let mut members = Vec::new();
            for batch in opened.run(&select(&view.within(table, &part))).await? {
                members.extend(texts(batch.column(0))?.into_iter().flatten());
            }
            let members = Arc::new(members);
            lists.keep(key, Arc::clone(&members));
            members
        };
        all.extend(members.iter().cloned());
    }
    Ok(Some(all.into_iter().collect()))
}
