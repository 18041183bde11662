//! Where an opportunity or account is sold, and to which segment: by the mapped columns, else by the account's address and
//! size. The first mapped column that says something counts. Where one that comes first is not in the export, what is known already stands, unless it had come from what the
//! account says.

use super::build::{Build, or_stored, unresolved};
use crate::intake::IntakeError;
use crate::intake::report::Report;
use crate::intake::values::decimal;
use crate::intake::work::Record;
use crate::storage::Batch;
use pipewright_core::catalog::{Region, Segment};
use pipewright_core::ids::{DataVersion, RegionId, SegmentId};
use pipewright_core::opportunity::Version;
use pipewright_core::party::Account;
use rust_decimal::prelude::ToPrimitive;
use uuid::Uuid;

/// An account as the export and the database know it.
#[derive(Default)]
pub(super) struct Buyer {
    /// Its row in the export.
    pub row: Option<Record>,
    /// As it was stored when the import began.
    pub stored: Option<Account>,
}

impl Buyer {
    /// The account of this external id.
    pub(super) fn of(build: &Build<'_>, id: Option<&str>) -> Result<Self, IntakeError> {
        let Some(id) = id else { return Ok(Self::default()) };
        Ok(Self { row: build.work.record("Account", id)?, stored: build.work.stored("Account", id)? })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Region,
    Segment,
}

/// A name, and the column it was taken from.
type Named<'a> = (String, &'a str);

/// What is said of a region or segment.
enum Told<'a> {
    /// A name, and the column it was taken from.
    Named(String, &'a str),
    /// What was stored, as the export does not say.
    Known(Uuid),
}

