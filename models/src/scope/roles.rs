//! The roles that a new installation starts with.

use super::{Action, Grant, Rights, Scope, Visibility};

/// A role of the default installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultRole {
    /// Its code.
    pub code: &'static str,
    /// Its Chinese name.
    pub name_zh: &'static str,
    /// Its English name.
    pub name_en: &'static str,
    /// What it may do.
    pub rights: Rights,
    /// How many accounts one person may hold, if limited.
    pub pool_capacity: Option<i64>,
    /// How many claims one person may make in a day, if limited.
    pub daily_claims: Option<i64>,
    /// The highest discount without approval, in basis points.
    pub discount_limit: i64,
}

/// The code of the administrator's role.
pub const ADMINISTRATOR: &str = "administrator";

const READ: &[Action] = &[Action::Read];
const READ_EXPORT: &[Action] = &[Action::Read, Action::Export];
const WRITE: &[Action] = &[Action::Create, Action::Read, Action::Update];
const WRITE_CLAIM: &[Action] = &[Action::Create, Action::Read, Action::Update, Action::Claim];
const MANAGE: &[Action] = &[
    Action::Create,
    Action::Read,
    Action::Update,
    Action::Delete,
    Action::Export,
    Action::Claim,
    Action::Assign,
];
const EVERYTHING: &[Action] = MANAGE;
const ALL_FIELDS: [Visibility; 3] = [
    Visibility::Amounts,
    Visibility::Margin,
    Visibility::FullPhone,
];

/// What everybody needs to see to work at all.
const COMMON: &[&str] = &[
    "user",
    "team",
    "tag",
    "product",
    "price_list",
    "price_list_item",
    "pipeline",
    "stage",
];
/// The records of selling.
const SELLING: &[&str] = &[
    "account",
    "account_tag",
    "contact",
    "opportunity",
    "stage_change",
    "quote",
    "quote_line",
    "interaction",
    "attachment",
    "ticket",
    "todo",
    "pool_move",
];
/// The records of contracts and money.
const MONEY: &[&str] = &[
    "contract",
    "order",
    "order_line",
    "payment_plan",
    "payment_request",
    "invoice_application",
    "receipt",
    "receipt_allocation",
    "delivery",
];

