//! Mapping files: what is right, and what is said about what is wrong.

use std::path::Path;

use chrono::TimeDelta;
use millrace_ingest::Mapping;
use millrace_ingest::mapping::{Overlap, Reads};

fn error(text: &str) -> String {
    Mapping::parse(Path::new("crm.toml"), text)
        .unwrap_err()
        .to_string()
}

const OPPORTUNITY: &str = "[[source]]\nfile = \"a.csv\"\nentity = \"opportunity\"\n";

#[test]
fn the_mapping_of_the_contract_is_right() {
    let mapping = Mapping::parse(
        Path::new("crm.toml"),
        r#"
        zone = "Asia/Shanghai"
        [[source]]
        file = "pipeline.csv"
        entity = "opportunity"
        [source.columns]
        id = "opportunity_id"
        account = "account"
        opened_at = { column = "engage_date", format = "%Y/%m/%d" }
        outcome = "deal_stage"
        stage = { value = "lead" }
        [source.values.outcome]
        Won = "won"
        Engaging = "open"
        [source.attributes]
        manager = "manager"
        "#,
    )
    .unwrap();
    assert_eq!(mapping.system, "crm");
    assert_eq!(mapping.sources[0].fields.len(), 5);
    assert_eq!(mapping.sources[0].attributes[0].name, "manager");
}

#[test]
fn names_the_nearest_entity_field_and_key() {
    let text = error("[[source]]\nfile = \"a.csv\"\nentity = \"oportunity\"\n");
    assert!(
        text.contains("source 1 (a.csv) has no entity \"oportunity\" (did you mean opportunity?)"),
        "{text}"
    );
    let text = error(&format!(
        "{OPPORTUNITY}[source.columns]\nid = \"id\"\nowner_name = \"x\"\n"
    ));
    assert!(
        text.contains("has no field \"owner_name\" (did you mean owner?); there are id, account"),
        "{text}"
    );
    let text = error("[[source]]\nfile = \"a.csv\"\nentity = \"order\"\nencodng = \"GBK\"\n");
    assert!(
        text.contains("has no key \"encodng\" (did you mean encoding?)"),
        "{text}"
    );
    let text = error(&format!(
        "{OPPORTUNITY}[source.columns]\nid = {{ colum = \"x\" }}\n"
    ));
    assert!(text.contains("(did you mean column?)"), "{text}");
}

#[test]
fn says_what_is_missing_or_makes_no_sense() {
    let text = error(
        "[[source]]\nfile = \"a.csv\"\nentity = \"order\"\n[source.columns]\naccount = \"a\"\n",
    );
    assert!(
        text.ends_with("source 1 (a.csv) maps no `ordered_at`: order needs account, ordered_at"),
        "{text}"
    );
    let text = error(
        "[[source]]\nfile = \"a.csv\"\nentity = \"account\"\n[source.columns]\nregion = \"r\"\n",
    );
    assert!(text.contains("maps no `id` or `name`"), "{text}");
    let text = error(&format!(
        "{OPPORTUNITY}[source.columns]\nid = \"i\"\noutcome = \"o\"\n[source.values.outcome]\nWon = \"gewonnen\"\n"
    ));
    assert!(
        text.contains("is \"gewonnen\", but must be one of open, won, lost"),
        "{text}"
    );
    let text = error(&format!(
        "{OPPORTUNITY}[source.columns]\nid = \"i\"\n[source.values.outcom]\nWon = \"won\"\n"
    ));
    assert!(
        text.contains("has no mapped field or attribute \"outcom\""),
        "{text}"
    );
    let text = error(&format!(
        "{OPPORTUNITY}encoding = \"GBK2\"\n[source.columns]\nid = \"i\"\n"
    ));
    assert!(
        text.contains("encoding is \"GBK2\", but must be an encoding such as"),
        "{text}"
    );
    let text = error("zone = \"Shanghai\"\n[[source]]\nfile = \"a\"\nentity = \"order\"\n");
    assert!(
        text.contains("zone is \"Shanghai\", but must be a time zone such as \"Asia/Shanghai\""),
        "{text}"
    );
    let text = error(&format!(
        "{OPPORTUNITY}[source.columns]\nid = \"i\"\namount = {{ column = \"a\", format = \"%Y\" }}\n"
    ));
    assert!(text.contains("only times and dates have one"), "{text}");
    let text = error("zone = \n");
    assert!(text.contains("crm.toml is not a mapping: line 1"), "{text}");
    let text = error(&format!(
        "{OPPORTUNITY}[source.columns]\nid = \"i\"\n[source.attributes]\nowner = \"o\"\n"
    ));
    assert!(
        text.contains("mapped under [source.columns]: `owner` is a field of opportunity"),
        "{text}"
    );
}

