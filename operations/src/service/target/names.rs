//! What teams and people are called, in the numbers and in sheets, and which teams are below which.

use std::collections::BTreeMap;

use millrace_models::identity::{labels, lake_id};
use millrace_models::target::Whom;
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};

use crate::caller::tree;
use crate::entity::{team, user};
use crate::error::Result;

/// The names of teams and people: by their name, and by name and id where two share it, as in the
/// lake.
#[derive(Debug, Default)]
pub struct Names {
    teams: Members,
    people: Members,
    below: BTreeMap<i64, Vec<i64>>,
}

#[derive(Debug, Default)]
struct Members {
    label: BTreeMap<i64, String>,
    id: BTreeMap<String, i64>,
    /// Those who are there still, in the order of their ids.
    there: Vec<i64>,
}

impl Members {
    fn new(kind: &str, members: &[(i64, String, bool)]) -> Self {
        let ids: Vec<String> = members
            .iter()
            .map(|(id, ..)| lake_id(kind, *id, None))
            .collect();
        let named = ids.iter().zip(members);
        let shown = labels(named.map(|(id, (_, name, _))| (id.as_str(), name.as_str())));
        let mut own = Self::default();
        for (((id, name, there), lake_id), label) in members.iter().zip(&ids).zip(shown) {
            // also by the long name, by which it was called while another had the same
            own.id.insert(format!("{name} ({lake_id})"), *id);
            own.id.insert(label.clone(), *id);
            own.label.insert(*id, label);
            if *there {
                own.there.push(*id);
            }
        }
        own
    }
}

impl Names {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn read<C: ConnectionTrait>(connection: &C) -> Result<Self> {
        let teams = team::Entity::find()
            .order_by_asc(team::Column::Id)
            .all(connection)
            .await?;
        let people = user::Entity::find()
            .order_by_asc(user::Column::Id)
            .all(connection)
            .await?;
        let mut below: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for team in teams.iter().filter(|team| team.deleted_at.is_none()) {
            if let Some(parent) = team.parent_id {
                below.entry(parent).or_default().push(team.id);
            }
        }
        let teams = teams.into_iter();
        let teams: Vec<_> = teams
            .map(|team| (team.id, team.name, team.deleted_at.is_none()))
            .collect();
        let people = people.into_iter();
        let people: Vec<_> = people
            .map(|own| {
                let there = own.enabled && own.deleted_at.is_none();
                (own.id, own.name, there)
            })
            .collect();
        Ok(Self {
            teams: Members::new("team", &teams),
            people: Members::new("user", &people),
            below,
        })
    }

    /// The team of that name.
    pub fn team(&self, name: &str) -> Option<i64> {
        self.teams.id.get(name).copied()
    }

    /// The person of that name.
    pub fn person(&self, name: &str) -> Option<i64> {
        self.people.id.get(name).copied()
    }

    /// What a team or a person is called; nothing of the company.
    pub fn label(&self, whom: Whom) -> Option<&str> {
        match whom {
            Whom::Company => None,
            Whom::Team(id) => self.teams.label.get(&id).map(String::as_str),
            Whom::Person(id) => self.people.label.get(&id).map(String::as_str),
        }
    }

    /// The teams that are there, in the order of their ids.
    pub fn teams(&self) -> impl Iterator<Item = i64> {
        self.teams.there.iter().copied()
    }

    /// The people who are there, in the order of their ids.
    pub fn people(&self) -> impl Iterator<Item = i64> {
        self.people.there.iter().copied()
    }

    /// The names of teams, or of people.
    pub fn known(&self, people: bool) -> impl Iterator<Item = &str> {
        let members = if people { &self.people } else { &self.teams };
        members.label.values().map(String::as_str)
    }

    /// A team and all below it.
    pub fn tree(&self, team: i64) -> Vec<i64> {
        tree(Some(team), &self.below)
    }

    /// The team that, with all below it, is exactly these teams.
    pub fn whole(&self, teams: &[i64]) -> Option<i64> {
        let mut wanted = teams.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.iter().copied().find(|team| {
            let mut tree = self.tree(*team);
            tree.sort_unstable();
            tree == wanted
        })
    }
}
