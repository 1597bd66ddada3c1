//! TOML to a validated [`Mapping`].

use std::collections::BTreeMap;
use std::path::Path;

use chrono::format::{Item, StrftimeItems};
use chrono_tz::Tz;
use encoding_rs::Encoding;
use millrace_models::entity::{Entity, Field, FieldKind};
use toml::{Table, Value};

use super::table;
use super::{
    AttributeMapping, Delimiter, FieldMapping, FileSource, HeaderChoice, Mapping, Origin,
    ReadOptions, Reads, SheetChoice, Source,
};
use crate::error::IngestError;
use crate::nearest::nearest;

const TOP_KEYS: &[&str] = &["zone", "system", "source"];
const SOURCE_KEYS: &[&str] = &[
    "file",
    "database",
    "table",
    "cursor",
    "overlap",
    "deleted",
    "vanished",
    "entity",
    "sheet",
    "header",
    "header_row",
    "skip_footer",
    "delimiter",
    "widths",
    "encoding",
    "columns",
    "values",
    "attributes",
];
/// What only files have.
const FILE_KEYS: &[&str] = &[
    "sheet",
    "header",
    "header_row",
    "skip_footer",
    "delimiter",
    "widths",
    "encoding",
];
/// What only tables of a database have.
const TABLE_KEYS: &[&str] = &["table", "cursor", "overlap", "deleted", "vanished"];
const COLUMN_KEYS: &[&str] = &["column", "format", "value"];

/// A table of the mapping, and where it stands.
pub(super) struct Section<'a> {
    file: &'a Path,
    pub(super) place: String,
    pub(super) table: &'a Table,
}

pub(super) fn mapping(file: &Path, text: &str) -> Result<Mapping, IngestError> {
    let syntax = |detail: String| IngestError::Syntax {
        file: file.to_owned(),
        detail,
    };
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| {
            text.bytes()
                .take(span.start)
                .filter(|byte| *byte == b'\n')
                .count()
                + 1
        });
        syntax(format!("line {line}: {}", error.message()))
    })?;
    let top = Section {
        file,
        place: "the mapping".into(),
        table: &table,
    };
    top.check_keys("key", TOP_KEYS)?;
    let zone = match top.text("zone")? {
        None => None,
        Some(name) => Some(
            name.parse::<Tz>()
                .map_err(|_| top.setting("zone", name, "a time zone such as \"Asia/Shanghai\""))?,
        ),
    };
    let stem = || {
        file.file_stem().map_or_else(
            || "mapping".into(),
            |stem| stem.to_string_lossy().into_owned(),
        )
    };
    let system = match top.text("system")? {
        Some("") => return Err(top.setting("system", "", "a name such as \"crm\"")),
        Some(system) => system.to_owned(),
        None => stem(),
    };
    let sources = match table.get("source") {
        Some(Value::Array(sources)) if !sources.is_empty() => sources,
        None => return Err(syntax("it has no [[source]]".into())),
        Some(_) => {
            return Err(syntax(
                "`source` must be a list of [[source]] tables".into(),
            ));
        }
    };
    let sources = sources
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let table = value
                .as_table()
                .ok_or_else(|| syntax(format!("source {} is not a table", index + 1)))?;
            source(file, index + 1, table)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let twice = sources.iter().enumerate().find(|(index, source)| {
        let earlier = &sources[..*index];
        earlier.iter().any(|other| table::is_same(source, other))
    });
    if let Some((_, source)) = twice {
        return Err(IngestError::Setting {
            file: file.to_owned(),
            place: format!("{}: table", source.place),
            value: source.entity.name().to_owned(),
            expected: "read from a table once: another source reads the same rows into it".into(),
        });
    }
    Ok(Mapping {
        file: file.to_owned(),
        system,
        zone,
        sources,
    })
}

