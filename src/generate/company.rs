//! The made-up company: what all its opportunities share, and its accounts, contacts and idle leads, each made alone.

use super::campaigns::{Drives, lead_source};
use super::dice::{Dice, Subject};
use super::names::{COMPANY_FIRST, COMPANY_SECOND, FIRST, INDUSTRIES, LAST, REGIONS, SEGMENTS, TITLES, ascii};
use super::people::People;
use super::timeline::{DAY_MS, Timeline, day_of};
use chrono::NaiveDate;
use pipewright_core::calendar::Calendar;
use pipewright_core::campaign::Channel;
use pipewright_core::rep::Role;

/// Which company to make. Equal orders make equal companies, to the byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// How many opportunities, 1 to 100 million.
    pub opportunities: u64,
    /// Chance starts here.
    pub seed: u64,
    /// Nothing happens after the beginning of this day.
    pub until: NaiveDate,
}

/// What all its opportunities share.
#[derive(Debug, Clone)]
pub struct Company {
    /// What was asked for.
    pub order: Order,
    /// Its days.
    pub timeline: Timeline,
    /// Its people.
    pub people: People,
    /// Its campaigns.
    pub drives: Drives,
    /// How many accounts it sells to.
    pub accounts: u64,
    /// How many leads never became an opportunity.
    pub idle_leads: u64,
}

/// A company that buys, or may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    /// Which: 0 to [`Company::accounts`] - 1.
    pub number: u64,
    /// What it is called.
    pub name: String,
    /// Its web site.
    pub website: String,
    /// Its industry.
    pub industry: &'static str,
    /// A place in [`REGIONS`].
    pub region: usize,
    /// A place in [`SEGMENTS`].
    pub segment: usize,
    /// Country and state; the state may be empty.
    pub address: (&'static str, &'static str),
    /// People employed.
    pub employees: i64,
    /// Yearly revenue, minor units.
    pub revenue_minor: i64,
    /// Who owns it.
    pub owner: usize,
    /// When it was made.
    pub created_ms: i64,
    /// How many contacts it has: 1 to 5.
    pub contacts: u64,
}

/// A person at a buyer, or one who only asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquaintance {
    /// First and last name.
    pub name: (&'static str, &'static str),
    /// Title and department.
    pub title: (&'static str, &'static str),
    /// Address.
    pub email: String,
    /// Number.
    pub phone: String,
    /// How they came in.
    pub lead_source: &'static str,
}

/// A lead that never became an opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleLead {
    /// Which, counted from 0; its Salesforce number comes after those of the converted.
    pub number: u64,
    /// Who.
    pub person: Acquaintance,
    /// The company they named.
    pub company: String,
    /// That company's industry.
    pub industry: &'static str,
    /// As the source system spells it.
    pub status: &'static str,
    /// Who owns it.
    pub owner: usize,
    /// When it came in.
    pub created_ms: i64,
    /// What it answered to: campaign and instant.
    pub responses: Vec<(usize, i64)>,
}

/// Contacts an account may have at most: their numbers leave room for it.
pub const MOST_CONTACTS: u64 = 8;

/// Responses of an idle lead at most.
pub const MOST_RESPONSES: u64 = 32;

/// Share of accounts that were there before the first day.
const OLD_ACCOUNTS: f64 = 0.4;

impl Company {
    /// Founds the company: people and campaigns are made at once, everything else when it is asked for.
    pub fn found(order: Order, calendar: &Calendar) -> Self {
        let timeline = Timeline::new(calendar, order.until);
        Self {
            order,
            people: People::hire(order.seed, order.opportunities, &timeline),
            drives: Drives::plan(order.seed, order.opportunities, &timeline),
            accounts: (order.opportunities / 5).max(12),
            idle_leads: order.opportunities / 2,
            timeline,
        }
    }

    /// The account of this number.
    pub fn buyer(&self, number: u64) -> Buyer {
        let dice = &mut Dice::of(self.order.seed, Subject::Account, number);
        let region = dice.weighted(&REGIONS.each_ref().map(|region| region.share));
        let segment = dice.weighted(&SEGMENTS.each_ref().map(|segment| segment.share));
        let habit = &SEGMENTS[segment];
        let name = company_name(dice, number);
        let employees = (dice.real((habit.employees.0 as f64).ln(), (habit.employees.1 as f64).ln())).exp() as i64;
        let created_ms = self.account_made(number, dice);
        let address = *dice.pick(REGIONS[region].addresses);
        let industry =
            if segment == 3 { *dice.pick(&["Government", "Education", "Healthcare"]) } else { *dice.pick(&INDUSTRIES) };
        Buyer {
            number,
            website: format!("https://www.{}.example", ascii(&name)),
            name,
            industry,
            region,
            segment,
            address,
            employees,
            revenue_minor: employees * dice.between(90, 400) * 100_000,
            owner: self.people.someone(dice, region, Role::Ae, day_of(created_ms)),
            created_ms,
            contacts: u64::try_from(dice.between(1, 5)).expect("1 to 5"),
        }
    }

