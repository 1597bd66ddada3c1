//! Which rows a raw table has already, so that the same content again adds nothing.
//!
//! Rows are known by hashes of their content. A record with an id is known when it equals the
//! newest version of that id, or the newest that came from the same file; where a file holds
//! several versions of one id, and for records without ids, a row is known as often as it is there.
//! Rows of a table of a database are known the same way, but an order by all its lines together: a
//! line has no name of its own by which a changed one could be told from a new one.
//!
//! Of a long table only the rows are looked at that have the keys of the new ones, as long as these
//! are few.

mod keys;
mod rows;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, not};
use hashbrown::{HashMap, HashSet};
use millrace_lake::Table;
use millrace_models::entity::Entity;
use xxhash_rust::xxh3::xxh3_64;

use self::keys::Keys;
use self::rows::{block_of, contents, each_batch, ids, seqs, text};
pub(crate) use self::rows::{identity, last_rows};
use crate::batch::Block;
use crate::error::IngestError;

/// Two accumulators that are computed apart: 96 of their bits are kept where 64 could collide.
type Hash = (u64, u32);

/// The content of every deletion: what the record was does not matter.
const DELETED: Hash = (1, 0);

#[derive(Debug, Clone, Copy)]
struct Version {
    content: Hash,
    file: u32,
    seq: i64,
}

/// The lines that an order has, whatever their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Lines {
    sum: Hash,
    count: u32,
}

impl Lines {
    fn add(&mut self, line: Hash) {
        self.sum.0 = self.sum.0.wrapping_add(line.0);
        self.sum.1 = self.sum.1.wrapping_add(line.1);
        self.count += 1;
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    known: u32,
    used: u32,
    epoch: u32,
}

/// A table of so many rows is read at once.
const SHORT_TABLE: u64 = 1024 * 1024;
/// So many keys are looked up at a time: of more, one is nearly always in a row group, or taken for
/// being there.
const MOST_KEYS: usize = 4096;
/// And so many in all.
const MOST_KEYS_IN_ALL: usize = 8 * MOST_KEYS;

/// What has been read of the table.
enum Read {
    All,
    /// The rows of these keys.
    Of(Keys),
}

/// What a raw table knows of one system.
pub(crate) struct Known {
    entity: Entity,
    table: Table,
    system: String,
    read: Read,
    files: HashMap<String, u32>,
    newest: HashMap<u128, Version>,
    /// The newest version from a file that is not the newest of all.
    older: HashMap<(u128, u32), Version>,
    counts: HashMap<Hash, Count>,
    /// The lines of each order, and the file of the last.
    orders: HashMap<u128, (Lines, u32)>,
    /// Ids that a file of this run holds more than once.
    repeated: HashSet<u64>,
    epoch: u32,
}

/// Whether records of the entity are told apart by their ids: those of orders are shared by lines.
pub(crate) fn has_identity(entity: Entity) -> bool {
    entity.has_id() && entity != Entity::Order
}

/// What an id is looked up by while looking for ids that repeat.
pub(crate) fn id_hash(id: &str) -> u64 {
    xxh3_64(id.as_bytes())
}

impl Known {
    /// What a table has of a system: read at once where it is short.
    pub(crate) fn new(
        entity: Entity,
        table: &Table,
        system: &str,
        repeated: HashSet<u64>,
    ) -> Result<Self, IngestError> {
        Self::with(entity, table, system, repeated, SHORT_TABLE)
    }

    fn with(
        entity: Entity,
        table: &Table,
        system: &str,
        repeated: HashSet<u64>,
        short: u64,
    ) -> Result<Self, IngestError> {
        let mut known = Self {
            entity,
            table: table.clone(),
            system: system.to_owned(),
            read: Read::Of(Keys::default()),
            files: HashMap::new(),
            newest: HashMap::new(),
            older: HashMap::new(),
            counts: HashMap::new(),
            orders: HashMap::new(),
            repeated,
            epoch: 0,
        };
        if table.rows() <= short {
            known.read_all()?;
        }
        Ok(known)
    }

    /// Reads what the table has of the system, as far as it is not known.
    pub(crate) fn read_all(&mut self) -> Result<(), IngestError> {
        let Read::Of(keys) = std::mem::replace(&mut self.read, Read::All) else {
            return Ok(());
        };
        let table = self.table.clone();
        each_batch(&table, &mut |batch| {
            if keys.len() == 0 {
                self.take(batch);
            } else {
                let new = not(&keys.of_batch(batch))?;
                self.take(&filter_record_batch(batch, &new)?);
            }
            Ok(())
        })
    }

