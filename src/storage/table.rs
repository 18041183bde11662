//! What both databases need to know of a noun to write and read it: its table, its columns, its key, and what a second
//! write of the same key does. Each noun says so once, field by field.

use super::value::{Kind, Stored, Unreadable, Value};
use pipewright_core::campaign::Campaign;
use pipewright_core::catalog::{Product, Region, Segment, Stage};
use pipewright_core::currency::ExchangeRate;
use pipewright_core::facts::{AccountFact, ContactFact, LeadFact, LineFact, OpportunityFact, VersionFact};
use pipewright_core::forecast::{Adjustment, Judgement};
use pipewright_core::ids::{DataVersion, LineSetId, OpportunityId};
use pipewright_core::opportunity::{ContactRole, Line, LineSet, Opportunity, Split, Version};
use pipewright_core::party::{Account, Contact, Lead};
use pipewright_core::rep::{Rep, Tenure};
use pipewright_core::review::Review;
use pipewright_core::target::Target;
use pipewright_core::touchpoint::Touchpoint;
use pipewright_core::vendor_credit::VendorCredit;

/// What a second write of a stored key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing: what is recorded is never rewritten.
    Kept,
    /// Replaces the row where it differs.
    Replaced,
    /// Nothing; and a new key is taken only together with its line set.
    KeptWithItsSet,
}

/// A table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub name: &'static str,
    /// How many of the first columns are the key.
    pub key: usize,
    pub again: Again,
    /// The last is `recorded`.
    pub columns: &'static [(&'static str, Kind)],
}

/// The values of one row, in the order of the columns, taken one by one.
pub(super) type Cells<'a> = &'a mut dyn FnMut(Kind) -> Result<Value, super::StorageError>;

/// Takes the next cell as a `T`.
pub(super) fn next<T: Stored>(cells: Cells<'_>) -> Result<T, super::StorageError> {
    cells(T::KIND).and_then(|value| T::load(value).map_err(|error: Unreadable| error.into()))
}

/// A noun that can be read from columns of these names.
pub(super) trait Read: Sized {
    const COLUMNS: &'static [(&'static str, Kind)];
    fn read(cells: Cells<'_>) -> Result<Self, super::StorageError>;
}

/// A noun that can be written as a row.
pub(super) trait Record: Read {
    const TABLE: Table;
    /// The columns in order; what stands under `recorded` is replaced by the writer.
    fn row(&self) -> Vec<Value>;
}

const fn kind<R, T: Stored>(_field: fn(&R) -> &T) -> Kind {
    T::KIND
}

/// What stands in a SELECT for a column: its name, or what is computed from several.
macro_rules! selected {
    ($column:ident) => {
        stringify!($column)
    };
    ($expression:literal) => {
        $expression
    };
}

macro_rules! readable {
    ($record:ident { $($column:tt $field:ident),* $(,)? }) => {
        impl Read for $record {
            const COLUMNS: &'static [(&'static str, Kind)] =
                &[$((selected!($column), kind(|record: &$record| &record.$field))),*];
            fn read(cells: Cells<'_>) -> Result<Self, super::StorageError> {
                Ok(Self { $($field: next(cells)?),* })
            }
        }
    };
}

macro_rules! record {
    ($record:ident in $table:literal, key $key:literal, $again:ident { $($column:ident $field:ident),* $(,)? }) => {
        readable!($record { $($column $field,)* recorded recorded });
        impl Record for $record {
            const TABLE: Table =
                Table { name: $table, key: $key, again: Again::$again, columns: <$record as Read>::COLUMNS };
            fn row(&self) -> Vec<Value> {
                vec![$(self.$field.store(),)* self.recorded.store()]
            }
        }
    };
}

