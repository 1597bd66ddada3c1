//! Generated worlds: teams, people with every role, and records spread over them.

use millrace_operations::entity::{
    account, attachment, contact, contract, interaction, opportunity, order, order_line,
    payment_plan, payment_request, private_note, quote, quote_line, receipt, receipt_allocation,
    stage_change, target, ticket, todo,
};
use millrace_operations::resources::delete;
use millrace_operations::{Actor, Caller, Result, Unit};
use sea_orm::Set;

use crate::support::{Dice, Home};

pub(crate) const ROLES: [&str; 11] = [
    "rep",
    "sales_assistant",
    "team_lead",
    "regional_manager",
    "director",
    "finance",
    "project_manager",
    "engineering",
    "customer_success",
    "general_manager",
    "administrator",
];

/// People of all roles in a tree of teams.
pub(crate) struct World {
    pub(crate) people: Vec<Caller>,
}

impl World {
    pub(crate) async fn generate(home: &Home, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let top = home.team(&format!("China {seed}"), None).await;
        let east = home.team(&format!("East {seed}"), Some(top)).await;
        let south = home.team(&format!("South {seed}"), Some(top)).await;
        let shanghai = home.team(&format!("Shanghai {seed}"), Some(east)).await;
        let teams = [top, east, south, shanghai];
        let mut people = Vec::new();
        for (index, role) in ROLES.iter().chain(&["rep", "rep", "team_lead"]).enumerate() {
            let team = (dice.below(6) > 0).then(|| dice.one_of(&teams));
            people.push(home.user(&format!("p{seed}x{index}"), role, team).await);
        }
        let world = Self { people };
        let people = &world.people;
        home.store
            .write(&Actor::system("world"), async |unit| {
                let mut dice = Dice::new(seed + 1_000);
                for index in 0..12 {
                    world_around_an_account(&unit, &mut dice, people, index, &teams).await?;
                }
                Ok(())
            })
            .await
            .unwrap();
        world
    }

    pub(crate) fn administrator(&self) -> &Caller {
        self.people
            .iter()
            .find(|person| person.role == "administrator")
            .unwrap()
    }

    /// Deletes some records and changes others, so that the log has more than additions.
    pub(crate) async fn live_on(&self, home: &Home) {
        let administrator = self.administrator();
        for id in [1, 4] {
            delete(&home.store, administrator, &todo::RESOURCE, id, 1)
                .await
                .unwrap();
        }
        home.store
            .write(&administrator.actor().because("moved"), async |unit| {
                for id in 1..=6 {
                    let read = unit.get::<account::Model>(id).await?;
                    let change = account::ActiveModel {
                        region: Set(Some(format!("Region {id}"))),
                        ..Default::default()
                    };
                    let changed = unit.update(&read, change.clone()).await?;
                    unit.update(&changed, change).await?;
                }
                Ok(())
            })
            .await
            .unwrap();
    }
}

async fn world_around_an_account(
    unit: &Unit,
    dice: &mut Dice,
    people: &[Caller],
    index: i64,
    teams: &[i64],
) -> Result<()> {
    let owner = &people[usize::try_from(dice.below(people.len() as u64)).unwrap()];
    let other = &people[usize::try_from(dice.below(people.len() as u64)).unwrap()];
    let pooled = dice.below(3) == 0;
    let routed = (dice.below(2) == 0).then(|| dice.one_of(teams));
    let account = account::ActiveModel {
        name: Set(format!("Company {index}")),
        normalised_name: Set(format!("company{index}")),
        pool_state: Set(if pooled { "pooled" } else { "owned" }.to_owned()),
        owner_id: Set((!pooled).then_some(owner.user_id)),
        team_id: Set(if pooled { routed } else { owner.team_id }),
        created_at: Set(unit.now()),
        phone: Set(Some(format!("138000000{index:02}"))),
        address: Set(Some("Nanjing Road 1".to_owned())),
        ..Default::default()
    };
    let account = unit.insert::<account::Model>(account).await?.id;
    let contact = contact::ActiveModel {
        account_id: Set(account),
        name: Set(format!("Person {index}")),
        mobile: Set(Some(format!("139000000{index:02}"))),
        ..Default::default()
    };
    unit.insert::<contact::Model>(contact).await?;
    let unowned = dice.below(4) == 0;
    let opportunity = opportunity::ActiveModel {
        name: Set(format!("Deal {index}")),
        account_id: Set(account),
        owner_id: Set((!unowned).then_some(other.user_id)),
        team_id: Set(if unowned { routed } else { other.team_id }),
        pipeline_id: Set(1),
        stage_id: Set(1),
        stage_entered_at: Set(unit.now()),
        opened_at: Set(unit.now()),
        last_moved_at: Set(unit.now()),
        amount: Set(Some(1_000_000 * index)),
        ..Default::default()
    };
    let opportunity = unit.insert::<opportunity::Model>(opportunity).await?.id;
    let change = stage_change::ActiveModel {
        opportunity_id: Set(opportunity),
        stage_id: Set(1),
        changed_at: Set(unit.now()),
        kind: Set("open".to_owned()),
        ..Default::default()
    };
    unit.insert::<stage_change::Model>(change).await?;
    let quote = quote::ActiveModel {
        account_id: Set(account),
        opportunity_id: Set(Some(opportunity)),
        owner_id: Set(Some(other.user_id)),
        team_id: Set(other.team_id),
        amount: Set(Some(900)),
        margin: Set(Some(-250)),
        ..Default::default()
    };
    let quote = unit.insert::<quote::Model>(quote).await?.id;
    let line = quote_line::ActiveModel {
        quote_id: Set(quote),
        position: Set(1),
        description: Set("阀门".to_owned()),
        quantity: Set(2_500),
        unit_price: Set(9_007_199_254_740_993),
        unit_cost: Set(Some(5)),
        amount: Set(900),
        amount_without_tax: Set(796),
        ..Default::default()
    };
    unit.insert::<quote_line::Model>(line).await?;
    money_of_an_account(unit, account, opportunity, other).await?;
    work_at_an_account(unit, account, owner, other, index).await
}

