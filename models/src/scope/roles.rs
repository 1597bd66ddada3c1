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
/// The code of the role of those who look after customers.
pub const CUSTOMER_SUCCESS: &str = "customer_success";

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
const NOTES: &[Action] = &[Action::Create, Action::Read, Action::Update, Action::Delete];
const ALL_FIELDS: [Visibility; 3] = [
    Visibility::Amounts,
    Visibility::Margin,
    Visibility::FullPhone,
];

/// Who leads sets targets.
const PLAN: &[Action] = &[
    Action::Create,
    Action::Read,
    Action::Update,
    Action::Delete,
    Action::Export,
];
/// What everybody may subscribe to is what they see.
const SUBSCRIBED: &[&str] = &["subscription"];
/// What became of it.
const RECEIPTS: &[&str] = &["dispatch"];

/// What everybody needs to see to work at all.
const COMMON: &[&str] = &[
    "user",
    "team",
    "tag",
    "routing_rule",
    "product",
    "price_list",
    "price_list_item",
    "pipeline",
    "stage",
    "month_close",
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
    "handover",
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

/// A role as declared here: its grants by groups of entities, the later over the earlier.
struct Declared {
    code: &'static str,
    name_zh: &'static str,
    name_en: &'static str,
    scope: Scope,
    grants: &'static [(&'static [&'static str], &'static [Action])],
    visibility: &'static [Visibility],
    pool_capacity: Option<i64>,
    daily_claims: Option<i64>,
    discount_limit: i64,
}

const CLAIMED: &[&str] = &["account", "opportunity"];
const REQUESTS: &[&str] = &["payment_request", "invoice_application"];
const DESK: &[&str] = &["ticket", "todo", "attachment"];
const PRICES: &[&str] = &["price_list", "price_list_item", "product"];
/// Closing a month is making its record, opening it again changing it.
const CLOSES: &[&str] = &["month_close"];
const TARGETS: &[&str] = &["target"];
const AMOUNTS_PHONE: &[Visibility] = &[Visibility::Amounts, Visibility::FullPhone];
const AMOUNTS_MARGIN: &[Visibility] = &[Visibility::Amounts, Visibility::Margin];

