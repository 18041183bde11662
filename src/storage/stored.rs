//! Looking records up by their ids in bulk, deleted ones too: what an import needs to know of what is there already.

use super::read::literals;
use super::table::Read;
use super::{Storage, StorageError};
use pipewright_core::campaign::Campaign;
use pipewright_core::catalog::{Product, Stage};
use pipewright_core::currency::ExchangeRate;
use pipewright_core::ids::{
    AccountId, CampaignId, ContactId, ContactRoleId, LeadId, OpportunityId, ProductId, RepId, SplitId, TouchpointId,
};
use pipewright_core::opportunity::{ContactRole, Opportunity, Split, Version};
use pipewright_core::party::{Account, Contact, Lead};
use pipewright_core::rep::{Rep, Tenure};
use pipewright_core::touchpoint::Touchpoint;
use uuid::Uuid;

/// Ids in one statement.
const AT_ONCE: usize = 500;

macro_rules! lookups {
    ($($name:ident: $record:ident by $id:ident = $rest:literal;)*) => {$(
        /// Those of these ids that are stored, in no order.
        ///
        /// # Errors
        /// The database failed.
        pub async fn $name(&self, ids: &[$id]) -> Result<Vec<$record>, StorageError> {
            self.stored(ids.iter().map(|id| id.0).collect(), $rest).await
        }
    )*};
}

impl Storage {
    lookups! {
        accounts_stored: Account by AccountId = "account WHERE id";
        contacts_stored: Contact by ContactId = "contact WHERE id";
        leads_stored: Lead by LeadId = "lead WHERE id";
        reps_stored: Rep by RepId = "rep WHERE id";
        tenures_stored: Tenure by RepId = "tenure WHERE rep_id";
        campaigns_stored: Campaign by CampaignId = "campaign WHERE id";
        products_stored: Product by ProductId = "product WHERE id";
        opportunities_stored: Opportunity by OpportunityId = "opportunity WHERE id";
        contact_roles_stored: ContactRole by ContactRoleId = "contact_role WHERE id";
        splits_stored: Split by SplitId = "split WHERE id";
        touchpoints_stored: Touchpoint by TouchpointId = "touchpoint WHERE id";
    }

    /// All stored versions of these opportunities, in order of (opportunity, valid_from, sequence).
    ///
    /// # Errors
    /// The database failed.
    pub async fn versions_of(&self, opportunities: &[OpportunityId]) -> Result<Vec<Version>, StorageError> {
        let ids = opportunities.iter().map(|id| id.0).collect();
        let mut versions: Vec<Version> = self.stored(ids, "opportunity_version WHERE opportunity_id").await?;
        versions.sort_by_key(|version| (version.opportunity, version.valid_from, version.sequence));
        Ok(versions)
    }

    /// Every stage.
    ///
    /// # Errors
    /// The database failed.
    pub async fn every_stage(&self) -> Result<Vec<Stage>, StorageError> {
        self.every("stage").await
    }

    /// Every rep: thousands at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn every_rep(&self) -> Result<Vec<Rep>, StorageError> {
        self.every("rep").await
    }

    /// Every exchange rate.
    ///
    /// # Errors
    /// The database failed.
    pub async fn every_exchange_rate(&self) -> Result<Vec<ExchangeRate>, StorageError> {
        self.every("exchange_rate").await
    }

    async fn every<R: Read + Send + 'static>(&self, table: &'static str) -> Result<Vec<R>, StorageError> {
        self.reading(move |reading| {
            let mut all = Vec::new();
            reading.each(table, [0; 2], |record| all.push(record))?;
            Ok(all)
        })
        .await
    }

    async fn stored<R: Read + Send + 'static>(&self, mut ids: Vec<Uuid>, rest: &'static str) -> Result<Vec<R>, StorageError> {
        ids.sort_unstable();
        ids.dedup();
        self.reading(move |reading| {
            let mut found = Vec::new();
            for chunk in ids.chunks(AT_ONCE) {
                let list = literals(reading, chunk.iter().copied());
                reading.each(&format!("{rest} IN ({list})"), [0; 2], |record| found.push(record))?;
            }
            Ok(found)
        })
        .await
    }
}
