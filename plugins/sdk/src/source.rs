//! Who or what earns credit.

use crate::Touch;

/// One of the sources that a journey's touchpoints belong to, by its code.
///
/// The host gives the five selling roles and the six marketing channels the codes 0 to 10, which stand here by name; where it
/// attributes a plain file of paths, the file's own sources are counted from 0. So a model tells sources apart by their codes,
/// and names one only where its rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(u16);

impl Source {
    /// Account executive.
    pub const AE: Self = Self(0);
    /// Business development rep: outbound.
    pub const BDR: Self = Self(1);
    /// Sales development rep: inbound.
    pub const SDR: Self = Self(2);
    /// Enterprise corporate specialist.
    pub const ECS: Self = Self(3);
    /// Cloud sales.
    pub const CLOUD_SALES: Self = Self(4);
    /// Brand awareness.
    pub const BRAND: Self = Self(5);
    /// Demand generation.
    pub const DEMAND_GENERATION: Self = Self(6);
    /// Events.
    pub const EVENTS: Self = Self(7);
    /// Account-based marketing.
    pub const ABM: Self = Self(8);
    /// Digital.
    pub const DIGITAL: Self = Self(9);
    /// Enablement.
    pub const ENABLEMENT: Self = Self(10);

    /// The eleven that have names: the roles, then the channels.
    pub const NAMED: [Self; 11] = [
        Self::AE,
        Self::BDR,
        Self::SDR,
        Self::ECS,
        Self::CLOUD_SALES,
        Self::BRAND,
        Self::DEMAND_GENERATION,
        Self::EVENTS,
        Self::ABM,
        Self::DIGITAL,
        Self::ENABLEMENT,
    ];

    /// The source of a code.
    pub const fn new(code: u16) -> Self {
        Self(code)
    }

    /// Its code.
    pub const fn code(self) -> u16 {
        self.0
    }
}

/// How many touchpoints of a journey each source has. Its memory is reused from journey to journey: all are 0 between two.
#[derive(Debug, Clone, Default)]
pub struct SourceCounts(Vec<u32>);

impl SourceCounts {
    /// One touchpoint more; how many its source has now.
    pub fn count(&mut self, source: Source) -> u32 {
        let code = usize::from(source.code());
        if code >= self.0.len() {
            self.0.resize(code + 1, 0);
        }
        self.0[code] += 1;
        self.0[code]
    }

    /// How many a source has; 0 for one that was never counted.
    pub fn of(&self, source: Source) -> u32 {
        self.0.get(usize::from(source.code())).copied().unwrap_or(0)
    }

    /// Forgets the sources of these touchpoints.
    pub fn forget(&mut self, touches: &[Touch]) {
        for touch in touches {
            if let Some(count) = self.0.get_mut(usize::from(touch.source.code())) {
                *count = 0;
            }
        }
    }
}
