//! What people said of the company's quarters, and what Salesforce itself credits: periods, quotas, forecast items, influence.

use super::{Export, contact_id, flag, money, period, stamp, user};
use crate::generate::GenerateError;
use crate::generate::deal::Deal;
use crate::generate::influence::{Influence, model_id};
use crate::generate::names::{REGIONS, SEGMENTS};
use crate::generate::salesforce_id::{prefix, salesforce_id};
use crate::generate::targets::{Call, Quota, item_id, quota_id};
use pipewright_core::target::Measure;

impl Export<'_> {
    /// What one campaign is credited with, as a model of Salesforce's has it.
    pub(super) fn influence(&mut self, deal: &Deal, influence: &Influence<'_>, id: &str) -> Result<(), GenerateError> {
        let member = influence.touch.map(|touch| touch.external_id(deal.index)).unwrap_or_default();
        let contact = influence.touch.map(|touch| contact_id(deal.buyer.number, touch.contact)).unwrap_or_default();
        self.tables.influences.row(&[
            &influence.external_id(),
            &salesforce_id(prefix::CAMPAIGN, influence.campaign as u64),
            &member,
            &contact,
            &format!("{}.{:04}", influence.share_ppm / 10_000, influence.share_ppm % 10_000),
            &model_id(influence.model),
            id,
            &money(influence.revenue_minor),
        ])
    }

    /// Periods, targets, judgements and adjustments.
    pub(super) fn outlook(&mut self) -> Result<(), GenerateError> {
        let company = self.company;
        for (number, quarter) in company.timeline.quarters.iter().enumerate() {
            let last = quarter.end.pred_opt().unwrap_or(quarter.start).to_string();
            let label = quarter.name.to_string();
            let place = label.rsplit('Q').next().unwrap_or_default();
            let (id, start) = (period(number), quarter.start.to_string());
            self.tables.periods.row(&[&id, "Quarter", &start, &last, "true", &format!("Q{place}"), place, &label])?;
        }
        let outlook = company.outlook();
        for (number, quota) in company.quotas(&outlook).iter().enumerate() {
            for (place, (measure, amount)) in quota.amounts().into_iter().enumerate() {
                self.quota(&quota_id(number, place), quota, measure, amount)?;
            }
        }
        let mut before = 0;
        for (number, call) in company.calls(&outlook).iter().enumerate() {
            self.call(number, call, before)?;
            before = call.amount_minor;
        }
        Ok(())
    }

    fn quota(&mut self, id: &str, quota: &Quota, measure: Measure, amount_minor: i64) -> Result<(), GenerateError> {
        let quarter = &self.company.timeline.quarters[quota.quarter];
        let at = stamp(quota.at_ms);
        let measure = match measure {
            Measure::Generation => "generation",
            _ => "closedAcv",
        };
        self.tables.quotas.row(&[
            id,
            "",
            &quarter.start.to_string(),
            &money(amount_minor),
            "",
            "true",
            "false",
            &salesforce_id(prefix::FORECASTING_TYPE, 0),
            &period(quota.quarter),
            "",
            &at,
            &at,
            &at,
            REGIONS[quota.cell.0].name,
            SEGMENTS[quota.cell.1].name,
            measure,
        ])
    }

    /// A judgement stands alone; an adjustment beside what it was laid on, the judgement just `before`.
    fn call(&mut self, number: usize, call: &Call, before: i64) -> Result<(), GenerateError> {
        let (amount, base) = match call.note {
            None => (call.amount_minor, String::new()),
            Some(_) => (before + call.amount_minor, money(before)),
        };
        let adjusted = flag(call.note.is_some());
        self.tables.items.row(&[
            &item_id(number),
            "",
            &period(call.quarter),
            &salesforce_id(prefix::FORECASTING_TYPE, 0),
            "",
            "CommitForecast",
            &money(amount),
            &base,
            &base,
            &base,
            adjusted,
            "false",
            "true",
            "false",
            "",
            &stamp(call.at_ms),
            REGIONS[call.cell.0].name,
            SEGMENTS[call.cell.1].name,
            &user(call.author),
            call.note.unwrap_or_default(),
        ])
    }
}