fn source(file: &Path, number: usize, table: &Table) -> Result<Source, IngestError> {
    let name = table
        .get("file")
        .or_else(|| table.get("table"))
        .and_then(Value::as_str);
    let place = match name {
        Some(name) => format!("source {number} ({name})"),
        None => format!("source {number}"),
    };
    let section = Section { file, place, table };
    section.check_keys("key", SOURCE_KEYS)?;
    let is_table = table.contains_key("database");
    let (others, expected) = if is_table {
        (FILE_KEYS, "left out: it is for files, and this is a table")
    } else {
        (
            TABLE_KEYS,
            "left out, or beside `database`: it is for tables",
        )
    };
    if let Some(key) = others.iter().find(|key| table.contains_key(**key)) {
        let value = table.get(*key).and_then(plain).unwrap_or_default();
        return Err(section.setting(key, &value, expected));
    }
    if let (true, Some(value)) = (is_table, table.get("file")) {
        let expected = "left out: a source reads `file` or a table of `database`";
        return Err(section.setting("file", &plain(value).unwrap_or_default(), expected));
    }
    let entity_name =
        section.needed_text("entity", "what its rows are, such as \"opportunity\"")?;
    let entity = Entity::from_name(entity_name).ok_or_else(|| {
        section.unknown(
            "entity",
            entity_name,
            Entity::all().iter().map(|entity| entity.name()),
        )
    })?;
    let mut rules = value_rules(&section)?;
    let fields = fields(&section, entity, &mut rules)?;
    let attributes = attributes(&section, entity, &mut rules)?;
    if let Some(name) = rules.keys().next() {
        let mapped = fields
            .iter()
            .map(|mapping| mapping.field.name)
            .chain(attributes.iter().map(|mapping| mapping.name.as_str()));
        let values = section.child("values", table);
        return Err(values.unknown("mapped field or attribute", name, mapped));
    }
    check_required(&section, entity, &fields)?;
    let reads = if is_table {
        Reads::Table(table::table(&section, entity, &fields)?)
    } else {
        let expected = "the name of a file, relative to the mapping; or name a table by `database`";
        Reads::Files(FileSource {
            pattern: section.needed_text("file", expected)?.to_owned(),
            options: options(&section)?,
        })
    };
    Ok(Source {
        place: section.place,
        reads,
        entity,
        fields,
        attributes,
    })
}

fn fields(
    section: &Section<'_>,
    entity: Entity,
    rules: &mut BTreeMap<String, BTreeMap<String, String>>,
) -> Result<Vec<FieldMapping>, IngestError> {
    let Some(columns) = section.table_at("columns")? else {
        return Ok(Vec::new());
    };
    if let Some(name) = columns
        .table
        .keys()
        .find(|name| !entity.fields().iter().any(|field| field.name == *name))
    {
        let known = entity.fields().iter().map(|field| field.name);
        let place = format!("{}, columns of {},", section.place, entity.name());
        let columns = Section {
            file: section.file,
            place,
            table: columns.table,
        };
        return Err(columns.unknown("field", name, known));
    }
    let mut mapped = Vec::new();
    for field in entity.fields() {
        let Some(value) = columns.table.get(field.name) else {
            continue;
        };
        let (origin, format) = origin(&columns, field.name, value, Some(field))?;
        let rules = rules.remove(field.name).unwrap_or_default();
        if let FieldKind::Choice(choices) = field.kind {
            for (written, meant) in &rules {
                if !choices.contains(&meant.as_str()) {
                    return Err(section.setting(
                        &format!("values.{}: {written:?}", field.name),
                        meant,
                        &format!("one of {}", choices.join(", ")),
                    ));
                }
            }
        }
        mapped.push(FieldMapping {
            field,
            origin,
            format,
            rules,
        });
    }
    Ok(mapped)
}

fn attributes(
    section: &Section<'_>,
    entity: Entity,
    rules: &mut BTreeMap<String, BTreeMap<String, String>>,
) -> Result<Vec<AttributeMapping>, IngestError> {
    let Some(attributes) = section.table_at("attributes")? else {
        return Ok(Vec::new());
    };
    let mut mapped = Vec::new();
    for (name, value) in attributes.table {
        if entity.fields().iter().any(|field| field.name == name) {
            return Err(attributes.setting(
                name,
                &plain(value).unwrap_or_default(),
                &format!(
                    "mapped under [source.columns]: `{name}` is a field of {}",
                    entity.name()
                ),
            ));
        }
        if name.is_empty()
            || !name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        {
            return Err(attributes.setting(
                "attribute",
                name,
                "a name of letters, digits, _ and -",
            ));
        }
        let (origin, _) = origin(&attributes, name, value, None)?;
        let rules = rules.remove(name).unwrap_or_default();
        mapped.push(AttributeMapping {
            name: name.clone(),
            origin,
            rules,
        });
    }
    Ok(mapped)
}