async fn money_of_an_account(
    unit: &Unit,
    account: i64,
    opportunity: i64,
    owner: &Caller,
) -> Result<()> {
    let contract = contract::ActiveModel {
        name: Set("Frame".to_owned()),
        account_id: Set(account),
        opportunity_id: Set(Some(opportunity)),
        owner_id: Set(Some(owner.user_id)),
        team_id: Set(owner.team_id),
        kind: Set("sale".to_owned()),
        ..Default::default()
    };
    let contract = unit.insert::<contract::Model>(contract).await?.id;
    let order = order::ActiveModel {
        account_id: Set(account),
        contract_id: Set(Some(contract)),
        owner_id: Set(Some(owner.user_id)),
        team_id: Set(owner.team_id),
        ordered_at: Set(unit.now()),
        amount: Set(Some(900)),
        ..Default::default()
    };
    let order = unit.insert::<order::Model>(order).await?.id;
    let line = order_line::ActiveModel {
        order_id: Set(order),
        position: Set(1),
        description: Set("阀门".to_owned()),
        quantity: Set(1_000),
        unit_price: Set(9_000_000),
        amount: Set(900),
        amount_without_tax: Set(796),
        ..Default::default()
    };
    unit.insert::<order_line::Model>(line).await?;
    let plan = payment_plan::ActiveModel {
        contract_id: Set(Some(contract)),
        account_id: Set(account),
        position: Set(1),
        kind: Set("delivery".to_owned()),
        due_by: Set("shipment".to_owned()),
        amount: Set(900),
        ..Default::default()
    };
    let plan = unit.insert::<payment_plan::Model>(plan).await?.id;
    let request = payment_request::ActiveModel {
        account_id: Set(account),
        payment_plan_id: Set(plan),
        requested_by_id: Set(Some(owner.user_id)),
        requested_at: Set(unit.now()),
        amount: Set(900),
        ..Default::default()
    };
    unit.insert::<payment_request::Model>(request).await?;
    let receipt = receipt::ActiveModel {
        account_id: Set(account),
        received_on: Set(unit.today()),
        amount: Set(Some(900)),
        ..Default::default()
    };
    let receipt = unit.insert::<receipt::Model>(receipt).await?.id;
    let allocation = receipt_allocation::ActiveModel {
        receipt_id: Set(receipt),
        payment_plan_id: Set(plan),
        amount: Set(900),
        allocated_on: Set(unit.today()),
        ..Default::default()
    };
    unit.insert::<receipt_allocation::Model>(allocation).await?;
    Ok(())
}

async fn work_at_an_account(
    unit: &Unit,
    account: i64,
    owner: &Caller,
    other: &Caller,
    index: i64,
) -> Result<()> {
    let interaction = interaction::ActiveModel {
        account_id: Set(account),
        by_id: Set(Some(other.user_id)),
        kind: Set("visit".to_owned()),
        at: Set(unit.now()),
        content: Set("talked".to_owned()),
        latitude: Set(Some(31_230_400)),
        ..Default::default()
    };
    unit.insert::<interaction::Model>(interaction).await?;
    let note = private_note::ActiveModel {
        author_id: Set(owner.user_id),
        account_id: Set(Some(account)),
        body: Set(format!("between us {index}")),
        ..Default::default()
    };
    unit.insert::<private_note::Model>(note).await?;
    let ticket = ticket::ActiveModel {
        kind: Set("complaint".to_owned()),
        title: Set("leaks".to_owned()),
        account_id: Set(Some(account)),
        requester_id: Set(Some(other.user_id)),
        owner_id: Set(Some(owner.user_id)),
        team_id: Set(owner.team_id),
        opened_at: Set(unit.now()),
        ..Default::default()
    };
    unit.insert::<ticket::Model>(ticket).await?;
    let todo = todo::ActiveModel {
        title: Set("call back".to_owned()),
        account_id: Set(Some(account)),
        owner_id: Set(Some(other.user_id)),
        team_id: Set(other.team_id),
        ..Default::default()
    };
    unit.insert::<todo::Model>(todo).await?;
    let (team_id, user_id) = match index % 4 {
        0 => (None, None),
        1 => (other.team_id, None),
        _ => (None, Some(other.user_id)),
    };
    let year = i32::try_from(2_000 + account).unwrap_or_default();
    let target = target::ActiveModel {
        metric: Set("won_amount".to_owned()),
        grain: Set("year".to_owned()),
        starts_on: Set(chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap()),
        team_id: Set(team_id),
        user_id: Set(user_id),
        amount: Set(Some(900)),
        ..Default::default()
    };
    unit.insert::<target::Model>(target).await?;
    let attachment = attachment::ActiveModel {
        entity: Set("account".to_owned()),
        record_id: Set(account),
        account_id: Set(Some(account)),
        kind: Set("requirements".to_owned()),
        file_name: Set("a.pdf".to_owned()),
        media_type: Set("application/pdf".to_owned()),
        bytes: Set(1),
        sha256: Set("0".repeat(64)),
        object_key: Set("a".to_owned()),
        uploaded_by_id: Set(Some(other.user_id)),
        ..Default::default()
    };
    unit.insert::<attachment::Model>(attachment).await?;
    Ok(())
}