/// From the most modest to the most powerful; the administrator's is made by [`everything`].
const DECLARED: &[Declared] = &[
    Declared {
        code: "rep",
        name_zh: "销售代表",
        name_en: "Sales rep",
        scope: Scope::Own,
        grants: &[
            (SELLING, WRITE),
            (MONEY, READ),
            (REQUESTS, WRITE),
            (CLAIMED, WRITE_CLAIM),
        ],
        visibility: AMOUNTS_PHONE,
        pool_capacity: Some(200),
        daily_claims: Some(10),
        discount_limit: 500,
    },
    Declared {
        code: "sales_assistant",
        name_zh: "销售助理",
        name_en: "Sales assistant",
        scope: Scope::Team,
        grants: &[(SELLING, WRITE), (MONEY, WRITE)],
        visibility: AMOUNTS_PHONE,
        pool_capacity: None,
        daily_claims: Some(0),
        discount_limit: 0,
    },
    Declared {
        code: "team_lead",
        name_zh: "销售主管",
        name_en: "Team lead",
        scope: Scope::Team,
        grants: &[
            (SELLING, MANAGE),
            (MONEY, READ_EXPORT),
            (REQUESTS, WRITE),
            (TARGETS, PLAN),
        ],
        visibility: &ALL_FIELDS,
        pool_capacity: Some(200),
        daily_claims: Some(10),
        discount_limit: 1_000,
    },
    Declared {
        code: "regional_manager",
        name_zh: "区域经理",
        name_en: "Regional manager",
        scope: Scope::TeamTree,
        grants: &[
            (SELLING, MANAGE),
            (MONEY, READ_EXPORT),
            (REQUESTS, WRITE),
            (TARGETS, PLAN),
        ],
        visibility: &ALL_FIELDS,
        pool_capacity: Some(200),
        daily_claims: Some(10),
        discount_limit: 1_500,
    },
    Declared {
        code: "director",
        name_zh: "销售总监",
        name_en: "Sales director",
        scope: Scope::All,
        grants: &[
            (SELLING, MANAGE),
            (MONEY, READ_EXPORT),
            (PRICES, MANAGE),
            (CLOSES, WRITE),
            (TARGETS, PLAN),
        ],
        visibility: &ALL_FIELDS,
        pool_capacity: None,
        daily_claims: None,
        discount_limit: 2_500,
    },
    Declared {
        code: "finance",
        name_zh: "财务",
        name_en: "Finance",
        scope: Scope::All,
        grants: &[
            (SELLING, READ),
            (MONEY, MANAGE),
            (DESK, WRITE),
            (CLOSES, WRITE),
            (TARGETS, READ_EXPORT),
        ],
        visibility: AMOUNTS_MARGIN,
        pool_capacity: None,
        daily_claims: Some(0),
        discount_limit: 0,
    },
    Declared {
        code: "project_manager",
        name_zh: "项目经理",
        name_en: "Project manager",
        scope: Scope::TeamTree,
        grants: &[
            (
                &["account", "contact", "opportunity", "quote", "quote_line"],
                READ,
            ),
            (&["contract", "order", "order_line", "payment_plan"], READ),
            (&["delivery", "payment_request", "interaction"], WRITE),
            (DESK, WRITE),
        ],
        visibility: &[Visibility::Amounts],
        pool_capacity: None,
        daily_claims: Some(0),
        discount_limit: 0,
    },
    Declared {
        code: "engineering",
        name_zh: "技术支持",
        name_en: "Engineering",
        scope: Scope::All,
        grants: &[
            (
                &[
                    "account",
                    "opportunity",
                    "quote",
                    "quote_line",
                    "order",
                    "order_line",
                ],
                READ,
            ),
            (&["delivery"], WRITE),
            (DESK, WRITE),
        ],
        visibility: &[],
        pool_capacity: None,
        daily_claims: Some(0),
        discount_limit: 0,
    },
    Declared {
        code: CUSTOMER_SUCCESS,
        name_zh: "客户成功",
        name_en: "Customer success",
        scope: Scope::All,
        grants: &[
            (SELLING, READ),
            (MONEY, READ),
            (&["interaction", "contact"], WRITE),
            (DESK, WRITE),
        ],
        visibility: &[Visibility::Amounts, Visibility::FullPhone],
        pool_capacity: None,
        daily_claims: Some(0),
        discount_limit: 0,
    },
    Declared {
        code: "general_manager",
        name_zh: "总经理",
        name_en: "General manager",
        scope: Scope::All,
        grants: &[
            (SELLING, READ_EXPORT),
            (MONEY, READ_EXPORT),
            (DESK, WRITE),
            (TARGETS, PLAN),
        ],
        visibility: &ALL_FIELDS,
        pool_capacity: None,
        daily_claims: None,
        discount_limit: 10_000,
    },
];

/// The roles that a new installation starts with, the most modest first.
pub fn default_roles() -> Vec<DefaultRole> {
    let administrator = DefaultRole {
        code: ADMINISTRATOR,
        name_zh: "管理员",
        name_en: "Administrator",
        rights: everything(),
        pool_capacity: None,
        daily_claims: None,
        discount_limit: 10_000,
    };
    DECLARED.iter().map(role).chain([administrator]).collect()
}

/// A role with the rights declared, reading what all need to see, and keeping its private notes.
fn role(declared: &Declared) -> DefaultRole {
    let mut rights = rights(declared.visibility);
    let mut give = |entities: &[&str], actions: &[Action], scope| {
        for entity in entities {
            rights
                .grants
                .insert((*entity).to_owned(), grant(actions, scope));
        }
    };
    give(COMMON, READ, Scope::All);
    give(&["private_note"], NOTES, Scope::Own);
    // what everybody sees of them: the company's, their team's and their own
    give(TARGETS, READ, Scope::Own);
    give(SUBSCRIBED, NOTES, Scope::Own);
    give(RECEIPTS, READ, Scope::Own);
    for (entities, actions) in declared.grants {
        give(entities, actions, declared.scope);
    }
    DefaultRole {
        code: declared.code,
        name_zh: declared.name_zh,
        name_en: declared.name_en,
        rights,
        pool_capacity: declared.pool_capacity,
        daily_claims: declared.daily_claims,
        discount_limit: declared.discount_limit,
    }
}

/// Every right on all records.
pub(super) fn everything() -> Rights {
    let mut rights = rights(&ALL_FIELDS);
    rights
        .grants
        .insert("*".to_owned(), grant(MANAGE, Scope::All));
    rights
}

fn rights(visibility: &[Visibility]) -> Rights {
    Rights {
        visibility: visibility.iter().copied().collect(),
        ..Rights::default()
    }
}

fn grant(actions: &[Action], scope: Scope) -> Grant {
    Grant {
        actions: actions.iter().copied().collect(),
        scope,
    }
}
