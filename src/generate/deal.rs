//! One opportunity's life: how it came about, every state it was in, and what is sold.

use super::company::{Buyer, Company};
use super::dice::{Dice, Subject};
use super::journey::CHANNEL_SHARES;
use super::names::{CLOUD_PRODUCT, CONTACT_PARTS, ENTERPRISE, NEXT_STEPS, OPPORTUNITY_TYPES, PRODUCTS, SEGMENTS};
use super::timeline::{DAY_MS, day_of};
use pipewright_core::campaign::Channel;
use pipewright_core::catalog::{ForecastCategory, StageKind};
use pipewright_core::money::split_by;
use pipewright_core::rep::Role;

/// A stage of the sales process.
pub struct StageHabit {
    /// What it is called.
    pub name: &'static str,
    /// Open, won or lost.
    pub kind: StageKind,
    /// The category an opportunity takes on here.
    pub category: ForecastCategory,
    /// Percent.
    pub probability: i32,
}

const fn stage(name: &'static str, kind: StageKind, category: ForecastCategory, probability: i32) -> StageHabit {
    StageHabit { name, kind, category, probability }
}

/// The sales process, in order.
pub const STAGES: [StageHabit; 7] = [
    stage("Prospecting", StageKind::Open, ForecastCategory::Pipeline, 10),
    stage("Qualification", StageKind::Open, ForecastCategory::Pipeline, 20),
    stage("Needs Analysis", StageKind::Open, ForecastCategory::BestCase, 40),
    stage("Proposal", StageKind::Open, ForecastCategory::MostLikely, 60),
    stage("Negotiation", StageKind::Open, ForecastCategory::Commit, 80),
    stage("Closed Won", StageKind::Won, ForecastCategory::Closed, 100),
    stage("Closed Lost", StageKind::Lost, ForecastCategory::Omitted, 0),
];

/// The place of Closed Won in [`STAGES`].
pub const WON: usize = 5;
/// The place of Closed Lost in [`STAGES`].
pub const LOST: usize = 6;

/// States a life has at most: their numbers leave room for it.
pub const MOST_STATES: u64 = 64;

/// A state, from an instant until the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// From when: the states of a life have different instants, in order.
    pub at_ms: i64,
    /// A place in [`STAGES`].
    pub stage: usize,
    /// When it is expected to close, or did.
    pub close_day: i32,
    /// Annual contract value, whole units of the reporting currency as minor units.
    pub acv_minor: i64,
    /// Who owns it.
    pub owner: usize,
    /// What happens next.
    pub next_step: Option<&'static str>,
}

/// How an opportunity was sourced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sourcing {
    /// Its creator found it.
    Creator,
    /// A lead was converted into it, by this person.
    Conversion(usize),
    /// It was handed to its creator by this person, at this instant.
    HandOff(usize, i64),
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DealLine {
    /// A place in [`PRODUCTS`].
    pub product: usize,
    /// How many.
    pub quantity: i64,
    /// Minor units.
    pub acv_minor: i64,
}

/// An opportunity's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deal {
    /// Which: 0 to the number of opportunities - 1.
    pub index: u64,
    /// Whom it sells to.
    pub buyer: Buyer,
    /// What it is called.
    pub name: String,
    /// When it was created.
    pub created_ms: i64,
    /// Who created it.
    pub creator: usize,
    /// The role that sourced it.
    pub sourced_by: Role,
    /// How.
    pub sourcing: Sourcing,
    /// The channel it came in over, where it came in over one.
    pub channel: Option<Channel>,
    /// The primary campaign.
    pub campaign: Option<usize>,
    /// New business, ...
    pub kind: &'static str,
    /// Length of the contract, in years.
    pub term_years: i64,
    /// Ordered; never empty.
    pub states: Vec<State>,
    /// What is sold, as of the last state; its ACV adds up to that state's. Empty where no one entered any.
    pub lines: Vec<DealLine>,
    /// Contacts of the buyer by number, with their part. Empty where no one entered any.
    pub contact_parts: Vec<(u64, &'static str)>,
}

/// What happens in a life, before it is known whether it happened by today.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Arrive(usize),
    Push,
    Resize(f64),
    Reassign,
}

/// Counted in opportunities; the roles' sizes differ, so that AE has over one half of the money and BDR a quarter.
const SOURCE_SHARES: [f64; 5] = [0.525, 0.245, 0.12, 0.065, 0.045];
const SOURCE_SIZES: [f64; 5] = [1.08, 1.06, 0.92, 0.40, 0.75];
const WIN_RATE: f64 = 0.25;

