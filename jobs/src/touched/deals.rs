//! Deals: whose facts are made anew with them.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use millrace_lake::Table;
use millrace_models::entity::Entity;

use super::{NEEDED, Space, Touching};
use crate::deals::{Deals, Referred};
use crate::raw::Rows;
use crate::replace::read;
use crate::store::{Store, Systems, Text};
use crate::texts::Texts;
use crate::world::Members;

impl Touching<'_> {
    /// From the deals that new rows are about to those that their facts carry something else of.
    pub(super) fn deals(&mut self) -> anyhow::Result<()> {
        let reached = Rows::of(vec![("account", self.spaces.keys(&[Space::Reaching]))]);
        let own = [
            ("id", Space::Deal),
            ("id", Space::Recorded),
            ("id", Space::Cascading),
        ];
        self.spread(Entity::Opportunity, reached, &own)?;
        if !self.has_new(Entity::Opportunity) {
            return Ok(());
        }
        let rows = Rows::of(vec![("id", self.spaces.keys(&[Space::Recorded]))]);
        let accounts = [("account", Space::NeededAccount)];
        self.spread(Entity::Opportunity, rows.clone(), &accounts)?;
        self.close(NEEDED)?;
        let mut systems = Systems::default();
        systems.learn_teams(&self.raw(Entity::Team, Rows::ALL)?)?;
        let mut texts = Texts::default();
        let mut members = |entity: Entity, rows: Rows| {
            let raw = self.raw(entity, rows)?;
            let store = Store::load(entity, &raw, &mut systems, None)?;
            anyhow::Ok(Members::new(store, &systems, &mut texts))
        };
        let keys = self.spaces.keys(&[Space::NeededAccount]);
        let mut accounts = members(
            Entity::Account,
            Rows::of(vec![("id", keys.clone()), ("name", keys)]),
        )?;
        let mut users = members(Entity::User, Rows::ALL)?;
        let mut products = members(Entity::Product, Rows::ALL)?;
        let mut load = |rows: Rows| {
            let raw = self.raw(Entity::Opportunity, rows)?;
            let mut referred = Referred {
                accounts: &mut accounts,
                users: &mut users,
                products: &mut products,
                texts: &mut texts,
            };
            Deals::load(&raw, &mut systems, None, &mut referred)
        };
        let before = load(rows.clone().before(self.from(Entity::Opportunity)))?;
        let now = load(rows)?;
        for id in now.other_than(&before) {
            self.spaces.add(Space::Cascading, &id);
        }
        Ok(())
    }

    /// Tickets that rest: the hours that they have rested grow.
    pub(super) fn paused_tickets(
        &mut self,
        tables: &BTreeMap<String, Table>,
    ) -> anyhow::Result<()> {
        let Some(table) = tables.get("marts/ticket_service") else {
            return Ok(());
        };
        let mut paused: Vec<Text> = Vec::new();
        for file in table.files() {
            for batch in read(file, Some(&["ticket_id", "status", "resolved_at"]))? {
                let batch = batch?;
                let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
                let resolved = batch.column_by_name("resolved_at");
                let resolved =
                    resolved.and_then(|own| own.as_primitive_opt::<TimestampMicrosecondType>());
                let (Some(ids), Some(status), Some(resolved)) =
                    (text("ticket_id"), text("status"), resolved)
                else {
                    continue;
                };
                let rests = (0..ids.len()).filter(|row| {
                    status.is_valid(*row)
                        && status.value(*row) == "paused"
                        && resolved.is_null(*row)
                });
                paused.extend(rests.map(|row| Text::from(ids.value(row))));
            }
        }
        for id in paused {
            self.spaces.add(Space::Ticket, &id);
        }
        Ok(())
    }
}