/// `"column"`, `{ column, format }` or `{ value }`.
fn origin(
    section: &Section<'_>,
    name: &str,
    value: &Value,
    field: Option<&Field>,
) -> Result<(Origin, Option<String>), IngestError> {
    const SHAPES: &str =
        "\"column\", { column = \"…\", format = \"%Y/%m/%d\" } or { value = \"…\" }";
    let Value::Table(table) = value else {
        return match value.as_str() {
            Some(column) => Ok((Origin::Column(column.trim().to_owned()), None)),
            None => Err(section.setting(name, &value.to_string(), SHAPES)),
        };
    };
    let shape = section.child(name, table);
    shape.check_keys("key", COLUMN_KEYS)?;
    let format = shape.text("format")?;
    if let Some(format) = format {
        if !field.is_some_and(|field| matches!(field.kind, FieldKind::Time | FieldKind::Date)) {
            return Err(shape.setting("format", format, "left out: only times and dates have one"));
        }
        if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) {
            let expected = "a format such as \"%d/%m/%Y\" or \"%Y-%m-%d %H:%M:%S\"";
            return Err(shape.setting("format", format, expected));
        }
    }
    match (shape.text("column")?, table.get("value").and_then(plain)) {
        (Some(column), None) => Ok((
            Origin::Column(column.trim().to_owned()),
            format.map(str::to_owned),
        )),
        (None, Some(value)) => Ok((Origin::Value(value), format.map(str::to_owned))),
        _ => Err(section.setting(name, &value.to_string(), SHAPES)),
    }
}

fn value_rules(
    section: &Section<'_>,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, IngestError> {
    let Some(values) = section.table_at("values")? else {
        return Ok(BTreeMap::new());
    };
    let mut rules = BTreeMap::new();
    for (name, value) in values.table {
        let Value::Table(table) = value else {
            let expected = "a table [source.values.FIELD] of value as written = value of the field";
            return Err(values.setting(name, &value.to_string(), expected));
        };
        let mut pairs = BTreeMap::new();
        for (written, meant) in table {
            let meant = plain(meant).ok_or_else(|| {
                values.setting(&format!("{name}.{written}"), &meant.to_string(), "a text")
            })?;
            pairs.insert(written.trim().to_owned(), meant);
        }
        rules.insert(name.clone(), pairs);
    }
    Ok(rules)
}

fn check_required(
    section: &Section<'_>,
    entity: Entity,
    fields: &[FieldMapping],
) -> Result<(), IngestError> {
    let mapped = |name: &str| fields.iter().any(|mapping| mapping.field.name == name);
    let required = entity
        .fields()
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name);
    let mut needs = required.clone().collect::<Vec<_>>().join(", ");
    let mut missing: Vec<String> = required
        .filter(|name| !mapped(name))
        .map(|name| format!("`{name}`"))
        .collect();
    if entity.is_named() && !mapped("id") && !mapped("name") {
        missing.push("`id` or `name`".into());
        needs = "`id` or `name`".into();
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(IngestError::MissingFields {
        file: section.file.to_owned(),
        place: section.place.clone(),
        entity: entity.name(),
        missing,
        needs,
    })
}

fn options(section: &Section<'_>) -> Result<ReadOptions, IngestError> {
    let sheet = match section.table.get("sheet") {
        None => None,
        Some(Value::String(name)) => Some(SheetChoice::Name(name.clone())),
        Some(value) => {
            let position = value
                .as_integer()
                .and_then(|number| usize::try_from(number).ok());
            match position {
                Some(position) if position > 0 => Some(SheetChoice::Position(position)),
                _ => {
                    let expected = "the name of a sheet, or its position from 1";
                    return Err(section.setting("sheet", &value.to_string(), expected));
                }
            }
        }
    };
    let header_row = section.whole("header_row", 1, "the row of the names, counted from 1")?;
    let header = match (section.table.get("header"), header_row) {
        (None | Some(Value::Boolean(true)), None) => HeaderChoice::Detect,
        (None | Some(Value::Boolean(true)), Some(row)) => HeaderChoice::Row(row),
        (Some(Value::Boolean(false)), None) => HeaderChoice::Absent,
        (Some(Value::Boolean(false)), Some(row)) => {
            let expected = "left out when header = false";
            return Err(section.setting("header_row", &row.to_string(), expected));
        }
        (Some(value), _) => {
            return Err(section.setting("header", &value.to_string(), "true or false"));
        }
    };
    let encoding = match section.text("encoding")? {
        None => None,
        Some(label) => Some(Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            let expected = "an encoding such as \"UTF-8\", \"GB18030\", \"Big5\" or \"UTF-16LE\"";
            section.setting("encoding", label, expected)
        })?),
    };
    Ok(ReadOptions {
        sheet,
        header,
        skip_footer: section
            .whole("skip_footer", 0, "a number of rows")?
            .unwrap_or(0),
        delimiter: delimiter(section)?,
        widths: widths(section)?,
        encoding,
    })
}