impl Deal {
    /// The last state: as the opportunity is today.
    pub fn last(&self) -> &State {
        self.states.last().expect("a life begins with its creation")
    }

    /// When the lead that was converted into it came in; from one to three weeks before.
    pub fn lead_created_ms(&self) -> i64 {
        self.created_ms - i64::try_from(1 + self.index % 20).expect("below 21") * DAY_MS
    }

    /// Whether the lines, if any, are those of this state: none since had another amount.
    pub fn lines_hold(&self, state: usize) -> bool {
        self.lines.is_empty() || self.states[state..].iter().all(|later| later.acv_minor == self.last().acv_minor)
    }
}

impl Company {
    /// The opportunity of this number.
    pub fn deal(&self, index: u64) -> Deal {
        let dice = &mut Dice::of(self.order.seed, Subject::Deal, index);
        let created_ms = self.timeline.creation(index, self.order.opportunities, dice);
        let sourced_by = Role::ALL[dice.weighted(&SOURCE_SHARES)];
        let wanted = (sourced_by == Role::Ecs || dice.chance(0.03)).then_some(ENTERPRISE);
        let buyer = self.buyer_for(dice, index, wanted);
        let (creator, sourcing) = self.sourcing(dice, &buyer, sourced_by, created_ms);
        let owner = self.first_owner(dice, &buyer, sourced_by, creator, created_ms);
        let channel = self.origin_channel(dice, sourced_by);
        let campaign =
            channel.and_then(|channel| self.drives.response(dice, channel, day_of(created_ms) - 15)).map(|found| found.0);
        let habit = &SEGMENTS[buyer.segment];
        let size = dice.log_normal(habit.median_acv, habit.sigma) * SOURCE_SIZES[sourced_by as usize];
        let acv_minor = ((size / 100.0).round() as i64).max(10) * 10_000;
        let states = self.live(dice, &buyer, created_ms, owner, acv_minor);
        let kind = OPPORTUNITY_TYPES[dice.weighted(&OPPORTUNITY_TYPES.map(|(_, share)| share))].0;
        let cloud = sourced_by == Role::CloudSales;
        let lines = lines(dice, cloud, states.last().expect("a life begins with its creation"));
        let product = lines.first().map_or("Platform", |line| PRODUCTS[line.product].0);
        Deal {
            index,
            name: format!("{} - {product}", buyer.name),
            contact_parts: contact_parts(dice, buyer.contacts),
            buyer,
            created_ms,
            creator,
            sourced_by,
            sourcing,
            channel,
            campaign,
            kind,
            term_years: [1, 2, 3][dice.weighted(&[0.62, 0.14, 0.24])],
            states,
            lines,
        }
    }

    fn sourcing(&self, dice: &mut Dice, buyer: &Buyer, role: Role, created_ms: i64) -> (usize, Sourcing) {
        let day = day_of(created_ms);
        let source = self.people.someone(dice, buyer.region, role, day);
        if !matches!(role, Role::Sdr | Role::Bdr) {
            return (source, Sourcing::Creator);
        }
        let executive = self.people.someone(dice, buyer.region, Role::Ae, day);
        // Few hand-offs: an export can tell of one only as a task, which earns no sourcing credit.
        match dice.weighted(&[0.57, 0.08, 0.35]) {
            0 => (executive, Sourcing::Conversion(source)),
            1 => {
                let at = created_ms - dice.between(2 * 3_600_000, 5 * DAY_MS);
                // Who was hired or changed role in between held another role then.
                let held = self.people.role_on(source, day_of(at)) == Some(role);
                if held { (executive, Sourcing::HandOff(source, at)) } else { (source, Sourcing::Creator) }
            }
            _ => (source, Sourcing::Creator),
        }
    }

    fn first_owner(&self, dice: &mut Dice, buyer: &Buyer, role: Role, creator: usize, created_ms: i64) -> usize {
        match role {
            Role::Ae | Role::Ecs => creator,
            Role::CloudSales if dice.chance(0.35) => creator,
            _ if self.people.role_on(creator, day_of(created_ms)) == Some(Role::Ae) => creator,
            _ => self.people.someone(dice, buyer.region, Role::Ae, day_of(created_ms)),
        }
    }

