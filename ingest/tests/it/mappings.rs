//! Mapping files: what is right, and what is said about what is wrong.

use std::path::Path;

use millrace_ingest::Mapping;

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
    let text =
        error("[[source]]\ndatabase = \"postgres://x\"\ntable = \"deals\"\nentity = \"order\"\n");
    assert!(
        text.contains("reads from a database, which this version cannot do"),
        "{text}"
    );
    let text = error(&format!(
        "{OPPORTUNITY}[source.columns]\nid = \"i\"\n[source.attributes]\nowner = \"o\"\n"
    ));
    assert!(
        text.contains("mapped under [source.columns]: `owner` is a field of opportunity"),
        "{text}"
    );
}
