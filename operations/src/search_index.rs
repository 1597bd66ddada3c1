//! The table that search and hints are answered from: what each record can be found by.
//!
//! A text is found by its bigrams, the pairs of neighbouring characters of each word, and the last
//! character alone; so every part of a word of two characters or more is found by its own bigrams, and
//! one character by the grams that begin with it. (Full text search of SQLite, by trigrams, finds
//! nothing for 阀门; and PostgreSQL's has no Chinese.) A telephone number is also kept whole, without
//! punctuation. The unit of work keeps the table up in the transaction of the change.
//!
//! A gram says what one must see to be told of it: [`Sight`]. The table narrows down; what a row is
//! found by is checked on the row as its reader sees it.

use std::collections::BTreeSet;

use millrace_models::scope::Visibility;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Alias, Condition, Expr, OnConflict, Query, SelectStatement};

use crate::caller::{Caller, column_of};
use crate::error::Result;
use crate::names::{fold, phone_key};
use crate::resource::{Hidden, Resource};
use crate::row::{Row, integer};
use crate::unit::Unit;

const TABLE: &str = "search_grams";
/// The resources whose records are in the table.
pub(crate) const INDEXED: [&str; 4] = ["account", "contact", "opportunity", "quote"];
/// The greatest character: behind all grams that begin with another.
const LAST: char = char::MAX;

/// How many grams of a question are asked for.
const MOST: usize = 16;
/// Up to how many records of a gram are counted: beyond, it is as common as any.
const COUNTED: u64 = 2_000;

/// What one must see to find a record by a gram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sight {
    /// The record.
    Record = 0,
    /// Contact details, which the pool hides.
    ContactDetail = 1,
    /// Telephone numbers in full.
    Phone = 2,
    /// Nothing: a whole number, to find duplicates by.
    WholePhone = 3,
}

impl Sight {
    pub(crate) fn code(self) -> i64 {
        self as i64
    }
}

type Terms = BTreeSet<(Sight, String)>;

/// The grams of a text.
fn grams(text: &str) -> BTreeSet<String> {
    let mut grams = BTreeSet::new();
    for word in fold(text).split_whitespace() {
        let characters: Vec<char> = word.chars().collect();
        grams.extend(characters.windows(2).map(|pair| pair.iter().collect()));
        grams.extend(characters.last().map(char::to_string));
    }
    grams
}

/// What a record can be found by; nothing once it is deleted.
fn terms(resource: &'static Resource, row: &Row) -> Terms {
    let mut terms = Terms::new();
    if row.get("deleted_at").is_some_and(|value| !value.is_null()) {
        return terms;
    }
    for field in resource.fields.iter().filter(|field| field.searched) {
        let Some(text) = row.get(field.name).and_then(|value| value.as_str()) else {
            continue;
        };
        let sight = match field.hidden {
            Some(Hidden::Without(_)) => continue,
            Some(Hidden::Phone) => Sight::Phone,
            None if field.pool_hidden => Sight::ContactDetail,
            None => Sight::Record,
        };
        terms.extend(grams(text).into_iter().map(|gram| (sight, gram)));
        if sight == Sight::Phone {
            terms.extend(phone_key(text).map(|key| (Sight::WholePhone, key)));
        }
    }
    terms
}

/// Whether two versions of a record are found by the same: most changes are of other fields.
fn is_found_alike(resource: &'static Resource, before: &Row, after: &Row) -> bool {
    let same = |name: &str| before.get(name) == after.get(name);
    let mut searched = resource.fields.iter().filter(|field| field.searched);
    same("deleted_at") && searched.all(|field| same(field.name))
}

impl Unit {
    /// Brings the table up to a change of a record.
    pub(crate) async fn index(
        &self,
        resource: &'static Resource,
        before: Option<&Row>,
        after: &Row,
    ) -> Result<()> {
        if !INDEXED.contains(&resource.name)
            || before.is_some_and(|before| is_found_alike(resource, before, after))
        {
            return Ok(());
        }
        let old = before.map(|row| terms(resource, row)).unwrap_or_default();
        let new = terms(resource, after);
        let id = integer(after, "id").unwrap_or_default();
        for sight in [
            Sight::Record,
            Sight::ContactDetail,
            Sight::Phone,
            Sight::WholePhone,
        ] {
            let gone = old.difference(&new).filter(|(of, _)| *of == sight);
            let gone: Vec<&str> = gone.map(|(_, gram)| gram.as_str()).collect();
            if gone.is_empty() {
                continue;
            }
            let delete = Query::delete()
                .from_table(TABLE)
                .and_where(Expr::col("entity").eq(resource.name))
                .and_where(Expr::col("gram").is_in(gone))
                .and_where(Expr::col("sight").eq(sight.code()))
                .and_where(Expr::col("record_id").eq(id))
                .to_owned();
            self.run(&delete).await?;
        }
        let come: Vec<_> = new.difference(&old).collect();
        for come in come.chunks(1_000) {
            let mut insert = Query::insert();
            insert
                .into_table(TABLE)
                .columns(["entity", "gram", "sight", "record_id"])
                .on_conflict(OnConflict::new().do_nothing().to_owned());
            for (sight, gram) in come {
                insert.values_panic([
                    resource.name.into(),
                    gram.as_str().into(),
                    sight.code().into(),
                    id.into(),
                ]);
            }
            self.run(&insert).await?;
        }
        Ok(())
    }
}

