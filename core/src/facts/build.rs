//! Building a snapshot from records in bulk, and from a change on top of another snapshot.

use super::{AccountFact, LineFact, OpportunityFact, Settings, Snapshot, VersionFact};
use crate::campaign::Campaign;
use crate::catalog::{Product, Region, Segment, Stage};
use crate::currency::ExchangeRate;
use crate::forecast::{Adjustment, Judgement};
use crate::ids::DataVersion;
use crate::rep::{Rep, Tenure};
use crate::target::Target;
use crate::touchpoint::Touchpoint;

/// Takes records in any order of calls (line sets, accounts, campaigns, reps may come before or after what refers to them).
///
/// Used twice: [`Self::new`] for a whole load, [`Self::onto`] for the records of new changes on top of a snapshot. In the
/// second case an opportunity that comes again comes with **all** its versions, and replaces what the snapshot held of it;
/// everything else that comes again replaces the row of the same id.
pub struct Builder {
    _being_written: (),
}

impl Builder {
    /// Starts from nothing.
    pub fn new(settings: Settings) -> Self {
        let _ = settings;
        unimplemented!()
    }

    /// Starts from a snapshot; what is not mentioned stays shared with it.
    pub fn onto(base: &Snapshot) -> Self {
        let _ = base;
        unimplemented!()
    }

    /// Adds a product.
    pub fn product(&mut self, product: &Product) {
        let _ = product;
        unimplemented!()
    }

    /// Adds a region.
    pub fn region(&mut self, region: &Region) {
        let _ = region;
        unimplemented!()
    }

    /// Adds a segment.
    pub fn segment(&mut self, segment: &Segment) {
        let _ = segment;
        unimplemented!()
    }

    /// Adds a stage.
    pub fn stage(&mut self, stage: &Stage) {
        let _ = stage;
        unimplemented!()
    }

    /// Adds a rep.
    pub fn rep(&mut self, rep: &Rep) {
        let _ = rep;
        unimplemented!()
    }

    /// Adds a tenure.
    pub fn tenure(&mut self, tenure: &Tenure) {
        let _ = tenure;
        unimplemented!()
    }

    /// Adds a campaign.
    pub fn campaign(&mut self, campaign: &Campaign) {
        let _ = campaign;
        unimplemented!()
    }

    /// Adds an exchange rate.
    pub fn exchange_rate(&mut self, rate: &ExchangeRate) {
        let _ = rate;
        unimplemented!()
    }

    /// Adds an account.
    pub fn account(&mut self, account: AccountFact) {
        let _ = account;
        unimplemented!()
    }

    /// Adds a line; lines of one set come one after the other, in order of position.
    pub fn line(&mut self, line: LineFact) {
        let _ = line;
        unimplemented!()
    }

    /// Adds an opportunity with all its versions, in order of (valid_from, sequence); at least one.
    pub fn opportunity(&mut self, opportunity: OpportunityFact, versions: &[VersionFact]) {
        let _ = (opportunity, versions);
        unimplemented!()
    }

    /// Adds a touchpoint.
    pub fn touchpoint(&mut self, touchpoint: &Touchpoint) {
        let _ = touchpoint;
        unimplemented!()
    }

    /// Adds a target.
    pub fn target(&mut self, target: Target) {
        let _ = target;
        unimplemented!()
    }

    /// Adds a judgement.
    pub fn judgement(&mut self, judgement: Judgement) {
        let _ = judgement;
        unimplemented!()
    }

    /// Adds an adjustment.
    pub fn adjustment(&mut self, adjustment: Adjustment) {
        let _ = adjustment;
        unimplemented!()
    }

    /// Makes the snapshot that ends with `data_version`.
    pub fn finish(self, data_version: DataVersion) -> Snapshot {
        let _ = data_version;
        unimplemented!()
    }
}
