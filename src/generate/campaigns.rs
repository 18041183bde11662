//! Campaigns of all six channels: programmes by channel, year and theme, each with the campaigns that make it up.

use super::dice::{Dice, Subject};
use super::names::{REGIONS, THEMES};
use super::timeline::{Timeline, date};
use chrono::Datelike;
use pipewright_core::campaign::Channel;

/// A campaign, or the programme above it.
#[derive(Debug, Clone)]
pub struct Drive {
    /// What it is called.
    pub name: String,
    /// The programme above it: a place in the list.
    pub parent: Option<usize>,
    /// Its channel.
    pub channel: Channel,
    /// First day.
    pub starts: i32,
    /// Last day.
    pub ends: i32,
    /// Planned cost, minor units.
    pub budget_minor: i64,
    /// Cost so far, minor units.
    pub cost_minor: i64,
}

impl Drive {
    /// Whether it runs on a day.
    pub fn runs_on(&self, day: i32) -> bool {
        self.starts <= day && day <= self.ends
    }

    /// As Salesforce spells it.
    pub fn status(&self, day: i32) -> &'static str {
        if self.ends < day {
            "Completed"
        } else if self.starts <= day {
            "In Progress"
        } else {
            "Planned"
        }
    }
}

/// All campaigns, with those of each channel that run at a time.
#[derive(Debug, Clone)]
pub struct Drives {
    /// By number; parents stand before their children.
    pub all: Vec<Drive>,
    first_day: i32,
    /// By channel, then by month of 30 days: those that run through some of it.
    running: Vec<Vec<Vec<usize>>>,
}

/// Days before the company's first quarter from which campaigns ran: journeys reach that far back.
const RUN_UP: i32 = 365;

/// What a campaign of a channel is like: median budget in whole units, formats.
fn habit(channel: Channel) -> (f64, [&'static str; 4]) {
    match channel {
        Channel::Brand => (60_000.0, ["Video Series", "Billboards", "Press Week", "Podcast Sponsorship"]),
        Channel::DemandGeneration => (18_000.0, ["Online Seminar", "White Paper", "Benchmark Report", "Content Syndication"]),
        Channel::Events => (45_000.0, ["Trade Show", "Roadshow", "Executive Dinner", "User Conference"]),
        Channel::Abm => (22_000.0, ["Account Play", "Direct Mail", "Executive Briefing", "Custom Workshop"]),
        Channel::Digital => (15_000.0, ["Paid Search", "Paid Social", "Retargeting", "Website Chat"]),
        Channel::Enablement => (8_000.0, ["Partner Training", "Demo Days", "Certification", "Playbook Launch"]),
    }
}

/// How Salesforce would call the channel in a campaign's type.
pub fn campaign_type(channel: Channel) -> &'static str {
    match channel {
        Channel::Brand => "Brand Awareness",
        Channel::DemandGeneration => "Demand Generation",
        Channel::Events => "Event",
        Channel::Abm => "Account-Based Marketing",
        Channel::Digital => "Digital",
        Channel::Enablement => "Enablement",
    }
}

/// The lead source of a person who came in over the channel.
pub fn lead_source(channel: Channel) -> &'static str {
    match channel {
        Channel::Brand => "Advertisement",
        Channel::DemandGeneration => "Content Syndication",
        Channel::Events => "Trade Show",
        Channel::Abm => "Account-Based Marketing",
        Channel::Digital => "Web",
        Channel::Enablement => "Partner",
    }
}

impl Drives {
    /// About five thousand for each million opportunities, at least two for each programme.
    pub fn plan(seed: u64, opportunities: u64, timeline: &Timeline) -> Self {
        let count = usize::try_from(opportunities / 200).unwrap_or(usize::MAX).min(200_000);
        let first_day = timeline.start - RUN_UP;
        let mut drives = Self { all: Vec::new(), first_day, running: Vec::new() };
        let years = usize::try_from((timeline.until - first_day) / 365 + 1).expect("a company has a positive age");
        let themes = (count / (Channel::ALL.len() * years * 8)).clamp(1, THEMES.len());
        for year in 0..years {
            for channel in Channel::ALL {
                for theme in &THEMES[..themes] {
                    drives.programme(channel, year, theme, timeline);
                }
            }
        }
        let programmes = drives.all.len();
        for programme in 0..programmes {
            drives.always_on(seed, programme);
        }
        for _ in programmes * 2..count.max(programmes * 3) {
            drives.campaign(seed, programmes, timeline);
        }
        drives.roll_up(programmes);
        drives.index(timeline);
        drives
    }