record! { Product in "product", key 1, Replaced {
    id id, external_id external_id, name name, code code, family family, is_active is_active,
} }
record! { Region in "region", key 1, Replaced { id id, name name } }
record! { Segment in "segment", key 1, Replaced { id id, name name } }
record! { Stage in "stage", key 1, Replaced {
    id id, name name, position position, kind kind, forecast_category forecast_category, probability probability,
    is_active is_active,
} }
record! { Rep in "rep", key 1, Replaced {
    id id, external_id external_id, name name, email email, is_active is_active, hired_day hired_on,
} }
record! { Tenure in "tenure", key 1, Kept {
    id id, rep_id rep, role role, manager_id manager, valid_from_ms valid_from,
} }
record! { Campaign in "campaign", key 1, Replaced {
    id id, external_id external_id, name name, parent_id parent, channel channel, kind kind, status status,
    starts_day starts_on, ends_day ends_on, currency currency, budgeted_cost_minor budgeted_cost_minor,
    actual_cost_minor actual_cost_minor, is_active is_active, is_deleted is_deleted,
} }
record! { ExchangeRate in "exchange_rate", key 3, Kept {
    currency currency, valid_from_day valid_from, known_from_ms known_from, rate rate,
} }
record! { Account in "account", key 1, Replaced {
    id id, external_id external_id, name name, kind kind, parent_id parent, industry industry, region_id region,
    segment_id segment, country country, state state, employees employees, annual_revenue_minor annual_revenue_minor,
    website website, owner_id owner, created_at_ms created_at, is_deleted is_deleted,
} }
record! { Contact in "contact", key 1, Replaced {
    id id, external_id external_id, account_id account, name name, title title, department department, email email,
    phone phone, lead_source lead_source, owner_id owner, created_at_ms created_at, is_deleted is_deleted,
} }
record! { Lead in "lead", key 1, Replaced {
    id id, external_id external_id, name name, company company, title title, email email, phone phone, status status,
    lead_source lead_source, industry industry, owner_id owner, created_at_ms created_at, converted_day converted_on,
    converted_account_id converted_account, converted_contact_id converted_contact,
    converted_opportunity_id converted_opportunity, is_deleted is_deleted,
} }
record! { Opportunity in "opportunity", key 1, Replaced {
    id id, external_id external_id, account_id account, created_at_ms created_at, created_by_id created_by,
    lead_source lead_source, lead_source_maps_to lead_source_maps_to, last_activity_day last_activity_on,
    description description,
} }
record! { Version in "opportunity_version", key 3, Kept {
    opportunity_id opportunity, valid_from_ms valid_from, sequence sequence, name name, stage_id stage,
    forecast_category forecast_category, close_day close_date, currency currency, amount_minor amount_minor,
    acv_minor acv_minor, probability probability, owner_id owner, region_id region, segment_id segment,
    opportunity_type opportunity_type, campaign_id campaign, next_step next_step, close_reason close_reason,
    line_set_id line_set, lines_known lines_known, is_deleted is_deleted,
} }
record! { ContactRole in "contact_role", key 1, Replaced {
    id id, opportunity_id opportunity, contact_id contact, role role, is_primary is_primary, is_deleted is_deleted,
} }
record! { Split in "split", key 1, Replaced {
    id id, opportunity_id opportunity, rep_id rep, percentage_bp percentage_bp, is_overlay is_overlay, is_deleted is_deleted,
} }
record! { Touchpoint in "touchpoint", key 1, Kept {
    id id, external_id external_id, at_ms at, kind kind, channel channel, rep_id rep, campaign_id campaign,
    contact_id contact, lead_id lead, account_id account, opportunity_id opportunity,
} }
record! { Target in "target", key 1, Kept {
    id id, measure measure, period period, cell_key key, amount_minor amount_minor, valid_from_ms valid_from,
    sequence sequence,
} }
record! { Judgement in "judgement", key 1, Kept {
    id id, period period, cell_key key, amount_minor amount_minor, submitted_by_id submitted_by, valid_from_ms valid_from,
    sequence sequence,
} }
record! { Adjustment in "adjustment", key 1, Kept {
    id id, period period, cell_key key, adjusted_by by, amount_minor amount_minor, note note, author_id author,
    valid_from_ms valid_from, sequence sequence,
} }

record! { VendorCredit in "vendor_credit", key 1, Replaced {
    id id, external_id external_id, vendor vendor, opportunity_id opportunity, campaign_id campaign, touchpoint_id touchpoint,
    contact_id contact, share_ppm share_ppm, revenue_minor revenue_minor,
} }

record! { Review in "review", key 1, Kept {
    id id, opportunity_id opportunity, reviewer_id reviewer, verdict verdict, changes changes, note note, at_ms at,
} }

/// A line set without its lines.
pub(super) struct SetOfLines {
    id: LineSetId,
    opportunity: OpportunityId,
    recorded: DataVersion,
}

record! { SetOfLines in "line_set", key 1, Kept { id id, opportunity_id opportunity } }

impl From<&LineSet> for SetOfLines {
    fn from(set: &LineSet) -> Self {
        Self { id: set.id, opportunity: set.opportunity, recorded: set.recorded }
    }
}

/// A line with the change that brought its set.
pub(super) struct RecordedLine {
    line_set: LineSetId,
    position: i32,
    product: Option<pipewright_core::ids::ProductId>,
    quantity_milli: Option<i64>,
    amount_minor: i64,
    acv_minor: i64,
    term_months: Option<i32>,
    recorded: DataVersion,
}

record! { RecordedLine in "opportunity_line", key 2, KeptWithItsSet {
    line_set_id line_set, position position, product_id product, quantity_milli quantity_milli, amount_minor amount_minor,
    acv_minor acv_minor, term_months term_months,
} }

impl From<&Line> for RecordedLine {
    fn from(line: &Line) -> Self {
        Self {
            line_set: line.line_set,
            position: line.position,
            product: line.product,
            quantity_milli: line.quantity_milli,
            amount_minor: line.amount_minor,
            acv_minor: line.acv_minor,
            term_months: line.term_months,
            recorded: DataVersion::default(),
        }
    }
}

readable! { AccountFact { id id, industry industry } }
readable! { ContactFact { id id, account_id account } }
readable! { LeadFact {
    id id, converted_account_id converted_account, converted_contact_id converted_contact, recorded recorded,
} }
readable! { OpportunityFact {
    id id, account_id account, created_at_ms created_at_ms, created_by_id created_by, lead_source_maps_to lead_source_maps_to,
    last_activity_day last_activity_on, "FALSE" has_contact_role,
} }
readable! { VersionFact {
    valid_from_ms valid_from_ms, sequence sequence, recorded recorded, stage_id stage, forecast_category forecast_category,
    close_day close_date, currency currency, acv_minor acv_minor, owner_id owner, region_id region, segment_id segment,
    opportunity_type opportunity_type, campaign_id campaign, line_set_id line_set,
    "(next_step IS NOT NULL AND TRIM(next_step) <> '')" has_next_step,
    "(COALESCE(amount_minor, 0) <> 0 OR COALESCE(acv_minor, 0) <> 0)" has_amount, is_deleted is_deleted,
} }
readable! { LineFact { line_set_id line_set, position position, product_id product, acv_minor acv_minor } }