/// The roles that a new installation starts with, the most modest first.
pub fn default_roles() -> Vec<DefaultRole> {
    use Scope::{All, Own, Team, TeamTree};
    let amounts = [Visibility::Amounts];
    let amounts_phone = [Visibility::Amounts, Visibility::FullPhone];
    let phone = [Visibility::FullPhone];
    let none: [Visibility; 0] = [];

    let mut rep = on(SELLING, WRITE, Own);
    rep.extend(on(MONEY, READ, Own));
    rep.extend(on(&["payment_request", "invoice_application"], WRITE, Own));
    rep.push(("account", WRITE_CLAIM, Own));
    rep.push(("opportunity", WRITE_CLAIM, Own));

    let mut assistant = on(SELLING, WRITE, Team);
    assistant.extend(on(MONEY, WRITE, Team));

    let mut lead = on(SELLING, MANAGE, Team);
    lead.extend(on(MONEY, READ_EXPORT, Team));
    lead.extend(on(&["payment_request", "invoice_application"], WRITE, Team));

    let mut regional = on(SELLING, MANAGE, TeamTree);
    regional.extend(on(MONEY, READ_EXPORT, TeamTree));
    regional.extend(on(
        &["payment_request", "invoice_application"],
        WRITE,
        TeamTree,
    ));

    let mut director = on(SELLING, MANAGE, All);
    director.extend(on(MONEY, READ_EXPORT, All));
    director.extend(on(
        &["price_list", "price_list_item", "product"],
        MANAGE,
        All,
    ));

    let mut finance = on(SELLING, READ, All);
    finance.extend(on(MONEY, MANAGE, All));
    finance.extend(on(&["ticket", "todo", "attachment"], WRITE, All));

    let mut project = on(
        &["account", "contact", "opportunity", "quote", "quote_line"],
        READ,
        TeamTree,
    );
    project.extend(on(
        &["contract", "order", "order_line", "payment_plan"],
        READ,
        TeamTree,
    ));
    project.extend(on(
        &[
            "delivery",
            "payment_request",
            "ticket",
            "todo",
            "attachment",
            "interaction",
        ],
        WRITE,
        TeamTree,
    ));

    let mut engineering = on(
        &[
            "account",
            "opportunity",
            "quote",
            "quote_line",
            "order",
            "order_line",
        ],
        READ,
        All,
    );
    engineering.extend(on(
        &["ticket", "todo", "attachment", "delivery"],
        WRITE,
        All,
    ));

    let mut success = on(SELLING, READ, All);
    success.extend(on(MONEY, READ, All));
    success.extend(on(
        &["interaction", "ticket", "todo", "attachment", "contact"],
        WRITE,
        All,
    ));

    let mut general = on(SELLING, READ_EXPORT, All);
    general.extend(on(MONEY, READ_EXPORT, All));
    general.extend(on(&["ticket", "todo", "attachment"], WRITE, All));

    vec![
        role(
            "rep",
            "销售代表",
            "Sales rep",
            rep,
            &amounts_phone,
            (Some(200), Some(10), 500),
        ),
        role(
            "sales_assistant",
            "销售助理",
            "Sales assistant",
            assistant,
            &amounts_phone,
            (None, Some(0), 0),
        ),
        role(
            "team_lead",
            "销售主管",
            "Team lead",
            lead,
            &ALL_FIELDS,
            (Some(200), Some(10), 1000),
        ),
        role(
            "regional_manager",
            "区域经理",
            "Regional manager",
            regional,
            &ALL_FIELDS,
            (Some(200), Some(10), 1500),
        ),
        role(
            "director",
            "销售总监",
            "Sales director",
            director,
            &ALL_FIELDS,
            (None, None, 2500),
        ),
        role(
            "finance",
            "财务",
            "Finance",
            finance,
            &[Visibility::Amounts, Visibility::Margin],
            (None, Some(0), 0),
        ),
        role(
            "project_manager",
            "项目经理",
            "Project manager",
            project,
            &amounts,
            (None, Some(0), 0),
        ),
        role(
            "engineering",
            "技术支持",
            "Engineering",
            engineering,
            &none,
            (None, Some(0), 0),
        ),
        role(
            "customer_success",
            "客户成功",
            "Customer success",
            success,
            &phone,
            (None, Some(0), 0),
        ),
        role(
            "general_manager",
            "总经理",
            "General manager",
            general,
            &ALL_FIELDS,
            (None, None, 10_000),
        ),
        DefaultRole {
            code: ADMINISTRATOR,
            name_zh: "管理员",
            name_en: "Administrator",
            rights: Rights::everything(),
            pool_capacity: None,
            daily_claims: None,
            discount_limit: 10_000,
        },
    ]
}

type GrantRow = (&'static str, &'static [Action], Scope);

fn on(
    entities: &'static [&'static str],
    actions: &'static [Action],
    scope: Scope,
) -> Vec<GrantRow> {
    entities
        .iter()
        .map(|entity| (*entity, actions, scope))
        .collect()
}

fn grants(rows: &[GrantRow], visibility: &[Visibility]) -> Rights {
    let grant = |actions: &[Action], scope| Grant {
        actions: actions.iter().copied().collect(),
        scope,
    };
    Rights {
        grants: rows
            .iter()
            .map(|(entity, actions, scope)| ((*entity).to_owned(), grant(actions, *scope)))
            .collect(),
        visibility: visibility.iter().copied().collect(),
    }
}

/// A role with the rights named, reading what all need to see, and keeping its private notes.
fn role(
    code: &'static str,
    name_zh: &'static str,
    name_en: &'static str,
    rows: Vec<GrantRow>,
    visibility: &[Visibility],
    (pool_capacity, daily_claims, discount_limit): (Option<i64>, Option<i64>, i64),
) -> DefaultRole {
    let mut all = on(COMMON, READ, Scope::All);
    all.push((
        "private_note",
        &[Action::Create, Action::Read, Action::Update, Action::Delete],
        Scope::Own,
    ));
    all.extend(rows);
    DefaultRole {
        code,
        name_zh,
        name_en,
        rights: grants(&all, visibility),
        pool_capacity,
        daily_claims,
        discount_limit,
    }
}

/// Every right on all records.
pub(super) fn everything() -> Rights {
    grants(&[("*", EVERYTHING, Scope::All)], &ALL_FIELDS)
}