/// The rows in which all of the words may occur for the caller: none of those in which they do is
/// left out.
///
/// The rarest gram is looked up, and the others are asked for each record that has it: to read the
/// lists of all grams took a hundred times as long for 阀门有限公司 among 200,000 accounts, since every
/// name ends alike.
pub(crate) async fn narrowed<C: ConnectionTrait>(
    connection: &C,
    caller: &Caller,
    resource: &'static Resource,
    words: &[&str],
) -> Result<Condition> {
    let mut all = Condition::all();
    if !INDEXED.contains(&resource.name) {
        return Ok(all);
    }
    let sights = sights(caller);
    let mut counted = Vec::new();
    for gram in asked(words) {
        let some = records(resource, &sights, gram.clone())
            .limit(COUNTED)
            .to_owned();
        let count = Query::select()
            .expr(Expr::cust("COUNT(*)"))
            .from_subquery(some, Alias::new("some_records"))
            .to_owned();
        let row = connection.query_one(&count).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        counted.push((count, gram));
    }
    counted.sort_by_key(|(count, _)| *count);
    for (index, (_, gram)) in counted.into_iter().enumerate() {
        let mut ids = records(resource, &sights, gram);
        all = if index == 0 {
            all.add(column_of(resource, "id").in_subquery(ids))
        } else {
            ids.and_where(Expr::col((TABLE, "record_id")).eq(column_of(resource, "id")));
            all.add(Expr::exists(ids))
        };
    }
    Ok(all)
}

/// The grams that words are looked for by, as conditions; of long questions the first.
fn asked(words: &[&str]) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for word in words {
        let characters: Vec<char> = fold(word).chars().collect();
        conditions.extend(characters.windows(2).map(|pair| {
            let gram: String = pair.iter().collect();
            Condition::all().add(Expr::col((TABLE, "gram")).eq(gram))
        }));
        if let [one] = characters.as_slice() {
            let range = Condition::all()
                .add(Expr::col((TABLE, "gram")).gte(one.to_string()))
                .add(Expr::col((TABLE, "gram")).lt(format!("{one}{LAST}")));
            conditions.push(range);
        }
    }
    conditions.truncate(MOST);
    conditions
}

/// The records of a resource that have a gram.
pub(crate) fn records(
    resource: &'static Resource,
    sights: &[Sight],
    gram: Condition,
) -> SelectStatement {
    Query::select()
        .expr(Expr::col((TABLE, "record_id")))
        .from(Alias::new(TABLE))
        .and_where(Expr::col((TABLE, "entity")).eq(resource.name))
        .cond_where(gram)
        .and_where(Expr::col((TABLE, "sight")).is_in(sights.iter().map(|sight| sight.code())))
        .to_owned()
}

/// The records with that telephone number.
pub(crate) fn with_phone(resource: &'static Resource, key: &str) -> SelectStatement {
    let whole = Condition::all().add(Expr::col((TABLE, "gram")).eq(key));
    records(resource, &[Sight::WholePhone], whole)
}

fn sights(caller: &Caller) -> Vec<Sight> {
    let mut sights = vec![Sight::Record, Sight::ContactDetail];
    if caller.rights.sees(Visibility::FullPhone) {
        sights.push(Sight::Phone);
    }
    sights
}

#[cfg(test)]
mod tests {
    use super::grams;

    #[test]
    fn words_are_cut_into_pairs() {
        let cut = |text: &str| grams(text).into_iter().collect::<Vec<_>>();
        assert_eq!(cut("阀门"), ["门", "阀门"]);
        assert_eq!(cut("AB c"), ["ab", "b", "c"]);
        assert!(cut("  ").is_empty());
    }
}
