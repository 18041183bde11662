//! Typed ids: one type per noun over a UUID, so that an account's id can never stand where a rep's is meant.
//!
//! Imported rows derive their id from (organisation, object, external id) as UUID v5, so the same export gives the
//! same ids everywhere; rows born here get a v7 id from the edge.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident = $object:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The word that stands for this noun when an id is derived; never change one.
            pub const OBJECT: &'static str = $object;

            /// The id of an imported row: the same (organisation, external id) always gives the same id.
            pub fn derived(organisation: &str, external_id: &str) -> Self {
                Self(derive(organisation, $object, external_id))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

typed_id! {
    /// A company that buys.
    AccountId = "account";
    /// A person at an account.
    ContactId = "contact";
    /// A person not yet at an account.
    LeadId = "lead";
    /// A deal, over its whole life.
    OpportunityId = "opportunity";
    /// An immutable set of product lines that versions of one opportunity refer to.
    LineSetId = "line-set";
    /// A contact's part in an opportunity.
    ContactRoleId = "contact-role";
    /// A rep's share of an opportunity.
    SplitId = "split";
    /// A person who sells.
    RepId = "rep";
    /// A role held by a rep from an instant.
    TenureId = "tenure";
    /// A marketing campaign.
    CampaignId = "campaign";
    /// An interaction that may earn credit.
    TouchpointId = "touchpoint";
    /// A product.
    ProductId = "product";
    /// A sales region.
    RegionId = "region";
    /// A market segment.
    SegmentId = "segment";
    /// A stage of the sales process.
    StageId = "stage";
    /// A dated target row.
    TargetId = "target";
    /// A dated forecast judgement row.
    JudgementId = "judgement";
    /// A dated forecast adjustment row.
    AdjustmentId = "adjustment";
    /// What another system credits.
    VendorCreditId = "vendor-credit";
    /// A manager's review of an opportunity.
    ReviewId = "review";
    /// An import.
    ImportId = "import";
}

/// Version-5 UUID under a namespace of our own, itself derived from the name `pipewright`.
fn derive(organisation: &str, object: &str, external_id: &str) -> Uuid {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"pipewright");
    let mut name = Vec::with_capacity(organisation.len() + object.len() + external_id.len() + 2);
    name.extend_from_slice(organisation.as_bytes());
    name.push(0);
    name.extend_from_slice(object.as_bytes());
    name.push(0);
    name.extend_from_slice(external_id.as_bytes());
    Uuid::new_v5(&namespace, &name)
}

/// The number of a committed change: every write takes the next one, and a snapshot is named by the last it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataVersion(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_export_gives_the_same_ids_and_objects_never_collide() {
        let one = AccountId::derived("acme", "0011G00000eLwuWQAS");
        assert_eq!(one, AccountId::derived("acme", "0011G00000eLwuWQAS"));
        assert_ne!(one.0, ContactId::derived("acme", "0011G00000eLwuWQAS").0);
        assert_ne!(one, AccountId::derived("acm", "e0011G00000eLwuWQAS"));
    }
}
