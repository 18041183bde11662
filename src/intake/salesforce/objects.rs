//! The objects of an export that are read, and their columns; all others are skipped and reported.

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A reference to a record: stored in its 18-character form where it is an id.
    Reference,
    /// Any text.
    Text,
    /// A number with a decimal point.
    Number,
    /// A day, or an instant.
    Date,
    /// True or false.
    Boolean,
}

/// One object of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// Its API name: `<name>.csv`.
    pub name: &'static str,
    /// Columns without which a file of it is refused.
    pub needed: &'static [&'static str],
    /// Columns that other objects' records are looked up by.
    pub indexed: &'static [&'static str],
    /// Columns read, beside `Id`.
    pub columns: &'static [(&'static str, Kind)],
}

use Kind::{Boolean as B, Date as D, Number as N, Reference as R, Text as T};

/// All objects read.
pub const OBJECTS: &[Object] = &[
    Object {
        name: "Account",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("IsDeleted", B),
            ("Name", T),
            ("Type", T),
            ("ParentId", R),
            ("BillingCountry", T),
            ("BillingState", T),
            ("Industry", T),
            ("NumberOfEmployees", N),
            ("AnnualRevenue", N),
            ("Website", T),
            ("OwnerId", R),
            ("CreatedDate", D),
        ],
    },
    Object {
        name: "Contact",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("IsDeleted", B),
            ("AccountId", R),
            ("LastName", T),
            ("FirstName", T),
            ("Name", T),
            ("Phone", T),
            ("Email", T),
            ("Title", T),
            ("Department", T),
            ("LeadSource", T),
            ("OwnerId", R),
            ("CreatedDate", D),
        ],
    },
    Object {
        name: "Lead",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("IsDeleted", B),
            ("LastName", T),
            ("FirstName", T),
            ("Name", T),
            ("Title", T),
            ("Company", T),
            ("Phone", T),
            ("Email", T),
            ("LeadSource", T),
            ("Status", T),
            ("Industry", T),
            ("OwnerId", R),
            ("IsConverted", B),
            ("ConvertedDate", D),
            ("ConvertedAccountId", R),
            ("ConvertedContactId", R),
            ("ConvertedOpportunityId", R),
            ("CreatedDate", D),
        ],
    },
    Object {
        name: "Opportunity",
        needed: &["Id", "Name", "StageName", "CloseDate", "CreatedDate"],
        indexed: &[],
        columns: &[
            ("IsDeleted", B),
            ("AccountId", R),
            ("Name", T),
            ("Description", T),
            ("StageName", T),
            ("Amount", N),
            ("Probability", N),
            ("CloseDate", D),
            ("Type", T),
            ("NextStep", T),
            ("LeadSource", T),
            ("IsClosed", B),
            ("IsWon", B),
            ("ForecastCategory", T),
            ("ForecastCategoryName", T),
            ("CampaignId", R),
            ("HasOpportunityLineItem", B),
            ("OwnerId", R),
            ("CreatedDate", D),
            ("CreatedById", R),
            ("LastModifiedDate", D),
            ("LastActivityDate", D),
            ("CurrencyIsoCode", T),
        ],
    },
    Object {
        name: "OpportunityHistory",
        needed: &["OpportunityId", "CreatedDate", "StageName"],
        indexed: &["OpportunityId"],
        columns: &[
            ("OpportunityId", R),
            ("CreatedDate", D),
            ("StageName", T),
            ("Amount", N),
            ("CloseDate", D),
            ("Probability", N),
            ("ForecastCategory", T),
            ("IsDeleted", B),
        ],
    },
    Object {
        name: "OpportunityFieldHistory",
        needed: &["Id", "OpportunityId", "CreatedDate", "Field"],
        indexed: &["OpportunityId"],
        columns: &[("OpportunityId", R), ("CreatedDate", D), ("Field", T), ("OldValue", T), ("NewValue", T), ("IsDeleted", B)],
    },
    Object {
        name: "OpportunityContactRole",
        needed: &["Id"],
        indexed: &["OpportunityId"],
        columns: &[("OpportunityId", R), ("ContactId", R), ("Role", T), ("IsPrimary", B), ("IsDeleted", B)],
    },
    Object {
        name: "OpportunityLineItem",
        needed: &["Id"],
        indexed: &["OpportunityId"],
        columns: &[
            ("OpportunityId", R),
            ("SortOrder", N),
            ("Product2Id", R),
            ("Quantity", N),
            ("TotalPrice", N),
            ("CreatedDate", D),
            ("LastModifiedDate", D),
            ("IsDeleted", B),
        ],
    },
    Object {
        name: "OpportunitySplit",
        needed: &["Id"],
        indexed: &["OpportunityId"],
        columns: &[("OpportunityId", R), ("SplitOwnerId", R), ("SplitPercentage", N), ("SplitTypeId", R), ("IsDeleted", B)],
    },
    Object {
        name: "OpportunitySplitType",
        needed: &["Id"],
        indexed: &[],
        columns: &[("DeveloperName", T), ("IsTotalValidated", B)],
    },
    Object {
        name: "OpportunityStage",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("MasterLabel", T),
            ("IsActive", B),
            ("SortOrder", N),
            ("IsClosed", B),
            ("IsWon", B),
            ("ForecastCategory", T),
            ("ForecastCategoryName", T),
            ("DefaultProbability", N),
        ],
    },
    Object {
        name: "Campaign",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("IsDeleted", B),
            ("Name", T),
            ("ParentId", R),
            ("Type", T),
            ("Status", T),
            ("StartDate", D),
            ("EndDate", D),
            ("BudgetedCost", N),
            ("ActualCost", N),
            ("IsActive", B),
            ("CurrencyIsoCode", T),
        ],
    },
    Object {
        name: "CampaignMember",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("IsDeleted", B),
            ("CampaignId", R),
            ("LeadId", R),
            ("ContactId", R),
            ("Status", T),
            ("HasResponded", B),
            ("CreatedDate", D),
            ("FirstRespondedDate", D),
        ],
    },
    Object {
        name: "Task",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("IsDeleted", B),
            ("WhoId", R),
            ("WhatId", R),
            ("Type", T),
            ("Subject", T),
            ("ActivityDate", D),
            ("OwnerId", R),
            ("AccountId", R),
            ("IsClosed", B),
            ("CreatedDate", D),
            ("TaskSubtype", T),
            ("CallType", T),
            ("CompletedDateTime", D),
        ],
    },
    Object {
        name: "Event",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("IsDeleted", B),
            ("WhoId", R),
            ("WhatId", R),
            ("ActivityDate", D),
            ("ActivityDateTime", D),
            ("StartDateTime", D),
            ("AccountId", R),
            ("OwnerId", R),
            ("CreatedDate", D),
            ("IsChild", B),
        ],
    },
    Object {
        name: "User",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("Name", T),
            ("FirstName", T),
            ("LastName", T),
            ("Email", T),
            ("Title", T),
            ("IsActive", B),
            ("UserRoleId", R),
            ("ManagerId", R),
            ("CreatedDate", D),
            ("LastModifiedDate", D),
        ],
    },
    Object { name: "UserRole", needed: &["Id"], indexed: &[], columns: &[("Name", T)] },
    Object {
        name: "Product2",
        needed: &["Id"],
        indexed: &[],
        columns: &[("Name", T), ("ProductCode", T), ("Family", T), ("IsActive", B), ("IsDeleted", B)],
    },
    Object {
        name: "ForecastingQuota",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("QuotaOwnerId", R),
            ("StartDate", D),
            ("QuotaAmount", N),
            ("PeriodId", R),
            ("CreatedDate", D),
            ("LastModifiedDate", D),
        ],
    },
    Object { name: "Period", needed: &["Id"], indexed: &[], columns: &[("Type", T), ("StartDate", D), ("EndDate", D)] },
];

/// The object a file of this name holds: `Opportunity.csv`, `opportunity_2.CSV`.
pub fn named(file: &str) -> Option<&'static Object> {
    let stem = file.rsplit(['/', '\\']).next()?;
    let (stem, extension) = stem.rsplit_once('.')?;
    if !extension.eq_ignore_ascii_case("csv") {
        return None;
    }
    let base = match stem.rsplit_once('_') {
        Some((base, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => base,
        _ => stem,
    };
    OBJECTS.iter().find(|object| object.name.eq_ignore_ascii_case(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        let cases = [
            ("Opportunity.csv", Some("Opportunity")),
            ("data/OPPORTUNITY_2.CSV", Some("Opportunity")),
            ("OpportunityHistoryGroup.csv", None),
            ("Product2.csv", Some("Product2")),
            ("Product2_1.csv", Some("Product2")),
            ("Opportunity.txt", None),
            ("README", None),
        ];
        for (file, expected) in cases {
            assert_eq!(named(file).map(|object| object.name), expected, "{file}");
        }
    }
}
