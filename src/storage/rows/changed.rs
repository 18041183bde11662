//! Which opportunities changed, and whether they fitted before.

use super::filter::Filter;
use super::opportunity::{OpportunityColumn, OpportunityState};
use super::query::{Sql, is_one_of, write_scope};
use super::record::{Record, Row};
use crate::storage::{Storage, StorageError};
use pipewright_core::ids::{DataVersion, OpportunityId};
use pipewright_core::viewer::Scope;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Where a change of an opportunity or of what belongs to it is recorded, with the column that names it.
const CHANGED: [(&str, &str); 5] = [
    ("opportunity", "id"),
    ("opportunity_version", "opportunity_id"),
    ("contact_role", "opportunity_id"),
    ("split", "opportunity_id"),
    ("review", "opportunity_id"),
];

/// Opportunities as they stood after a change: the latest of the versions recorded by then, and what never changes.
const STOOD: &str = "SELECT o.id, o.account_id, o.created_at_ms, o.lead_source, o.external_id, v.valid_from_ms, v.name, \
    v.stage_id, v.forecast_category, v.close_day, v.currency, v.amount_minor, v.acv_minor, v.owner_id, v.region_id, \
    v.segment_id, v.opportunity_type, v.campaign_id FROM opportunity o JOIN opportunity_version v ON v.opportunity_id = o.id \
    WHERE NOT v.is_deleted AND v.recorded <= $at AND NOT EXISTS (SELECT 1 FROM opportunity_version w WHERE \
    w.opportunity_id = o.id AND w.recorded <= $at AND (w.valid_from_ms, w.sequence) > (v.valid_from_ms, v.sequence))";

impl Storage {
    /// The opportunities that changed after one change and up to another, they themselves, their contacts' parts, their
    /// splits or their reviews; in order of id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn opportunities_changed(&self, after: DataVersion, upto: DataVersion) -> Result<Vec<OpportunityId>, StorageError> {
        let mut sql = Sql::new(self.backend());
        let one = |(table, column)| {
            format!("SELECT {column} AS id FROM {table} WHERE recorded > {} AND recorded <= {}", after.0, upto.0)
        };
        sql.push(&CHANGED.map(one).join(" UNION "));
        sql.push(" ORDER BY id");
        self.read(sql, |row| Ok(OpportunityId(Row(row).get("id")?))).await
    }

    /// Those of these opportunities that fit, as they stand.
    ///
    /// # Errors
    /// The database failed.
    pub async fn opportunities_that_fit(
        &self,
        scope: &Scope,
        filter: &Filter<OpportunityColumn>,
        ids: &[OpportunityId],
    ) -> Result<HashMap<OpportunityId, OpportunityState>, StorageError> {
        let sql = self.among(OpportunityState::SELECT, scope, filter, ids);
        let states = self.read(sql, |row| OpportunityState::decode(&Row(row))).await?;
        Ok(states.into_iter().map(|state| (state.opportunity.id, state)).collect())
    }

    /// Those of these opportunities that fitted as they stood after a change.
    ///
    /// # Errors
    /// The database failed.
    pub async fn opportunities_that_fitted(
        &self,
        scope: &Scope,
        filter: &Filter<OpportunityColumn>,
        ids: &[OpportunityId],
        at: DataVersion,
    ) -> Result<HashSet<OpportunityId>, StorageError> {
        let sql = self.among(&STOOD.replace("$at", &at.0.to_string()), scope, filter, ids);
        Ok(self.read(sql, |row| Ok(OpportunityId(Row(row).get("id")?))).await?.into_iter().collect())
    }

    fn among(&self, select: &str, scope: &Scope, filter: &Filter<OpportunityColumn>, ids: &[OpportunityId]) -> Sql {
        let mut sql = Sql::new(self.backend());
        sql.push(&format!("SELECT r.* FROM ({select}) r WHERE "));
        write_scope(scope, &mut sql);
        sql.push(" AND ");
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        is_one_of(OpportunityColumn::Id, &ids).write(&mut sql);
        sql.push(" AND ");
        filter.write(&mut sql);
        sql
    }
}
