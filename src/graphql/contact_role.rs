//! The parts that contacts play in opportunities.

use super::contact::Contact;
use super::declare::noun;
use super::loaders;
use super::opportunity::Opportunity;
use super::scalars::Change;
use crate::app::rows::ContactRoleColumn;
use async_graphql::{Context, Object, Result};
use pipewright_core::opportunity;

/// A contact's part in an opportunity.
pub struct ContactRole(pub opportunity::ContactRole);

noun!(ContactRole over opportunity::ContactRole, "ContactRole", by ContactRoleColumn::Id, descending false);

/// A contact's part in an opportunity.
#[Object]
impl ContactRole {
    /// Who; null only where the contact itself is not stored.
    async fn contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>> {
        loaders::one(ctx, self.0.contact.0).await
    }

    /// Decision maker, user and the like, as the source system spells it; null where it says none.
    async fn role(&self) -> Option<&str> {
        self.0.role.as_deref()
    }

    /// Whether this is the primary contact.
    async fn is_primary(&self) -> bool {
        self.0.is_primary
    }

    /// In which opportunity; null where it was deleted.
    async fn opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
        loaders::one(ctx, self.0.opportunity.0).await
    }

    /// The committed change that brought it to this state.
    async fn recorded_in(&self) -> Change {
        Change(self.0.recorded)
    }
}