fn delimiter(section: &Section<'_>) -> Result<Option<Delimiter>, IngestError> {
    match section.text("delimiter")? {
        None => Ok(None),
        Some("blank") => Ok(Some(Delimiter::Blank)),
        Some("tab" | "\\t") => Ok(Some(Delimiter::Byte(b'\t'))),
        Some(text) => match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => {
                Ok(Some(Delimiter::Byte(*byte)))
            }
            _ => Err(section.setting("delimiter", text, "one character, \"tab\" or \"blank\"")),
        },
    }
}

fn widths(section: &Section<'_>) -> Result<Option<Vec<usize>>, IngestError> {
    let Some(value) = section.table.get("widths") else {
        return Ok(None);
    };
    let widths: Option<Vec<usize>> = value.as_array().and_then(|list| {
        let width = |value: &Value| {
            value
                .as_integer()
                .and_then(|width| usize::try_from(width).ok())
                .filter(|width| *width > 0)
        };
        list.iter().map(width).collect()
    });
    match widths {
        Some(widths) if !widths.is_empty() => Ok(Some(widths)),
        _ => Err(section.setting("widths", &value.to_string(), "a list such as [6, 9, 4, 8]")),
    }
}

/// A text, number or truth as the text that a cell would hold.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Datetime(time) => Some(time.to_string()),
        _ => None,
    }
}

impl<'a> Section<'a> {
    pub(super) fn child(&self, key: &str, table: &'a Table) -> Section<'a> {
        Section {
            file: self.file,
            place: format!("{}: {key}", self.place),
            table,
        }
    }

    fn table_at(&self, key: &str) -> Result<Option<Section<'a>>, IngestError> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::Table(table)) => Ok(Some(self.child(key, table))),
            Some(value) => Err(self.setting(key, &value.to_string(), "a table [source.…]")),
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, IngestError> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(value) => Err(self.setting(key, &value.to_string(), "a text in quotes")),
        }
    }

    pub(super) fn needed_text(&self, key: &str, expected: &str) -> Result<&'a str, IngestError> {
        match self.text(key)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(self.setting(key, "", expected)),
        }
    }

    pub(super) fn whole(
        &self,
        key: &str,
        least: u64,
        expected: &str,
    ) -> Result<Option<u64>, IngestError> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let number = value
            .as_integer()
            .and_then(|number| u64::try_from(number).ok());
        match number {
            Some(number) if number >= least => Ok(Some(number)),
            _ => Err(self.setting(key, &value.to_string(), expected)),
        }
    }

    pub(super) fn check_keys(&self, what: &'static str, known: &[&str]) -> Result<(), IngestError> {
        match self.table.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(self.unknown(what, key, known.iter().copied())),
        }
    }

    pub(super) fn unknown<'n>(
        &self,
        what: &'static str,
        name: &str,
        known: impl Iterator<Item = &'n str> + Clone,
    ) -> IngestError {
        IngestError::UnknownName {
            file: self.file.to_owned(),
            place: self.place.clone(),
            what,
            name: name.to_owned(),
            nearest: nearest(name, known.clone()),
            known: known.map(str::to_owned).collect(),
        }
    }

    pub(super) fn setting(&self, key: &str, value: &str, expected: &str) -> IngestError {
        IngestError::Setting {
            file: self.file.to_owned(),
            place: format!("{}: {key}", self.place),
            value: value.to_owned(),
            expected: expected.to_owned(),
        }
    }
}