    fn programme(&mut self, channel: Channel, year: usize, theme: &str, timeline: &Timeline) {
        let starts = self.first_day + 365 * i32::try_from(year).expect("a few years");
        let ends = starts + 364;
        let name = format!("{} - {theme} {}", campaign_type(channel), date(starts.min(timeline.until)).year());
        self.all.push(Drive { name, parent: None, channel, starts, ends, budget_minor: 0, cost_minor: 0 });
    }

    fn always_on(&mut self, seed: u64, programme: usize) {
        let mut dice = Dice::of(seed, Subject::Campaign, self.all.len() as u64);
        let parent = self.all[programme].clone();
        let (median, formats) = habit(parent.channel);
        let name = format!("{} always on - {}", formats[3], parent.name);
        self.launch(&mut dice, name, programme, (parent.starts, parent.ends), median * 1.5);
    }

    fn campaign(&mut self, seed: u64, programmes: usize, timeline: &Timeline) {
        let number = self.all.len();
        let mut dice = Dice::of(seed, Subject::Campaign, number as u64);
        let programme = dice.below(programmes);
        let parent = self.all[programme].clone();
        let (median, formats) = habit(parent.channel);
        let latest = parent.ends.min(timeline.until - 1) - 5;
        let starts = i32::try_from(dice.between(parent.starts.into(), latest.into())).expect("a day fits");
        let length = i32::try_from(dice.between(14, 100)).expect("100 fits");
        let region = REGIONS[dice.below(REGIONS.len())].name;
        let name = format!("{} {region} {} #{number}", dice.pick(&formats), date(starts).format("%b %Y"));
        self.launch(&mut dice, name, programme, (starts, (starts + length).min(parent.ends)), median);
    }

    fn launch(&mut self, dice: &mut Dice, name: String, programme: usize, days: (i32, i32), median: f64) {
        let budget_minor = (dice.log_normal(median, 0.5) / 100.0).round() as i64 * 10_000;
        let cost_minor = (budget_minor as f64 * dice.real(0.78, 1.14)) as i64;
        let channel = self.all[programme].channel;
        self.all.push(Drive { name, parent: Some(programme), channel, starts: days.0, ends: days.1, budget_minor, cost_minor });
    }

    /// A programme has a budget and a small cost of its own: its agency's fee.
    fn roll_up(&mut self, programmes: usize) {
        let mut fees = vec![0; programmes];
        for drive in &self.all {
            if let Some(parent) = drive.parent {
                fees[parent] += drive.budget_minor / 20;
            }
        }
        for (drive, fee) in self.all.iter_mut().zip(fees) {
            (drive.budget_minor, drive.cost_minor) = (fee, fee);
        }
    }

    fn index(&mut self, timeline: &Timeline) {
        let months = self.month(timeline.until) + 1;
        self.running = vec![vec![Vec::new(); months]; Channel::ALL.len()];
        for number in 0..self.all.len() {
            let drive = &self.all[number];
            // What cannot be answered any more is no campaign that anyone could respond to.
            let (first, last) = (self.month(drive.starts), self.month(drive.ends.min(timeline.until)));
            let channel = drive.channel as usize;
            if drive.parent.is_some() && drive.starts < timeline.until {
                self.running[channel][first..=last].iter_mut().for_each(|month| month.push(number));
            }
        }
        // The share of a running campaign's cost that was spent by today.
        for drive in &mut self.all {
            if drive.ends >= timeline.until {
                let (spent, whole) = (i64::from(timeline.until - drive.starts), i64::from(drive.ends - drive.starts + 1));
                drive.cost_minor = drive.cost_minor * spent.max(0) / whole.max(1);
            }
        }
    }

    fn month(&self, day: i32) -> usize {
        usize::try_from((day - self.first_day) / 30).unwrap_or(0)
    }

    /// A campaign of the channel and a day near `day` on which it ran. `None` before the first campaign.
    pub fn response(&self, dice: &mut Dice, channel: Channel, day: i32) -> Option<(usize, i32)> {
        if day < self.first_day {
            return None;
        }
        let month = &self.running[channel as usize][self.month(day)];
        (!month.is_empty()).then(|| {
            let number = *dice.pick(month);
            let drive = &self.all[number];
            (number, day.clamp(drive.starts, drive.ends))
        })
    }
}