    /// Reads what the rows of a block are compared with.
    fn read_for(&mut self, block: &Block) -> Result<(), IngestError> {
        let Read::Of(before) = &self.read else {
            return Ok(());
        };
        let new = Keys::of(block, before);
        if new.len() > MOST_KEYS || new.len() + before.len() > MOST_KEYS_IN_ALL {
            return self.read_all();
        }
        let table = self.table.clone();
        new.each_row(&table, &mut |batch| self.take(batch))?;
        if let Read::Of(keys) = &mut self.read {
            keys.join(new);
        }
        Ok(())
    }

    /// Takes up rows of the table.
    fn take(&mut self, batch: &RecordBatch) {
        let texts = |name: &str| text(batch, name);
        let leading = (texts("_source"), texts("_file"), texts("_op"), seqs(batch));
        let (Some(systems), Some(files), Some(ops), Some(seqs)) = leading else {
            return;
        };
        let block = block_of(self.entity, batch);
        let contents = contents(&block);
        let ids = ids(&block);
        for row in 0..batch.num_rows() {
            if systems.value(row) != self.system {
                continue;
            }
            let file = self.file(files.value(row));
            let deleted = ops.value(row) == "delete";
            let counted = counted(contents[row], deleted);
            match ids[row].filter(|_| has_identity(self.entity)) {
                Some((id, short)) => {
                    if self.repeated.contains(&short) {
                        self.counts.entry(counted).or_default().known += 1;
                    }
                    let version = Version {
                        content: if deleted { DELETED } else { contents[row] },
                        file,
                        seq: seqs.value(row),
                    };
                    self.remember(id, version);
                }
                None => self.counts.entry(counted).or_default().known += 1,
            }
            if let Some((id, _)) = ids[row].filter(|_| self.entity == Entity::Order) {
                let (lines, last) = self.orders.entry(id).or_default();
                *last = file;
                if deleted {
                    *lines = Lines::default();
                } else {
                    lines.add(contents[row]);
                }
            }
        }
    }

    fn file(&mut self, name: &str) -> u32 {
        if let Some(file) = self.files.get(name) {
            return *file;
        }
        let file = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.insert(name.to_owned(), file);
        file
    }

    fn remember(&mut self, id: u128, version: Version) {
        let Some(newest) = self.newest.get_mut(&id) else {
            self.newest.insert(id, version);
            return;
        };
        let (first, second) = if version.seq >= newest.seq {
            (version, *newest)
        } else {
            (*newest, version)
        };
        *newest = first;
        if first.file != second.file {
            let entry = self.older.entry((id, second.file)).or_insert(second);
            if second.seq > entry.seq {
                *entry = second;
            }
        }
    }

    /// A new file begins: what it holds is counted from none.
    pub(crate) fn begin(&mut self) {
        self.epoch += 1;
    }

    /// Which rows of the block are new; they are known from here on. `seq` is the number that the
    /// first new one will have.
    pub(crate) fn new_rows(
        &mut self,
        block: &Block,
        file: &str,
        seq: i64,
    ) -> Result<BooleanArray, IngestError> {
        self.read_for(block)?;
        let contents = contents(block);
        let ids = ids(block);
        let file = self.file(file);
        let mut seq = seq;
        let mut new = Vec::with_capacity(block.rows);
        for (row, (content, id)) in contents.into_iter().zip(ids).enumerate() {
            let id = id.filter(|_| has_identity(self.entity));
            let deleted = block.is_deleted(row);
            let is_new = match id {
                Some((id, _)) if deleted => self.is_live(id),
                Some((id, short)) if !self.repeated.contains(&short) => {
                    self.is_new_version(id, content, file)
                }
                _ if deleted => self.is_taken_back(content),
                _ => self.is_beyond_count(content),
            };
            if is_new {
                if let Some((id, _)) = id {
                    let content = if deleted { DELETED } else { content };
                    self.remember(id, Version { content, file, seq });
                }
                seq += 1;
            }
            new.push(is_new);
        }
        Ok(BooleanArray::from(new))
    }