    fn origin_channel(&self, dice: &mut Dice, role: Role) -> Option<Channel> {
        let share = match role {
            Role::Sdr => 0.95,
            Role::Bdr => 0.30,
            Role::Ae => 0.45,
            Role::Ecs | Role::CloudSales => 0.25,
        };
        dice.chance(share).then(|| Channel::ALL[dice.weighted(&CHANNEL_SHARES)])
    }

    /// The states up to today.
    fn live(&self, dice: &mut Dice, buyer: &Buyer, created_ms: i64, owner: usize, acv_minor: i64) -> Vec<State> {
        let created = day_of(created_ms);
        let habit = &SEGMENTS[buyer.segment];
        let cycle = dice.log_normal(habit.cycle_days, 0.45).clamp(6.0, 600.0);
        let expected = created + (cycle * dice.real(0.40, 0.95)) as i32 + 3;
        let close_day = if dice.chance(0.5) { self.timeline.near_quarter_end(expected, dice) } else { expected };
        let first_stage = usize::from(dice.chance(0.3));
        let mut turns = self.plan(dice, created, cycle, first_stage);
        self.reassign(dice, owner, &mut turns);
        turns.sort_by_key(|(day, _)| *day);
        let first =
            State { at_ms: created_ms, stage: first_stage, close_day, acv_minor, owner, next_step: next_step(dice, first_stage) };
        let mut life = Life { company: self, region: buyer.region, states: vec![first] };
        for (day, turn) in turns.into_iter().take_while(|(day, _)| *day < self.timeline.until) {
            life.take(dice, day, turn);
        }
        life.neglect(dice);
        life.states
    }

    /// What would happen, and on which day, if there were no end to the calendar.
    fn plan(&self, dice: &mut Dice, created: i32, cycle: f64, first_stage: usize) -> Vec<(i32, Turn)> {
        let won = dice.chance(WIN_RATE);
        let mut ending = created + if won { cycle as i32 } else { (cycle * dice.real(0.3, 1.15)) as i32 }.max(2);
        if dice.chance(if won { 0.5 } else { 0.25 }) {
            ending = self.timeline.near_quarter_end(ending, dice);
        }
        let last_open = if won { 4 } else { first_stage + dice.weighted(&[0.25, 0.30, 0.25, 0.20][..5 - first_stage.max(1)]) };
        let arrivals: Vec<usize> = (first_stage + 1..=last_open).filter(|_| !dice.chance(0.07)).collect();
        let span = f64::from(ending - created);
        let mut turns = Vec::with_capacity(arrivals.len() + 5);
        for (place, stage) in arrivals.iter().enumerate() {
            let share = (place as f64 + dice.real(0.6, 1.2)) / (arrivals.len() as f64 + 1.0);
            turns.push((created + (span * share.min(0.97)) as i32, Turn::Arrive(*stage)));
        }
        if dice.chance(0.36) {
            turns.push((created + (span * dice.real(0.2, 0.9)) as i32, Turn::Push));
        }
        if dice.chance(0.48) {
            turns.push((created + (span * dice.real(0.25, 0.98)) as i32, Turn::Resize(dice.log_normal(1.0, 0.22))));
        }
        turns.push((ending, Turn::Arrive(if won { WON } else { LOST })));
        if !won && dice.chance(0.03) {
            let again = ending + i32::try_from(dice.between(15, 70)).expect("70 fits");
            let end = self.timeline.near_quarter_end(again + 10, dice);
            turns.push((again, Turn::Arrive(3)));
            turns.push((end, Turn::Arrive(if dice.chance(0.4) { WON } else { LOST })));
        }
        turns
    }

    /// Most open deals of a rep who left pass to someone else within weeks; some are forgotten.
    fn reassign(&self, dice: &mut Dice, owner: usize, turns: &mut Vec<(i32, Turn)>) {
        if let Some(left) = self.people.all[owner].left
            && dice.chance(0.85)
        {
            turns.push((left + i32::try_from(dice.between(0, 12)).expect("12 fits"), Turn::Reassign));
        } else if dice.chance(0.04) {
            let middle = turns[turns.len() / 2].0;
            turns.push((middle, Turn::Reassign));
        }
    }
}

/// A life being lived.
struct Life<'a> {
    company: &'a Company,
    region: usize,
    states: Vec<State>,
}

