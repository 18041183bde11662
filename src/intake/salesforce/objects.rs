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
    /// A currency's code.
    Currency,
    /// A number above 0.
    Positive,
    /// A percentage, 0 to 100.
    Share,
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

impl Object {
    /// Columns that together are the key of a row, where its rows have no id.
    pub fn keyed_by(&self) -> &'static [&'static str] {
        if self.name == CREDITS { CREDIT_KEY } else { &[] }
    }
}

/// Another vendor's credits, which are no object of Salesforce's: known by the columns, whatever the file's name, which
/// stands for the vendor where no column does.
pub const CREDITS: &str = "VendorCredit";
const CREDIT_KEY: &[&str] = &["Vendor", "Opportunity", "Touchpoint"];
const CREDIT_COLUMNS: &[&str] = &["Touchpoint", "Opportunity", "Percentage"];

/// Rows that say nothing without the row of their opportunity in the same export, and of which an opportunity has all or none.
pub const PARTS: &[&str] =
    &["OpportunityHistory", "OpportunityFieldHistory", "OpportunityContactRole", "OpportunityLineItem", "OpportunitySplit"];

use Kind::{Boolean as B, Currency as C, Date as D, Number as N, Positive as P, Reference as R, Share as S, Text as T};

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
            ("IsAmount", B),
            ("ForecastingTypeId", R),
            ("PeriodId", R),
            ("ProductFamily", T),
            ("CurrencyIsoCode", C),
            ("CreatedDate", D),
            ("LastModifiedDate", D),
        ],
    },
    Object {
        name: "ForecastingItem",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("OwnerId", R),
            ("PeriodId", R),
            ("ForecastingTypeId", R),
            ("ForecastCategoryName", T),
            ("ForecastingItemCategory", T),
            ("ForecastAmount", N),
            ("AmountWithoutAdjustments", N),
            ("AmountWithoutManagerAdjustment", N),
            ("AmountWithoutOwnerAdjustment", N),
            ("IsAmount", B),
            ("ProductFamily", T),
            ("CurrencyIsoCode", C),
            ("SystemModstamp", D),
        ],
    },
    Object { name: "Period", needed: &["Id"], indexed: &[], columns: &[("Type", T), ("StartDate", D), ("EndDate", D)] },
    Object {
        name: "CurrencyType",
        needed: &["Id"],
        indexed: &[],
        columns: &[("IsoCode", C), ("ConversionRate", P), ("IsCorporate", B), ("LastModifiedDate", D)],
    },
    Object {
        name: "DatedConversionRate",
        needed: &["Id"],
        indexed: &[],
        columns: &[("IsoCode", C), ("StartDate", D), ("ConversionRate", P), ("LastModifiedDate", D)],
    },
    Object {
        name: "CampaignInfluenceModel",
        needed: &["Id"],
        indexed: &[],
        columns: &[("DeveloperName", T), ("MasterLabel", T)],
    },
    Object {
        name: "CampaignInfluence",
        needed: &["Id"],
        indexed: &[],
        columns: &[
            ("CampaignId", R),
            ("CampaignMemberId", R),
            ("ContactId", R),
            ("Influence", S),
            ("ModelId", R),
            ("OpportunityId", R),
            ("RevenueShare", N),
            ("CurrencyIsoCode", C),
        ],
    },
    Object {
        name: CREDITS,
        needed: CREDIT_COLUMNS,
        indexed: &[],
        columns: &[("Vendor", T), ("Opportunity", R), ("Touchpoint", R), ("Percentage", S)],
    },
];

/// The name of a CSV file without its path, its ending and the number that splits of one object carry; `None`: no CSV.
pub fn stem(file: &str) -> Option<&str> {
    let stem = file.rsplit(['/', '\\', ':']).next()?;
    let (stem, extension) = stem.rsplit_once('.')?;
    if !extension.eq_ignore_ascii_case("csv") {
        return None;
    }
    Some(match stem.rsplit_once('_') {
        Some((base, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => base,
        _ => stem,
    })
}

/// The object a file of this name holds: `Opportunity.csv`, `opportunity_2.CSV`.
pub fn named(file: &str) -> Option<&'static Object> {
    let base = stem(file)?;
    OBJECTS.iter().find(|object| object.name.eq_ignore_ascii_case(base))
}

/// The object that a file of any name with this first line holds: only [`CREDITS`] is known so.
pub fn by_header(line: &str) -> Option<&'static Object> {
    let names: Vec<String> = line
        .trim_start_matches('\u{feff}')
        .split(',')
        .map(|name| name.trim().trim_matches('"').trim().to_ascii_lowercase())
        .collect();
    let has = |column: &&str| names.contains(&column.to_ascii_lowercase());
    if CREDIT_COLUMNS.iter().all(has) { OBJECTS.iter().find(|object| object.name == CREDITS) } else { None }
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

    #[test]
    fn credits_of_a_vendor_are_known_by_their_columns() {
        let cases = [
            ("touchpoint,opportunity,percentage", true),
            ("\u{feff}\"OPPORTUNITY\",\"Percentage\",\"Note\",\"Touchpoint\"\r", true),
            ("Touchpoint,Opportunity,Percent", false),
            ("Id,Name", false),
            ("", false),
        ];
        for (line, expected) in cases {
            assert_eq!(by_header(line).is_some_and(|object| object.name == CREDITS), expected, "{line}");
        }
        assert_eq!(stem("export.zip:credits/Bizible_2.csv"), Some("Bizible"));
    }
}
