//! What one caller sees of the lake: their rights, and the names by which they and their teams are
//! called there. Every method of the query engine takes an [`Access`].

use super::{Action, Rights, Scope, Visibility};
use crate::identity::{SYSTEM, lake_id};
use crate::metric::Registry;
use crate::metric::rules::{Kinds, Path, Rule};

/// Who asks, as the lake knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    rights: Rights,
    user: Vec<String>,
    team: Vec<String>,
    team_tree: Vec<String>,
}

/// Which rows of a table a caller sees.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reach {
    /// None.
    Nothing,
    /// All.
    Everything,
    /// Those that meet any of these.
    Any(Vec<Way>),
}

/// How a row belongs to a caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Way {
    /// The column holds one of these.
    OneOf {
        /// The column.
        column: String,
        /// Ids of people, or names of teams.
        values: Vec<String>,
    },
    /// The row is of a record of that entity, and meets any of these.
    Of {
        /// The column that names the entity.
        column: String,
        /// The entity.
        entity: String,
        /// How its rows belong to the caller.
        ways: Vec<Way>,
    },
    /// The column holds the key of a row of another table that belongs to the caller.
    Through {
        /// The column.
        column: String,
        /// The other table.
        table: String,
        /// Its key.
        key: String,
        /// How its rows belong to the caller.
        ways: Vec<Way>,
    },
}

impl Access {
    /// Everything, for who has the lake itself in hand: the command line.
    pub fn everything() -> Self {
        Self {
            rights: Rights::everything(),
            user: Vec::new(),
            team: Vec::new(),
            team_tree: Vec::new(),
        }
    }

    /// The access of a user of `operations`; the team by all its names in the lake, the tree with
    /// the team itself.
    pub fn of_user(
        rights: Rights,
        user_id: i64,
        team: Vec<String>,
        team_tree: Vec<String>,
    ) -> Self {
        let id = lake_id("user", user_id, None);
        // where another system has the same id, the marts put the system in front
        let user = vec![format!("{SYSTEM}:{id}"), id];
        Self {
            rights,
            user,
            team,
            team_tree,
        }
    }

    /// The rights of their role, as far as what they came with allows.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Whether fields of that kind are shown.
    pub fn sees(&self, visibility: Visibility) -> bool {
        self.rights.sees(visibility)
    }

    /// Whether the role allows that at all, on whichever records.
    pub fn may(&self, entity: &str, action: Action) -> bool {
        self.rights.scope(entity, action).is_some()
    }

    /// The rows of a table that the caller sees. Of a table without a rule, none.
    pub fn reach(&self, registry: &Registry, table: &str) -> Reach {
        let Some(rule) = registry.rule(table) else {
            return Reach::Nothing;
        };
        if let Some(kinds) = &rule.kinds {
            return self.of_kinds(registry, rule, kinds);
        }
        match self.scope_of(rule) {
            Some(scope) => self.within(registry, rule, scope),
            None => Reach::Nothing,
        }
    }

    /// The rows of each entity by the right to read that one.
    fn of_kinds(&self, registry: &Registry, rule: &Rule, kinds: &Kinds) -> Reach {
        let mut ways = Vec::new();
        let mut all = Vec::new();
        for entity in &kinds.entities {
            let scope = self.rights.scope(entity, Action::Read);
            match scope.map(|scope| self.within(registry, rule, scope)) {
                Some(Reach::Everything) => all.push(entity.clone()),
                Some(Reach::Any(own)) => ways.push(Way::Of {
                    column: kinds.column.clone(),
                    entity: entity.clone(),
                    ways: own,
                }),
                Some(Reach::Nothing) | None => {}
            }
        }
        if all.len() == kinds.entities.len() {
            return Reach::Everything;
        }
        if !all.is_empty() {
            ways.push(Way::OneOf {
                column: kinds.column.clone(),
                values: all,
            });
        }
        if ways.is_empty() {
            Reach::Nothing
        } else {
            Reach::Any(ways)
        }
    }

    fn scope_of(&self, rule: &Rule) -> Option<Scope> {
        match &rule.entity {
            Some(entity) => self.rights.scope(entity, Action::Read),
            None => Some(Scope::All),
        }
    }

