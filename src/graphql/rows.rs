//! Every root field that reads rows.

use super::account::AccountQuery;
use super::campaign::CampaignQuery;
use super::contact::ContactQuery;
use super::exchange_rate::ExchangeRateQuery;
use super::forecast::{ForecastAdjustmentQuery, ForecastQuery};
use super::lead::LeadQuery;
use super::node::NodeQuery;
use super::opportunity::OpportunityQuery;
use super::product::ProductQuery;
use super::region::RegionQuery;
use super::rep::{RepQuery, RoleQuery};
use super::run::{AttributionRunsQuery, RunQuery};
use super::segment::SegmentQuery;
use super::stage::StageQuery;
use super::target::TargetQuery;
use super::touchpoint::TouchpointQuery;
use async_graphql::MergedObject;

/// Every root field that reads rows.
#[derive(MergedObject, Default)]
pub struct RowsQuery(
    NodeQuery,
    OpportunityQuery,
    AccountQuery,
    ContactQuery,
    LeadQuery,
    RepQuery,
    RoleQuery,
    CampaignQuery,
    ProductQuery,
    RegionQuery,
    SegmentQuery,
    StageQuery,
    TouchpointQuery,
    TargetQuery,
    ForecastQuery,
    ForecastAdjustmentQuery,
    ExchangeRateQuery,
    AttributionRunsQuery,
    RunQuery,
);
