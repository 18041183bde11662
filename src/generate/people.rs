//! The people who sell: a tree of managers, and sellers of five roles in every region, some of whom left or changed role.

use super::dice::{Dice, Subject};
use super::names::{FIRST, LAST, REGIONS, ascii};
use super::timeline::Timeline;
use pipewright_core::rep::Role;

/// What a person did from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Post {
    /// First day.
    pub from: i32,
    /// The selling role; `None` for managers.
    pub role: Option<Role>,
    /// Whom they report to: a place in the list of people.
    pub manager: Option<usize>,
}

/// A person who sells, or leads those who do.
#[derive(Debug, Clone)]
pub struct Person {
    /// Full name: first, last.
    pub name: (&'static str, &'static str),
    /// Unique.
    pub email: String,
    /// The region they work in: a place in [`REGIONS`]; `None` for the head of sales.
    pub region: Option<usize>,
    /// First day at work.
    pub hired: i32,
    /// First day after the last; `None` while they are here.
    pub left: Option<i32>,
    /// In order of day; never empty.
    pub posts: Vec<Post>,
}

/// Everyone, with the pools that work is handed out from.
#[derive(Debug, Clone)]
pub struct People {
    /// By number.
    pub all: Vec<Person>,
    /// By region and role: those who ever held it there. The first of a pool was there before the company's first day,
    /// and stays.
    pools: Vec<Vec<usize>>,
}

const ROLE_SHARES: [f64; 5] = [0.54, 0.19, 0.14, 0.07, 0.06];

/// Sellers for each manager.
const SPAN: usize = 8;

impl People {
    /// About three thousand for each million opportunities, at least sixty.
    pub fn hire(seed: u64, opportunities: u64, timeline: &Timeline) -> Self {
        let head_count = usize::try_from(opportunities.saturating_mul(3) / 1_000).unwrap_or(usize::MAX).clamp(60, 100_000);
        let long_ago = timeline.start - 500;
        let mut people = Self { all: Vec::new(), pools: vec![Vec::new(); REGIONS.len() * Role::ALL.len()] };
        people.lead(seed, None, None, long_ago);
        for region in 0..REGIONS.len() {
            people.lead(seed, Some(region), Some(0), long_ago);
        }
        let sellers = head_count - people.all.len();
        let teams = sellers.div_ceil(SPAN).max(REGIONS.len());
        for team in 0..teams {
            let region = team % REGIONS.len();
            people.lead(seed, Some(region), Some(1 + region), long_ago);
        }
        let first_manager = 1 + REGIONS.len();
        for seller in 0..sellers.max(REGIONS.len() * Role::ALL.len()) {
            people.sell(seed, seller, first_manager, teams, timeline);
        }
        people
    }

    fn lead(&mut self, seed: u64, region: Option<usize>, manager: Option<usize>, hired: i32) {
        let mut dice = Dice::of(seed, Subject::Rep, self.all.len() as u64);
        self.join(&mut dice, region, hired, None, vec![Post { from: hired, role: None, manager }]);
    }

    fn sell(&mut self, seed: u64, seller: usize, first_manager: usize, teams: usize, timeline: &Timeline) {
        let mut dice = Dice::of(seed, Subject::Rep, self.all.len() as u64);
        let region = seller % REGIONS.len();
        let anchors = REGIONS.len() * Role::ALL.len();
        let anchor = seller < anchors;
        let role = if anchor { Role::ALL[seller / REGIONS.len()] } else { Role::ALL[dice.weighted(&ROLE_SHARES)] };
        let teams_here = (teams - region).div_ceil(REGIONS.len());
        let manager = Some(first_manager + region + REGIONS.len() * dice.below(teams_here));
        let days = timeline.until - timeline.start;
        let reach = |share: f64| (f64::from(days) * share) as i32;
        let early = anchor || dice.chance(0.6);
        let hired = timeline.start
            + if early { -i32::try_from(dice.between(30, 400)).expect("400 fits") } else { reach(dice.real(0.0, 0.85)) };
        let mut posts = vec![Post { from: hired, role: Some(role), manager }];
        let mut left = None;
        if !anchor && dice.chance(0.06) {
            let next = if role == Role::Sdr && dice.chance(0.6) { Role::Bdr } else { Role::Ae };
            let from = hired.max(timeline.start) + reach(dice.real(0.2, 0.5));
            if next != role && from < timeline.until {
                posts.push(Post { from, role: Some(next), manager });
            }
        } else if !anchor && dice.chance(0.15) {
            left = Some(hired.max(timeline.start) + reach(dice.real(0.25, 0.9))).filter(|day| *day < timeline.until);
        }
        let number = self.all.len();
        for post in &posts {
            if let Some(role) = post.role {
                self.pools[region * Role::ALL.len() + role as usize].push(number);
            }
        }
        self.join(&mut dice, Some(region), hired, left, posts);
    }

    fn join(&mut self, dice: &mut Dice, region: Option<usize>, hired: i32, left: Option<i32>, posts: Vec<Post>) {
        let name = (*dice.pick(&FIRST), *dice.pick(&LAST));
        let email = format!("{}.{}{}@pipewright.example", ascii(name.0), ascii(name.1), self.all.len());
        self.all.push(Person { name, email, region, hired, left, posts });
    }

    /// The role a person held on a day; `None` before, after, and for managers.
    pub fn role_on(&self, person: usize, day: i32) -> Option<Role> {
        let person = &self.all[person];
        if person.left.is_some_and(|left| left <= day) {
            return None;
        }
        person.posts.iter().rev().find(|post| post.from <= day)?.role
    }

    /// Someone who held the role in the region on that day.
    pub fn someone(&self, dice: &mut Dice, region: usize, role: Role, day: i32) -> usize {
        let pool = &self.pools[region * Role::ALL.len() + role as usize];
        for _ in 0..6 {
            let person = *dice.pick(pool);
            if self.role_on(person, day) == Some(role) {
                return person;
            }
        }
        pool[0]
    }

    /// The head of sales of a region.
    pub fn head_of(region: usize) -> usize {
        1 + region
    }
}