const DEALS: &str = "[[source]]\ndatabase = \"postgres://ann:secret@host/crm\"\ntable = \"deals\"\n\
                     cursor = \"updated_at\"\nentity = \"opportunity\"\n";

#[test]
fn a_table_is_named_with_its_cursor() {
    let mapping = Mapping::parse(
        Path::new("crm.toml"),
        &format!(
            "{DEALS}overlap = \"2h\"\nvanished = \"delete\"\ndeleted = {{ column = \"state\", value = \"gone\" }}\n\
             [source.columns]\nid = \"deal_no\"\n"
        ),
    )
    .unwrap();
    let Reads::Table(table) = &mapping.sources[0].reads else {
        panic!("a file")
    };
    assert_eq!(
        (table.table.as_str(), table.cursor.as_str()),
        ("deals", "updated_at")
    );
    assert_eq!(table.overlap, Some(Overlap::Time(TimeDelta::hours(2))));
    assert!(table.deletes_vanished);
    assert_eq!(
        table.deleted.as_ref().unwrap().value.as_deref(),
        Some("gone")
    );
    assert!(!format!("{mapping:?}").contains("secret"));
}

#[test]
fn what_makes_no_sense_of_a_table_is_refused() {
    let columns = "[source.columns]\nid = \"deal_no\"\n";
    let with = |line: &str| error(&format!("{DEALS}{line}\n{columns}"));
    for (line, said) in [
        (
            "sheet = \"1\"",
            "sheet is \"1\", but must be left out: it is for files",
        ),
        (
            "file = \"a.csv\"",
            "a source reads `file` or a table of `database`",
        ),
        (
            "overlap = \"ten\"",
            "overlap is \"ten\", but must be a length of time such as",
        ),
        ("overlap = -1", "overlap is \"-1\", but must be"),
        (
            "vanished = \"drop\"",
            "vanished is \"drop\", but must be \"keep\" or \"delete\"",
        ),
        ("deleted = 1", "deleted is \"1\", but must be a column, or"),
        (
            "deleted = { column = \"state\" }",
            "deleted: value is \"\", but must be the value",
        ),
    ] {
        let text = with(line);
        assert!(text.contains(said), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    let table = DEALS.replace("\"deals\"", "\"a.b.c\"");
    let text = error(&format!("{table}{columns}"));
    assert!(
        text.contains("table is \"a.b.c\", but must be a table, or schema.table"),
        "{text}"
    );
    let text = error(&format!(
        "{}{columns}",
        DEALS.replace("cursor = \"updated_at\"\n", "")
    ));
    assert!(
        text.contains("cursor is \"\", but must be the column that grows"),
        "{text}"
    );
    let text = error(&format!("{OPPORTUNITY}cursor = \"updated_at\"\n{columns}"));
    assert!(
        text.contains("cursor is \"updated_at\", but must be left out, or beside"),
        "{text}"
    );
    let order = DEALS.replace("opportunity", "order");
    let text = error(&format!(
        "{order}[source.columns]\naccount = \"a\"\nordered_at = \"o\"\n"
    ));
    assert!(
        text.contains("a row of a table is known again by its id"),
        "{text}"
    );
    let text = error(&format!(
        "{DEALS}[source.columns]\nid = {{ value = \"x\" }}\n"
    ));
    assert!(
        text.contains("a row of a table is known again by its id"),
        "{text}"
    );
    let stages = DEALS.replace("\"opportunity\"", "\"stage_change\"\nvanished = \"delete\"");
    let text = error(&format!(
        "{stages}[source.columns]\nopportunity = \"o\"\nstage = \"s\"\nchanged_at = \"c\"\n"
    ));
    assert!(
        text.contains("a stage_change has no id by which one that is gone"),
        "{text}"
    );
    let text = error(&format!("{DEALS}{columns}{DEALS}{columns}"));
    assert!(
        text.contains("another source reads the same rows"),
        "{text}"
    );
}