    /// What belongs to another row is reached by the scope of what is asked for, as in
    /// `operations`.
    fn within(&self, registry: &Registry, rule: &Rule, scope: Scope) -> Reach {
        if scope == Scope::All {
            return Reach::Everything;
        }
        let mut ways = Vec::new();
        for path in &rule.paths {
            match path {
                Path::Everybody => return Reach::Everything,
                Path::Owner(column) => ways.push(Way::OneOf {
                    column: column.clone(),
                    values: self.user.clone(),
                }),
                Path::Team(column) => {
                    let values = match scope {
                        Scope::Team => self.team.clone(),
                        Scope::TeamTree => self.team_tree.clone(),
                        Scope::Own | Scope::All => Vec::new(),
                    };
                    let column = column.clone();
                    if !values.is_empty() {
                        ways.push(Way::OneOf { column, values });
                    }
                }
                Path::Through { column, table, key } => {
                    let parent = registry.rule(table);
                    match parent.map(|parent| self.within(registry, parent, scope)) {
                        Some(Reach::Everything) => return Reach::Everything,
                        Some(Reach::Any(parents)) => ways.push(Way::Through {
                            column: column.clone(),
                            table: table.clone(),
                            key: key.clone(),
                            ways: parents,
                        }),
                        Some(Reach::Nothing) | None => {}
                    }
                }
            }
        }
        if ways.is_empty() {
            Reach::Nothing
        } else {
            Reach::Any(ways)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::default_roles;

    fn access(code: &str, team: Option<&str>) -> Access {
        let role = default_roles().into_iter().find(|role| role.code == code);
        let team: Vec<String> = team.map(str::to_owned).into_iter().collect();
        let tree = team.iter().cloned().chain(["上海".to_owned()]).collect();
        Access::of_user(role.unwrap().rights, 12, team, tree)
    }

    fn reach(access: &Access, table: &str) -> Reach {
        access.reach(Registry::shipped().unwrap(), table)
    }

    fn one_of(column: &str, values: &[&str]) -> Way {
        Way::OneOf {
            column: column.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    const ME: [&str; 2] = ["millrace:user-12", "user-12"];

    #[test]
    fn a_rep_reaches_what_they_own() {
        let rep = access("rep", Some("华东"));
        let own = Reach::Any(vec![one_of("current_owner", &ME)]);
        assert_eq!(reach(&rep, "conversion_cycles"), own);
        assert_eq!(reach(&rep, "users"), Reach::Everything);
        assert_eq!(reach(&rep, "no_such_table"), Reach::Nothing);
    }

    #[test]
    fn a_team_reaches_its_own_and_a_tree_what_is_below() {
        let lead = access("team_lead", Some("华东"));
        let expected = vec![one_of("owner", &ME), one_of("team", &["华东"])];
        assert_eq!(reach(&lead, "accounts"), Reach::Any(expected));
        let manager = access("regional_manager", Some("华东"));
        let expected = vec![one_of("owner", &ME), one_of("team", &["华东", "上海"])];
        assert_eq!(reach(&manager, "accounts"), Reach::Any(expected));
    }

    #[test]
    fn without_a_team_a_lead_reaches_only_their_own() {
        let lead = access("team_lead", None);
        let expected = Reach::Any(vec![one_of("owner", &ME)]);
        assert_eq!(reach(&lead, "accounts"), expected);
    }

    #[test]
    fn records_of_several_entities_go_by_the_right_to_each() {
        // engineering reads accounts and quotes, and no contracts
        let engineer = access("engineering", None);
        let expected = one_of(
            "record_type",
            &["account", "opportunity", "quote", "ticket"],
        );
        assert_eq!(
            reach(&engineer, "record_quality"),
            Reach::Any(vec![expected])
        );
        let Reach::Any(ways) = reach(&access("rep", None), "record_quality") else {
            panic!("a rep sees some records, and not all");
        };
        let first = Way::Of {
            column: "record_type".to_owned(),
            entity: "account".to_owned(),
            ways: vec![one_of("current_owner", &ME)],
        };
        assert_eq!(ways[0], first);
    }

    #[test]
    fn everything_is_everything() {
        for table in crate::marts::TABLES {
            assert_eq!(reach(&Access::everything(), table), Reach::Everything);
        }
    }
}