    /// What is to be written so that the orders of the block have its lines and no others: rows of
    /// the block, true for one that takes back what there is of its order. The block must hold all
    /// lines of each order; those that are deleted count for none.
    pub(crate) fn order_rows(
        &mut self,
        block: &Block,
        file: &str,
    ) -> Result<Vec<(u32, bool)>, IngestError> {
        self.read_for(block)?;
        let contents = contents(block);
        let file = self.file(file);
        let mut orders: Vec<(u128, Vec<usize>)> = Vec::new();
        let mut places: HashMap<u128, usize> = HashMap::new();
        for (row, id) in ids(block).into_iter().enumerate() {
            let Some((id, _)) = id else { continue };
            let place = *places.entry(id).or_insert_with(|| {
                orders.push((id, Vec::new()));
                orders.len() - 1
            });
            orders[place].1.push(row);
        }
        let mut rows = Vec::new();
        for (id, own) in orders {
            let mut lines = Lines::default();
            let standing = own.iter().filter(|row| !block.is_deleted(**row));
            standing.clone().for_each(|row| lines.add(contents[*row]));
            let (known, _) = self.orders.get(&id).copied().unwrap_or_default();
            if lines == known {
                continue;
            }
            let place = |row: &usize| u32::try_from(*row).unwrap_or(u32::MAX);
            if known.count > 0 {
                rows.extend(own.first().map(|row| (place(row), true)));
            }
            rows.extend(standing.clone().map(|row| (place(row), false)));
            for row in standing {
                self.counts.entry(contents[*row]).or_default().known += 1;
            }
            self.orders.insert(id, (lines, file));
        }
        Ok(rows)
    }

    /// Whether there is a record of that id, or how many lines of that order, where all was read.
    pub(crate) fn standing(&self, id: u128) -> u32 {
        match self.entity {
            Entity::Order => self.orders.get(&id).map_or(0, |(lines, _)| lines.count),
            _ => u32::from(self.is_live(id)),
        }
    }

    /// The ids of records that stand, came from that file and are not among `there`, where all was
    /// read.
    pub(crate) fn vanished(&self, file: &str, there: &HashSet<u128>) -> HashSet<u128> {
        let Some(file) = self.files.get(file) else {
            return HashSet::new();
        };
        let ids: Vec<u128> = if self.entity == Entity::Order {
            let from = self.orders.iter().filter(|(_, (_, last))| last == file);
            from.map(|(id, _)| *id).collect()
        } else {
            let newest = self.newest.iter();
            let newest = newest.filter(|(_, version)| version.file == *file);
            let older = self.older.keys().filter(|(_, from)| from == file);
            let older = older.map(|(id, _)| *id);
            newest.map(|(id, _)| *id).chain(older).collect()
        };
        let gone = |id: &u128| !there.contains(id) && self.standing(*id) > 0;
        ids.into_iter().filter(gone).collect()
    }

    fn is_live(&self, id: u128) -> bool {
        let newest = self.newest.get(&id);
        newest.is_some_and(|version| version.content != DELETED)
    }

    /// Whether an equal row stands, which from here on does not.
    fn is_taken_back(&mut self, content: Hash) -> bool {
        let there = self.counts.get(&content).map_or(0, |count| count.known);
        let taken = self.counts.entry(counted(content, true)).or_default();
        let stands = there > taken.known;
        taken.known += u32::from(stands);
        stands
    }

    fn is_new_version(&self, id: u128, content: Hash, file: u32) -> bool {
        let Some(newest) = self.newest.get(&id) else {
            return true;
        };
        if newest.content == content {
            return false;
        }
        newest.file == file
            || self
                .older
                .get(&(id, file))
                .is_none_or(|version| version.content != content)
    }

    fn is_beyond_count(&mut self, content: Hash) -> bool {
        let epoch = self.epoch;
        let taken = self.counts.get(&counted(content, true));
        let taken = taken.map_or(0, |count| count.known);
        let count = self.counts.entry(content).or_default();
        if count.epoch != epoch {
            count.epoch = epoch;
            count.used = 0;
        }
        count.used += 1;
        if count.used + taken <= count.known {
            return false;
        }
        count.known += 1;
        true
    }
}

/// What a row without an id is counted by. A deletion equals no row that a file can hold.
fn counted(content: Hash, deleted: bool) -> Hash {
    (content.0 ^ u64::from(deleted), content.1)
}

#[cfg(test)]
mod tests;
