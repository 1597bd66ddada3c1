//! The first start: roles, the default pipeline and the administrator.

use millrace_models::scope::{ADMINISTRATOR, default_roles};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use crate::entity::{dispatch, pipeline, role, stage, subscription, user};
use crate::error::{OperationsError, Result};
use crate::service::schedule;
use crate::sign_in::{Password, credentials};
use crate::store::Store;
use crate::unit::{Actor, Unit};

/// The administrator that a first start made.
#[derive(Debug)]
pub struct Administrator {
    /// The name to sign in with.
    pub username: String,
    /// The password, to be shown once and changed at the first sign-in.
    pub password: Password,
}

/// A stage of the default pipeline: code, Chinese and English name, working days, probability.
type DefaultStage = (&'static str, &'static str, &'static str, Option<i64>, i64);

const STAGES: &[DefaultStage] = &[
    ("lead", "线索登记", "Lead", Some(5), 500),
    ("first_contact", "初步接触", "First contact", Some(5), 1_500),
    ("requirements", "需求确认", "Requirements", Some(5), 3_000),
    ("quotation", "方案报价", "Quotation", Some(5), 5_000),
    ("signing", "合同签订", "Signing", Some(5), 8_000),
    (
        "delivery_payment",
        "交付回款",
        "Delivery and payment",
        None,
        10_000,
    ),
];

/// Makes what a new store needs and lacks: the default roles, the default pipeline, the schedules and,
/// where there is no user at all, the administrator. Harmless when all of it is there.
///
/// # Errors
///
/// Those of the database.
pub async fn initialise(store: &Store) -> Result<Option<Administrator>> {
    let password = Password::random()?;
    let hash = password.hash().await?;
    let made = store
        .write(&Actor::system("setup"), async |unit| {
            roles(&unit).await?;
            subscribers(&unit).await?;
            default_pipeline(&unit).await?;
            schedule::ship(&unit).await?;
            administrator(&unit, &hash).await
        })
        .await?;
    Ok(made.then(|| Administrator {
        username: "admin".to_owned(),
        password,
    }))
}

async fn roles(unit: &Unit) -> Result<()> {
    if role::Entity::find().count(unit).await? > 0 {
        return Ok(());
    }
    for default in default_roles() {
        let rights =
            serde_json::to_value(&default.rights).map_err(|error| OperationsError::Damaged {
                entity: "role",
                id: 0,
                detail: error.to_string(),
            })?;
        let role = role::ActiveModel {
            code: Set(default.code.to_owned()),
            name_zh: Set(default.name_zh.to_owned()),
            name_en: Set(default.name_en.to_owned()),
            rights: Set(rights),
            pool_capacity: Set(default.pool_capacity),
            daily_claims: Set(default.daily_claims),
            discount_limit: Set(default.discount_limit),
            ..Default::default()
        };
        unit.insert::<role::Model>(role).await?;
    }
    Ok(())
}

/// Lets the default roles of an older installation subscribe, where no role may yet.
async fn subscribers(unit: &Unit) -> Result<()> {
    let known = role::Entity::find().all(unit).await?;
    let has = |role: &role::Model| {
        role.rights["grants"]
            .get(subscription::RESOURCE.name)
            .is_some()
    };
    if known.iter().any(has) {
        return Ok(());
    }
    for default in default_roles() {
        let known = known.iter().find(|known| known.code == default.code);
        let Some(role) = known.filter(|role| role.rights["grants"].get("*").is_none()) else {
            continue;
        };
        let shipped = serde_json::to_value(&default.rights).unwrap_or_default();
        let mut rights = role.rights.clone();
        for name in [subscription::RESOURCE.name, dispatch::RESOURCE.name] {
            if let Some(grants) = rights["grants"].as_object_mut() {
                grants.insert(name.to_owned(), shipped["grants"][name].clone());
            }
        }
        let change = role::ActiveModel {
            rights: Set(rights),
            ..Default::default()
        };
        unit.update(role, change).await?;
    }
    Ok(())
}

async fn default_pipeline(unit: &Unit) -> Result<()> {
    if pipeline::Entity::find().count(unit).await? > 0 {
        return Ok(());
    }
    let pipeline = pipeline::ActiveModel {
        name_zh: Set("标准销售流程".to_owned()),
        name_en: Set("Standard".to_owned()),
        default_pipeline: Set(true),
        ..Default::default()
    };
    let pipeline = unit.insert::<pipeline::Model>(pipeline).await?;
    for (position, (code, name_zh, name_en, expected_days, probability)) in (1..).zip(STAGES) {
        let last = *code == "delivery_payment";
        let exit_criteria = match *code {
            "requirements" => serde_json::json!([{"attachment": "requirements"}]),
            "quotation" => serde_json::json!([{"quote": "sent"}]),
            "signing" => serde_json::json!([{"contract": "effective"}]),
            _ => serde_json::json!([]),
        };
        let stage = stage::ActiveModel {
            pipeline_id: Set(pipeline.id),
            code: Set((*code).to_owned()),
            name_zh: Set((*name_zh).to_owned()),
            name_en: Set((*name_en).to_owned()),
            position: Set(position),
            expected_days: Set(*expected_days),
            probability: Set(*probability),
            exit_criteria: Set(exit_criteria),
            terminal: Set(last),
            after_winning: Set(last),
            ..Default::default()
        };
        unit.insert::<stage::Model>(stage).await?;
    }
    Ok(())
}

/// The administrator, where there is no user; whether one was made.
async fn administrator(unit: &Unit, hash: &str) -> Result<bool> {
    if user::Entity::find().count(unit).await? > 0 {
        return Ok(false);
    }
    let role = role::Entity::find()
        .filter(role::Column::Code.eq(ADMINISTRATOR))
        .one(unit)
        .await?
        .ok_or(OperationsError::NotFound {
            entity: "role",
            id: 0,
        })?;
    let user = user::ActiveModel {
        username: Set("admin".to_owned()),
        name: Set("Administrator".to_owned()),
        role_id: Set(role.id),
        ..Default::default()
    };
    let user = unit.insert::<user::Model>(user).await?;
    credentials::set(unit, user.id, hash, true).await?;
    Ok(true)
}