impl Part {
    fn columns<'a>(self, build: &Build<'a>) -> &'a [String] {
        match self {
            Self::Region => &build.mapping.columns.region,
            Self::Segment => &build.mapping.columns.segment,
        }
    }

    /// What is stored of an account's own column, where it is stored under a name of its own.
    fn remembered(self, account: &Account, column: &str) -> Option<String> {
        match (self, column) {
            (Self::Region, "BillingCountry") => account.country.clone(),
            (Self::Region, "BillingState") => account.state.clone(),
            _ => None,
        }
    }

    /// By size, where no column says.
    fn by_size(self, build: &Build<'_>, employees: Option<i64>) -> Option<Named<'static>> {
        match self {
            Self::Region => None,
            Self::Segment => Some((build.mapping.segment_by_size(employees?)?.to_owned(), "Account.NumberOfEmployees")),
        }
    }

    fn id(self, build: &Build<'_>, name: &str) -> Uuid {
        match self {
            Self::Region => RegionId::derived(build.organisation, name).0,
            Self::Segment => SegmentId::derived(build.organisation, name).0,
        }
    }

    fn of_account(self, account: &Account) -> Option<Uuid> {
        match self {
            Self::Region => account.region.map(|id| id.0),
            Self::Segment => account.segment.map(|id| id.0),
        }
    }

    fn of_version(self, version: &Version) -> Option<Uuid> {
        match self {
            Self::Region => version.region.map(|id| id.0),
            Self::Segment => version.segment.map(|id| id.0),
        }
    }

    /// The id of a name, which is put into the batch.
    fn named(self, build: &Build<'_>, (name, from): Named<'_>, batch: &mut Batch, report: &mut Report) -> Uuid {
        let (what, id) = (if self == Self::Region { "region" } else { "segment" }, self.id(build, &name));
        if !from.ends_with("__c") {
            report.guess(&format!("{what} taken from {from}"));
        }
        let recorded = DataVersion::default();
        match self {
            Self::Region if !batch.regions.iter().any(|region| region.id.0 == id) => {
                batch.regions.push(Region { id: RegionId(id), name, recorded });
            }
            Self::Segment if !batch.segments.iter().any(|segment| segment.id.0 == id) => {
                batch.segments.push(Segment { id: SegmentId(id), name, recorded });
            }
            _ => {}
        }
        id
    }

    /// What the stored columns of an account alone would give.
    fn of_stored_columns(self, build: &Build<'_>, account: &Account) -> Option<Uuid> {
        let own = self.columns(build).iter().filter_map(|name| name.strip_prefix("Account."));
        let name = own.filter_map(|column| self.remembered(account, column)).next();
        name.or_else(|| self.by_size(build, account.employees).map(|(name, _)| name)).map(|name| self.id(build, &name))
    }

    /// What one of the account's mapped columns says.
    fn by_column<'a>(self, build: &Build<'_>, buyer: &Buyer, name: &'a str) -> Option<Told<'a>> {
        let column = name.strip_prefix("Account.")?;
        let stored = buyer.stored.as_ref();
        let before = stored.and_then(|account| self.of_account(account));
        let Some(row) = &buyer.row else {
            // Of which column it came is not stored: what the size does not say came from one.
            let by_size = stored.and_then(|account| self.by_size(build, account.employees));
            let by_size = by_size.map(|(name, _)| self.id(build, &name));
            return before.filter(|_| before != by_size).map(Told::Known);
        };
        match or_stored(row, column, row.text(column), || stored.and_then(|account| self.remembered(account, column))) {
            Some(value) => Some(Told::Named(value, name)),
            None if row.carries(column) || matches!(column, "BillingCountry" | "BillingState") => None,
            None => before.filter(|_| before != stored.and_then(|own| self.of_stored_columns(build, own))).map(Told::Known),
        }
    }

    /// What the account's size says, where no column does.
    fn by_size_of<'a>(self, build: &Build<'a>, buyer: &Buyer) -> Option<Told<'a>> {
        let stored = buyer.stored.as_ref();
        let Some(row) = &buyer.row else { return stored.and_then(|account| self.of_account(account)).map(Told::Known) };
        let said = row.get("NumberOfEmployees").and_then(decimal).and_then(|count| count.to_i64());
        let count = or_stored(row, "NumberOfEmployees", said, || stored.and_then(|account| account.employees));
        self.by_size(build, count).map(|(name, from)| Told::Named(name, from))
    }

    /// The id of what was told; a name is put into the batch.
    fn told(self, build: &Build<'_>, told: Told<'_>, batch: &mut Batch, report: &mut Report) -> Uuid {
        match told {
            Told::Named(name, from) => self.named(build, (name, from), batch, report),
            Told::Known(id) => id,
        }
    }

    fn of_buyer(self, build: &Build<'_>, buyer: &Buyer, batch: &mut Batch, report: &mut Report) -> Option<Uuid> {
        let mut columns = self.columns(build).iter();
        let told = columns.find_map(|name| self.by_column(build, buyer, name)).or_else(|| self.by_size_of(build, buyer));
        told.map(|told| self.told(build, told, batch, report))
    }

    fn of_opportunity(
        self,
        build: &Build<'_>,
        row: &Record,
        buyer: &Buyer,
        before: Option<&Version>,
        batch: &mut Batch,
        report: &mut Report,
    ) -> Option<Uuid> {
        let mut unsure = unresolved(row, "AccountId");
        let mut of_buyer = None;
        for name in self.columns(build) {
            if let Some(column) = name.strip_prefix("Opportunity.") {
                match row.get(column) {
                    Some(value) => return Some(self.named(build, (value.to_owned(), name), batch, report)),
                    None => unsure |= !row.carries(column),
                }
            } else if let Some(told) = self.by_column(build, buyer, name) {
                of_buyer = Some(told);
                break;
            }
        }
        let of_buyer = of_buyer.or_else(|| self.by_size_of(build, buyer)).map(|told| self.told(build, told, batch, report));
        let stored = buyer.stored.as_ref().and_then(|account| self.of_account(account));
        match before.and_then(|version| self.of_version(version)) {
            Some(before) if unsure && stored != Some(before) => Some(before),
            _ => of_buyer,
        }
    }
}

/// The region and segment of an account; their rows are put into the batch.
pub(super) fn of_account(
    build: &Build<'_>,
    buyer: &Buyer,
    batch: &mut Batch,
    report: &mut Report,
) -> (Option<RegionId>, Option<SegmentId>) {
    (
        Part::Region.of_buyer(build, buyer, batch, report).map(RegionId),
        Part::Segment.of_buyer(build, buyer, batch, report).map(SegmentId),
    )
}

/// The region and segment of an opportunity whose last stored version is `before`; their rows are put into the batch.
pub(super) fn of_opportunity(
    build: &Build<'_>,
    row: &Record,
    buyer: &Buyer,
    before: Option<&Version>,
    batch: &mut Batch,
    report: &mut Report,
) -> (Option<RegionId>, Option<SegmentId>) {
    (
        Part::Region.of_opportunity(build, row, buyer, before, batch, report).map(RegionId),
        Part::Segment.of_opportunity(build, row, buyer, before, batch, report).map(SegmentId),
    )
}
