//! Who may what, as data: for each role and entity what may be done, on whose records, and which
//! fields are shown.
//!
//! A role grants rights by entity name; the entity `*` stands for all that are not named. What is
//! not granted is refused. [`default_roles`] is what a new installation starts with; the firm edits
//! its own copy afterwards.

mod access;
mod roles;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use access::{Access, Reach, Way};
pub use roles::{ADMINISTRATOR, CUSTOMER_SUCCESS, DefaultRole, default_roles};

/// What can be done with the records of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Add one.
    Create,
    /// See them.
    Read,
    /// Change one.
    Update,
    /// Mark one as deleted.
    Delete,
    /// Take a list of them away as a file.
    Export,
    /// Claim one from the pool.
    Claim,
    /// Give one to somebody, or back to the pool, in the name of others.
    Assign,
}

/// On whose records something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Their own.
    Own,
    /// Those of their team.
    Team,
    /// Those of their team and of the teams below it.
    TeamTree,
    /// All.
    All,
}

/// Fields that not everybody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Amounts and prices.
    Amounts,
    /// Costs and margins.
    Margin,
    /// Telephone numbers in full; without it they are masked.
    FullPhone,
}

/// What a role may do with one entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grant {
    /// What may be done.
    pub actions: BTreeSet<Action>,
    /// On whose records.
    pub scope: Scope,
}

/// The rights of a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Rights {
    /// By entity name; `*` stands for all that are not named.
    pub grants: BTreeMap<String, Grant>,
    /// The fields shown.
    pub visibility: BTreeSet<Visibility>,
}

impl Rights {
    /// Everything, on all records.
    pub fn everything() -> Self {
        roles::everything()
    }

    /// On whose records the action may be done; none when it may not be done at all.
    pub fn scope(&self, entity: &str, action: Action) -> Option<Scope> {
        let grant = self.grants.get(entity).or_else(|| self.grants.get("*"))?;
        grant.actions.contains(&action).then_some(grant.scope)
    }

    /// Whether fields of that kind are shown.
    pub fn sees(&self, visibility: Visibility) -> bool {
        self.visibility.contains(&visibility)
    }
}

/// What a token may be used for: an action on the records of an entity; `*` stands for all entities.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Allowance {
    /// The entity.
    pub entity: String,
    /// The action.
    pub action: Action,
}

/// The rights that are both in `rights` and allowed: never more than either.
pub fn limited(rights: &Rights, allowances: &[Allowance]) -> Rights {
    let mut names: BTreeSet<&str> = rights.grants.keys().map(String::as_str).collect();
    names.extend(allowances.iter().map(|allowance| allowance.entity.as_str()));
    let grants = names.into_iter().filter_map(|name| {
        let grant = rights.grants.get(name).or_else(|| rights.grants.get("*"))?;
        let allows = |action: &&Action| {
            allowances.iter().any(|allowance| {
                allowance.action == **action && [name, "*"].contains(&allowance.entity.as_str())
            })
        };
        let actions = grant.actions.iter().filter(allows).copied().collect();
        let scope = grant.scope;
        Some((name.to_owned(), Grant { actions, scope }))
    });
    Rights {
        grants: grants.collect(),
        visibility: rights.visibility.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(code: &str) -> Rights {
        let roles = default_roles();
        roles
            .into_iter()
            .find(|role| role.code == code)
            .unwrap()
            .rights
    }

    #[test]
    fn a_rep_sees_only_their_own_accounts_and_deletes_nothing() {
        let rep = rights("rep");
        assert_eq!(rep.scope("account", Action::Read), Some(Scope::Own));
        assert_eq!(rep.scope("account", Action::Claim), Some(Scope::Own));
        assert_eq!(rep.scope("account", Action::Delete), None);
        assert_eq!(rep.scope("receipt", Action::Update), None);
        assert!(!rep.sees(Visibility::Margin));
    }

    #[test]
    fn what_is_not_named_is_refused() {
        assert_eq!(rights("director").scope("role", Action::Read), None);
        assert_eq!(Rights::default().scope("account", Action::Read), None);
        assert_eq!(
            rights(ADMINISTRATOR).scope("role", Action::Update),
            Some(Scope::All)
        );
    }

    #[test]
    fn a_token_has_no_more_than_its_user() {
        let allow = |entity: &str, action| Allowance {
            entity: entity.to_owned(),
            action,
        };
        let rep = limited(
            &rights("rep"),
            &[
                allow("*", Action::Read),
                allow("role", Action::Update),
                allow("quote", Action::Create),
            ],
        );
        assert_eq!(rep.scope("account", Action::Read), Some(Scope::Own));
        assert_eq!(rep.scope("account", Action::Update), None);
        assert_eq!(rep.scope("role", Action::Update), None);
        assert_eq!(rep.scope("quote", Action::Create), Some(Scope::Own));
        let all = limited(&Rights::everything(), &[allow("account", Action::Read)]);
        assert_eq!(all.scope("account", Action::Read), Some(Scope::All));
        assert_eq!(all.scope("quote", Action::Read), None);
    }

    #[test]
    fn rights_survive_json() {
        for role in default_roles() {
            let text = serde_json::to_string(&role.rights).unwrap();
            let read: Rights = serde_json::from_str(&text).unwrap();
            assert_eq!(read, role.rights, "{}", role.code);
        }
    }
}
