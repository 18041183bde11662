//! The touchpoints that an opportunity's people had: with campaigns, and with reps.

use super::company::{Company, MOST_RESPONSES};
use super::deal::{Deal, Sourcing, WON};
use super::dice::{Dice, Subject};
use super::salesforce_id::{prefix, salesforce_id};
use super::timeline::{DAY_MS, day_of};
use pipewright_core::campaign::Channel;
use pipewright_core::rep::Role;
use pipewright_core::touchpoint::TouchpointKind;

/// How often each channel reaches someone, in the order of the channels' codes.
pub const CHANNEL_SHARES: [f64; 6] = [0.11, 0.25, 0.16, 0.12, 0.29, 0.07];

/// Touchpoints an opportunity has at most: their numbers leave room for it.
pub const MOST_TOUCHES: u64 = 64;

/// Who reached out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A campaign: a place in the list, with its channel.
    Campaign(usize, Channel),
    /// A rep.
    Rep(usize),
}

/// One touchpoint of an opportunity's people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// Unique within the company.
    pub number: u64,
    /// When. What came in over a campaign is known by day.
    pub at_ms: i64,
    /// What.
    pub kind: TouchpointKind,
    /// By whom.
    pub actor: Actor,
    /// The contact of the buyer, by number.
    pub contact: u64,
    /// Whether it was logged on the opportunity.
    pub on_deal: bool,
}

impl Touch {
    /// The Salesforce id of the row that tells of it: a campaign member, an event, a task, or the lead converted into
    /// opportunity `index`.
    pub fn external_id(&self, index: u64) -> String {
        match (self.actor, self.kind) {
            (Actor::Campaign(..), _) => salesforce_id(prefix::MEMBER, self.number),
            (_, TouchpointKind::LeadConversion) => salesforce_id(prefix::LEAD, index),
            (_, TouchpointKind::Meeting) => salesforce_id(prefix::EVENT, self.number),
            _ => salesforce_id(prefix::TASK, self.number),
        }
    }
}

impl Company {
    /// The number of the membership behind response `place` of an idle lead: after all those of opportunities.
    pub fn idle_member_number(&self, lead: u64, place: usize) -> u64 {
        self.order.opportunities * MOST_TOUCHES + lead * MOST_RESPONSES + place as u64
    }

    /// The touchpoints of an opportunity, in order of time: a median of five or six, and a long tail.
    pub fn journey(&self, deal: &Deal) -> Vec<Touch> {
        let dice = &mut Dice::of(self.order.seed, Subject::Journey, deal.index);
        let wanted = (dice.log_normal(5.2, 0.72).round() as usize).clamp(1, 60);
        let last = deal.last();
        let end = if last.stage >= WON { last.at_ms } else { self.timeline.horizon_ms };
        let mut touches = Vec::with_capacity(wanted + 1);
        self.sourcing_touch(deal, &mut touches);
        for place in 0..wanted {
            let before = dice.chance(0.5);
            let first_of_inbound = place == 0 && deal.sourced_by == Role::Sdr;
            let by_campaign = first_of_inbound || dice.chance(if before { 0.72 } else { 0.40 });
            let at = if before || first_of_inbound {
                deal.created_ms - (dice.log_normal(38.0, 1.0).min(340.0) * DAY_MS as f64) as i64
            } else {
                deal.created_ms + (dice.unit() * (end - deal.created_ms) as f64) as i64
            };
            let contact = dice.below(usize::try_from(deal.buyer.contacts).expect("at most 5")) as u64;
            let touch = if by_campaign { self.answer(dice, deal, at, contact) } else { self.outreach(dice, deal, at, contact) };
            touches.extend(touch.filter(|touch| touch.at_ms <= end.min(self.timeline.horizon_ms) && is_new(touch, &touches)));
        }
        touches.sort_by_key(|touch| touch.at_ms);
        for (place, touch) in touches.iter_mut().enumerate() {
            touch.number = deal.index * MOST_TOUCHES + place as u64;
        }
        touches
    }

    fn sourcing_touch(&self, deal: &Deal, touches: &mut Vec<Touch>) {
        let touch = |at_ms, kind, rep, on_deal| Touch { number: 0, at_ms, kind, actor: Actor::Rep(rep), contact: 0, on_deal };
        match deal.sourcing {
            Sourcing::Creator => {}
            Sourcing::Conversion(rep) => {
                let midnight = i64::from(day_of(deal.created_ms)) * DAY_MS;
                touches.push(touch(midnight, TouchpointKind::LeadConversion, rep, true));
            }
            Sourcing::HandOff(rep, at) => touches.push(touch(at, TouchpointKind::HandOff, rep, false)),
        }
    }

    fn answer(&self, dice: &mut Dice, deal: &Deal, at_ms: i64, contact: u64) -> Option<Touch> {
        let drawn = Channel::ALL[dice.weighted(&CHANNEL_SHARES)];
        let channel = deal.channel.filter(|_| dice.chance(0.5)).unwrap_or(drawn);
        let (campaign, day) = self.drives.response(dice, channel, day_of(at_ms).min(self.timeline.until - 1))?;
        let kind = if dice.chance(0.86) { TouchpointKind::Response } else { TouchpointKind::Inclusion };
        let at_ms = (i64::from(day) * DAY_MS).min(self.timeline.horizon_ms);
        Some(Touch { number: 0, at_ms, kind, actor: Actor::Campaign(campaign, channel), contact, on_deal: false })
    }

    fn outreach(&self, dice: &mut Dice, deal: &Deal, at_ms: i64, contact: u64) -> Option<Touch> {
        let day = day_of(at_ms);
        let at_ms = self.timeline.working_hour(day, dice);
        let started = at_ms >= deal.created_ms;
        let owner = deal.states.iter().rev().find(|state| state.at_ms <= at_ms).unwrap_or(&deal.states[0]).owner;
        let rep = match (started, deal.sourced_by) {
            (false, role @ (Role::Bdr | Role::Sdr)) => self.people.someone(dice, deal.buyer.region, role, day),
            (true, _) if dice.chance(0.08) => self.people.someone(dice, deal.buyer.region, Role::CloudSales, day),
            _ => owner,
        };
        let rep = if self.people.role_on(rep, day).is_some() {
            rep
        } else {
            self.people.someone(dice, deal.buyer.region, Role::Ae, day)
        };
        let kinds = [TouchpointKind::Call, TouchpointKind::Email, TouchpointKind::Meeting, TouchpointKind::Task];
        let kind = kinds[dice.weighted(&[0.34, 0.34, 0.26, 0.06])];
        Some(Touch { number: 0, at_ms, kind, actor: Actor::Rep(rep), contact, on_deal: started })
    }
}

/// A person is a member of a campaign once.
fn is_new(touch: &Touch, known: &[Touch]) -> bool {
    matches!(touch.actor, Actor::Rep(_)) || known.iter().all(|other| (other.actor, other.contact) != (touch.actor, touch.contact))
}