    /// Old accounts first; the others arrive along with the opportunities.
    fn account_made(&self, number: u64, dice: &mut Dice) -> i64 {
        let old = (self.accounts as f64 * OLD_ACCOUNTS) as u64;
        if number < old {
            let before = i32::try_from(dice.between(1, 1_200)).expect("1,200 fits");
            return self.timeline.working_hour(self.timeline.start - before, dice);
        }
        let made = self.timeline.creation(number - old, self.accounts - old, dice);
        made - dice.between(1, 20) * DAY_MS
    }

    /// The account an opportunity is sold to: one that was there by then, the newer and the larger ones more often.
    pub fn buyer_for(&self, dice: &mut Dice, index: u64, segment: Option<usize>) -> Buyer {
        let life = index as f64 / self.order.opportunities as f64;
        let there = ((OLD_ACCOUNTS + (1.0 - OLD_ACCOUNTS) * life) * self.accounts as f64).max(1.0);
        let draw = |dice: &mut Dice| self.buyer(((there * dice.unit().powf(0.8)) as u64).min(there as u64 - 1));
        let mut buyer = draw(dice);
        for _ in 0..12 {
            match segment {
                Some(wanted) if buyer.segment != wanted => buyer = draw(dice),
                _ => break,
            }
        }
        buyer
    }

    /// The contact of this number at an account.
    pub fn contact(&self, buyer: &Buyer, number: u64) -> Acquaintance {
        let stream = (1 << 48) | (buyer.number * MOST_CONTACTS + number);
        acquaintance(&mut Dice::of(self.order.seed, Subject::Account, stream), &buyer.name)
    }

    /// The idle lead of this number.
    pub fn idle_lead(&self, number: u64) -> IdleLead {
        let dice = &mut Dice::of(self.order.seed, Subject::Lead, number);
        let company = company_name(dice, number + 7);
        let person = acquaintance(dice, &company);
        let created_ms = self.timeline.creation(number, self.idle_leads, dice);
        let first = day_of(created_ms);
        let wanted = (dice.log_normal(8.0, 0.75).round() as u64).clamp(1, MOST_RESPONSES);
        let mut responses: Vec<(usize, i64)> = Vec::new();
        for _ in 0..wanted {
            let after = dice.log_normal(60.0, 1.0).min(500.0) as i32;
            let day = if responses.is_empty() { first } else { first + after };
            let channel = Channel::ALL[dice.weighted(&super::journey::CHANNEL_SHARES)];
            if let Some((campaign, day)) = self.drives.response(dice, channel, day.min(self.timeline.until - 1)) {
                // What came in over a campaign is known by day.
                let at = i64::from(day.max(first)) * DAY_MS;
                let is_new = responses.iter().all(|(known, _)| *known != campaign);
                if is_new && at <= self.timeline.horizon_ms {
                    responses.push((campaign, at));
                }
            }
        }
        responses.sort_unstable_by_key(|(_, at)| *at);
        let region = dice.below(REGIONS.len());
        IdleLead {
            number,
            person,
            company,
            industry: dice.pick::<&str>(&INDUSTRIES),
            status: dice.pick::<&str>(&["Open - Not Contacted", "Working - Contacted", "Closed - Not Converted", "Nurturing"]),
            owner: self.people.someone(dice, region, Role::Sdr, first),
            created_ms,
            responses,
        }
    }
}

fn company_name(dice: &mut Dice, number: u64) -> String {
    let base = format!("{} {}", dice.pick(&COMPANY_FIRST), dice.pick(&COMPANY_SECOND));
    // Beyond the first few hundred, names would repeat too often to tell accounts apart.
    if number < 400 { base } else { format!("{base} {}", number % 9_973) }
}

fn acquaintance(dice: &mut Dice, company: &str) -> Acquaintance {
    let name = (*dice.pick(&FIRST), *dice.pick(&LAST));
    Acquaintance {
        name,
        title: *dice.pick(&TITLES),
        email: format!("{}.{}@{}.example", ascii(name.0), ascii(name.1), ascii(company)),
        phone: format!("+1 555 {:03} {:04}", dice.between(100, 999), dice.between(0, 9_999)),
        lead_source: lead_source(Channel::ALL[dice.weighted(&super::journey::CHANNEL_SHARES)]),
    }
}