impl Life<'_> {
    fn now(&self) -> &State {
        self.states.last().expect("a life begins with its creation")
    }

    fn take(&mut self, dice: &mut Dice, day: i32, turn: Turn) {
        let closed = self.now().stage >= WON;
        if closed && !matches!(turn, Turn::Arrive(3..)) {
            return;
        }
        if !closed && self.now().close_day < day && dice.chance(0.55) {
            let noticed = self.now().close_day + i32::try_from(dice.between(-4, 3)).expect("3 fits");
            self.push(dice, noticed.min(day - 1), day);
        }
        let mut next = self.now().clone();
        match turn {
            Turn::Arrive(stage) => {
                next.stage = stage;
                next.next_step = if stage >= WON { None } else { next_step(dice, stage) };
                if stage >= WON {
                    next.close_day = day;
                } else if next.close_day <= day || dice.chance(0.12) {
                    next.close_day = later(self.company, dice, next.close_day.max(day));
                }
            }
            Turn::Push => next.close_day = later(self.company, dice, next.close_day.max(day)),
            Turn::Resize(factor) => {
                next.acv_minor = ((next.acv_minor as f64 * factor / 10_000.0).round() as i64).max(10) * 10_000;
            }
            Turn::Reassign => next.owner = self.company.people.someone(dice, self.region, Role::Ae, day),
        }
        self.enter(dice, day, next);
    }

    fn push(&mut self, dice: &mut Dice, day: i32, beyond: i32) {
        let mut next = self.now().clone();
        next.close_day = later(self.company, dice, next.close_day.max(beyond));
        self.enter(dice, day, next);
    }

    /// Adds a state unless it is after today, changes nothing, or there are too many.
    fn enter(&mut self, dice: &mut Dice, day: i32, mut next: State) {
        let now = self.now();
        next.at_ms = self.company.timeline.working_hour(day, dice).max(now.at_ms + 60_000);
        let same = State { at_ms: next.at_ms, ..now.clone() } == next;
        let room = (self.states.len() as u64) < MOST_STATES;
        if !same && room && day < self.company.timeline.until && next.at_ms <= self.company.timeline.horizon_ms {
            if next.stage >= WON {
                next.close_day = day_of(next.at_ms);
            }
            self.states.push(next);
        }
    }

    /// What an open deal looks like today: most that are overdue were pushed, some next steps were never written down.
    fn neglect(&mut self, dice: &mut Dice) {
        let until = self.company.timeline.until;
        let now = self.now();
        if now.stage >= WON || now.close_day >= until || !dice.chance(0.65) {
            return;
        }
        let day = (now.close_day - 1).max(day_of(now.at_ms));
        self.push(dice, day, until);
    }
}

/// The end of a later month or quarter.
fn later(company: &Company, dice: &mut Dice, day: i32) -> i32 {
    let on = day + i32::try_from(dice.between(14, 75)).expect("75 fits");
    if dice.chance(0.6) { company.timeline.near_quarter_end(on, dice) } else { on }
}

fn next_step(dice: &mut Dice, stage: usize) -> Option<&'static str> {
    (!dice.chance(0.16)).then(|| NEXT_STEPS[(stage * 2 + dice.below(2)).min(NEXT_STEPS.len() - 1)])
}

fn lines(dice: &mut Dice, cloud: bool, last: &State) -> Vec<DealLine> {
    if dice.chance(0.09) {
        return Vec::new();
    }
    let count = if cloud { 1 } else { 1 + dice.weighted(&[0.66, 0.24, 0.10]) };
    let mut products: Vec<usize> = Vec::with_capacity(count);
    let mut weights: Vec<u64> = Vec::with_capacity(count);
    while products.len() < count {
        let product = if cloud { CLOUD_PRODUCT } else { dice.weighted(&PRODUCTS.map(|product| product.3)) };
        if !products.contains(&product) {
            products.push(product);
            weights.push(dice.between(1, 6).unsigned_abs());
        }
    }
    // In hundreds of whole units, so that a price a year is a round number.
    let parts = split_by(last.acv_minor / 10_000, &weights);
    let line = |(product, part): (usize, i64)| DealLine { product, quantity: dice.between(1, 40) * 5, acv_minor: part * 10_000 };
    products.into_iter().zip(parts).map(line).collect()
}

fn contact_parts(dice: &mut Dice, contacts: u64) -> Vec<(u64, &'static str)> {
    if dice.chance(0.12) {
        return Vec::new();
    }
    let most = contacts.min(3);
    let count = u64::try_from(dice.between(1, i64::try_from(most).expect("at most 3"))).expect("1 to 3");
    (0..count).map(|number| (number, *dice.pick(&CONTACT_PARTS))).collect()
}
