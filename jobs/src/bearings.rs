//! Whose a record is: its account, who owned it over time, its team and its deal.

use millrace_models::entity::Entity;

use crate::deals::Deal;
use crate::store::{Record, Store, Text, Versions};
use crate::texts::NONE;
use crate::world::{Dimensions, World};

/// What a record says of whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Bearing {
    /// A place among the accounts, or [`NONE`].
    pub(crate) account: u32,
    /// Who had it over time; empty where the record names nobody.
    owners: Versions<u32>,
    /// A text of the world, or [`NONE`].
    team: u32,
}

impl Default for Bearing {
    fn default() -> Self {
        Self {
            account: NONE,
            owners: Versions::default(),
            team: NONE,
        }
    }
}

impl Bearing {
    /// Of a record of this account, of these people over time and of this team.
    pub(crate) fn new(account: u32, owners: Versions<u32>, team: u32) -> Self {
        Self {
            account,
            owners,
            team,
        }
    }

    /// Of a record; `owner` is the field that says whose it is.
    pub(crate) fn of(world: &mut World, entity: Entity, record: &Record, owner: &str) -> Self {
        let system = record.system;
        let account = record.text(entity, "account").cloned();
        let account = account.map_or(NONE, |own| world.accounts.resolve(system, &own));
        let history = record.versions(entity, owner).cloned().unwrap_or_else(|| {
            let mut one = Versions::default();
            if let Some(now) = record.text(entity, owner) {
                one.push(i64::MIN, now.clone());
            }
            one
        });
        let owners = owners_of(world, system, &history);
        let team = record.text(entity, "team").cloned();
        let team = team.map_or(NONE, |team| world.text(&team));
        Self {
            account,
            owners,
            team,
        }
    }

    /// Of each record of a store.
    pub(crate) fn of_store(world: &mut World, store: &Store, owner: &str) -> Vec<Self> {
        let records = store.records.iter();
        records
            .map(|record| Self::of(world, store.entity, record, owner))
            .collect()
    }

    /// The account: the record's own, else that of its deal.
    pub(crate) fn account_or(&self, deal: Option<&Deal<'_>>) -> u32 {
        match (self.account, deal) {
            (NONE, Some(deal)) => deal.account,
            (account, _) => account,
        }
    }
}

fn owners_of(world: &mut World, system: u16, history: &Versions<Text>) -> Versions<u32> {
    // A record that never named anybody is not nobody's.
    if history.0.iter().all(|(_, owner)| owner.is_empty()) {
        return Versions::default();
    }
    history.map(|owner| {
        Some(if owner.is_empty() {
            NONE
        } else {
            world.users.resolve(system, owner)
        })
    })
}

impl World {
    /// The dimensions of a record at a moment: people are its own, else those of its deal, else
    /// those of its account.
    pub(crate) fn record_dimensions(
        &self,
        own: &Bearing,
        deal: Option<&Deal<'_>>,
        product: u32,
        at_us: i64,
    ) -> Dimensions {
        let account = own.account_or(deal);
        if !own.owners.0.is_empty() || own.team != NONE {
            return self.dimensions(&own.owners.0, own.team, account, product, at_us);
        }
        let (owners, team) = deal.map_or((&[][..], NONE), |deal| (deal.owners, deal.team));
        self.dimensions(owners, team, account, product, at_us)
    }
}
