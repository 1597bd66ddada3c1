//! Deals: entered, moved along the pipeline with what each stage asks for, ended.

use std::sync::Arc;

use millrace_operations::entity::{opportunity, stage_change};
use millrace_operations::resources::{create_in, update_in};
use millrace_operations::row::Row;
use millrace_operations::service::claim::claim_lead;
use millrace_operations::service::correction::{Correction, correct};
use millrace_operations::service::ending::{self, End as Ending};
use millrace_operations::service::stage_move::{self, Move, move_stage};
use millrace_operations::{Caller, Result, Unit};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::catalog::{PRODUCTS, TEAMS};
use super::company::Segment;
use super::customers::{id_of, row};
use super::days::{MINUTES, Stamp};
use super::deals::{End, QUOTATION, REQUIREMENTS, SIGNING, Visit};
use super::firm::{Event, Firm};
use super::people::leader;
use super::random::Dice;

impl Firm {
    /// Plans when deals are entered.
    pub(super) fn plan_deals(&mut self) {
        for index in 0..self.deals.len() {
            let deal = &self.deals[index];
            if deal.entered_at_end {
                self.plan(deal.ended, Event::EnterAtOnce(index));
                continue;
            }
            let mut dice = Dice::of(self.seed, "entry", index);
            let opened = deal.opened;
            let latest = deal.visits.first().map_or(opened, |visit| visit.to - 5);
            let late = self.reps[self.accounts[deal.account].owner(opened)].late / 2.0;
            if dice.chance(late) && latest - opened > 3 * MINUTES {
                let recorded = (opened + dice.whole(3 * MINUTES, 9 * MINUTES)).min(latest);
                self.plan(recorded, Event::Open(index));
                self.plan(recorded + dice.whole(20, 400), Event::Correct(index));
            } else {
                self.plan(opened, Event::Open(index));
            }
        }
    }

    /// Who works on a deal; for one who left, who leads the team.
    pub(super) fn keeper(&self, deal: usize, at: Stamp) -> Result<Arc<Caller>> {
        let account = self.deals[deal].account;
        let owner = self.deal_records[deal].owner;
        let rep = owner.unwrap_or(self.accounts[account].owner(at));
        if self.reps[rep].until.is_some_and(|until| until <= at) {
            return self.person(leader(self.reps[rep].team));
        }
        self.rep(rep)
    }

    fn deal_fields(&self, index: usize, dice: &mut Dice) -> Row {
        let deal = &self.deals[index];
        let account = &self.accounts[deal.account];
        let (_, _, series, ..) = PRODUCTS[deal.product];
        let purpose = match account.segment {
            Segment::Project => *dice.pick(&[
                "技改项目",
                "扩建项目",
                "新建装置配套",
                "节能改造",
                "管网改造",
            ]),
            Segment::Repeat => *dice.pick(&["年度采购", "备件采购", "检修用料", "产线配套"]),
            Segment::Distributor => *dice.pick(&["渠道备货", "工程配单", "季度备货"]),
        };
        let expected = self.span.days.date(deal.opened + deal.expected);
        let mut fields = row! {
            "name": format!("{} {series}{purpose}", short(&account.name)),
            "account_id": self.account_records[deal.account].id,
            "product_id": self.products[deal.product],
            "source": deal.source,
            "expected_close_on": expected.to_string(),
        };
        // Nobody knows the amount of many a bare lead.
        if dice.chance(0.55) {
            fields.extend(worth(deal.amount));
        }
        fields
    }

    pub(super) async fn open(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let mut dice = Dice::of(self.seed, "deal", index);
        let account = self.deals[index].account;
        let Some(owner) = self.account_records[account].owner else {
            return Ok(());
        };
        let team = self.reps[owner].team;
        let brought = ["官网询盘", "展会"].contains(&self.deals[index].source);
        let assistant = TEAMS[team]
            .assistant
            .filter(|_| brought && dice.chance(0.7));
        let mut fields = self.deal_fields(index, &mut dice);
        let claimed = if let Some((username, _)) = assistant {
            let caller = self.person(username)?;
            let acting = self.act(unit, &caller, at);
            let made = create_in(&acting, &caller, &opportunity::RESOURCE, &fields).await?;
            self.deal_records[index].id = id_of(&made);
            let stays = self.deals[index].visits[0].to > self.span.close;
            let wait = if stays {
                dice.whole(300, 3_600)
            } else {
                dice.whole(15, 420)
            };
            self.plan(at + wait, Event::ClaimLead(index));
            at + wait
        } else {
            let caller = self.rep(owner)?;
            let contacts = &self.account_records[account].contacts;
            if let Some(contact) = contacts.first() {
                fields.insert("contact_id".to_owned(), (*contact).into());
            }
            let acting = self.act(unit, &caller, at);
            let made = create_in(&acting, &caller, &opportunity::RESOURCE, &fields).await?;
            let record = &mut self.deal_records[index];
            record.id = id_of(&made);
            record.owner = Some(owner);
            at
        };
        self.plan_way(index, claimed);
        if self.deals[index].end != End::Duplicate {
            self.last_deal.insert(owner, index);
        }
        Ok(())
    }

    /// Plans the way of a deal through its stages, from the time that somebody works on it.
    fn plan_way(&mut self, index: usize, from: Stamp) {
        let mut dice = Dice::of(self.seed, "way", index);
        let deal = &self.deals[index];
        let owner = self.accounts[deal.account].owner(deal.opened);
        let late = if deal.pause.is_some() {
            0.0
        } else {
            self.reps[owner].late
        };
        let (end, ended, pause) = (deal.end, deal.ended, deal.pause);
        let visits: Vec<(usize, Stamp, Stamp)> = deal
            .visits
            .iter()
            .map(|visit| (visit.stage, visit.from, visit.to))
            .collect();
        let mut recorded = from;
        let overridden = self.overrides(index);
        // When the stage of the requirements was entered, until the paper is planned.
        let mut asked = None;
        for (place, (stage, begin, to)) in visits.iter().copied().enumerate() {
            if place > 0 {
                let last = to - 5;
                let mut entered = begin;
                if dice.chance(late) && to - begin > 4 * MINUTES {
                    entered = (begin + dice.whole(3 * MINUTES, 11 * MINUTES)).min(last);
                }
                // Between two moves there is time for the paper.
                recorded = entered.max(recorded + 6);
                if let Some((since, usual)) = asked.take() {
                    self.plan(usual_in(since, usual, recorded), Event::Specify(index));
                }
                self.plan(recorded, Event::Enter(index, place));
            }
            let first = visits[..place].iter().all(|visit| visit.0 != REQUIREMENTS);
            if stage == REQUIREMENTS && first && !overridden {
                asked = Some((recorded, begin.max(from) + (to - begin) * 4 / 5));
            }
        }
        if let Some((since, usual)) = asked {
            self.plan(usual.max(since + 1), Event::Specify(index));
        }
        if let Some((gone, back)) = pause.filter(|(gone, _)| *gone > recorded_at(&visits, from)) {
            self.plan(gone, Event::Pause(index));
            self.plan(back, Event::Resume(index));
        }
        self.plan_quoting(index, from);
        let last = visits.last().map_or(recorded, |visit| visit.1);
        match end {
            End::Won => {
                let length = ended - last;
                self.plan(
                    (last + length * 3 / 10).max(recorded + 1),
                    Event::Contract(index),
                );
            }
            End::Stuck => {}
            _ => self.plan(ended.max(recorded + 6), Event::End(index)),
        }
        self.plan_meetings(index, from);
    }

    /// Whether the lead of the team lets the deal go on without the customer's paper.
    fn overrides(&self, index: usize) -> bool {
        Dice::of(self.seed, "override", index).chance(0.02)
    }

    pub(super) async fn claim_lead(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let Some(owner) = self.account_records[self.deals[index].account].owner else {
            return Ok(());
        };
        let caller = self.rep(owner)?;
        let acting = self.act(unit, &caller, at);
        claim_lead(&acting, &caller, self.deal_records[index].id).await?;
        self.deal_records[index].owner = Some(owner);
        Ok(())
    }

    /// The lead of the team puts the time right at which a deal began that was entered late.
    pub(super) async fn correct(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let rep = self.accounts[self.deals[index].account].owner(at);
        let caller = self.person(leader(self.reps[rep].team))?;
        let acting = self.act(unit, &caller, at);
        let opened_at = self.moment(self.deals[index].opened);
        let opening = stage_change::Entity::find()
            .filter(stage_change::Column::OpportunityId.eq(self.deal_records[index].id))
            .filter(stage_change::Column::Kind.eq("open"))
            .one(&acting)
            .await?;
        if let Some(opening) = opening {
            let correction = Correction {
                stage_id: None,
                changed_at: Some(opened_at),
                reason: "补录：商机实际开始时间".to_owned(),
            };
            correct(&acting, &caller, opening.id, correction).await?;
        }
        Ok(())
    }

    pub(super) async fn enter(
        &mut self,
        unit: &Unit,
        at: Stamp,
        index: usize,
        place: usize,
    ) -> Result<()> {
        let Visit { stage, from, .. } = self.deals[index].visits[place];
        let forward = stage > self.deals[index].visits[place - 1].stage;
        let id = self.deal_records[index].id;
        let overrides = stage == QUOTATION && forward && self.overrides(index);
        let caller = if overrides {
            let owner = self.deal_records[index].owner.unwrap_or_default();
            self.person(leader(self.reps[owner].team))?
        } else {
            self.keeper(index, at)?
        };
        let acting = self.act(unit, &caller, at);
        if stage == REQUIREMENTS && forward {
            let read = acting.get::<opportunity::Model>(id).await?;
            if read.amount.is_none() {
                let fields = worth(self.deals[index].amount);
                update_in(&acting, &caller, &opportunity::RESOURCE, id.into(), &fields).await?;
            }
        }
        let to = Move {
            to_stage_id: self.stages[stage],
            changed_at: (from < at).then(|| self.moment(from)),
            reason: overrides.then(|| "客户口头确认，书面需求后补".to_owned()),
            override_criteria: overrides,
        };
        move_stage(&acting, &caller, id, to).await?;
        Ok(())
    }

    pub(super) async fn specify(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.keeper(index, at)?;
        let acting = self.act(unit, &caller, at);
        let account = &self.accounts[self.deals[index].account];
        let (code, name, series, ..) = PRODUCTS[self.deals[index].product];
        let mut dice = Dice::of(self.seed, "requirements", index);
        let text = format!(
            "采购需求说明\n\n客户：{}\n产品：{name}（{code}）\n介质：{}\n公称压力：PN{}\n设计温度：{}℃\n用途：{series}，{}\n交货地点：{}{}\n质保：验收后 18 个月\n",
            account.name,
            dice.pick(&["水", "蒸汽", "天然气", "稀硫酸", "导热油", "氮气"]),
            dice.pick(&[16, 25, 40, 63, 100]),
            dice.whole(4, 42) * 10,
            dice.pick(&["主管线", "旁路", "装置进出口", "公用工程"]),
            account.place.0,
            account.city,
        );
        let deal = self.deal_records[index].id;
        self.attach(
            &acting,
            &caller,
            ("opportunity", deal),
            "requirements",
            text,
        )
        .await
    }

    pub(super) async fn pause(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.keeper(index, at)?;
        let acting = self.act(unit, &caller, at);
        let end = if index.is_multiple_of(3) {
            Ending::Lost {
                reason: "预算不足".to_owned(),
                competitor: None,
                amount: None,
            }
        } else {
            Ending::Shelved {
                reason: Some("客户项目暂缓".to_owned()),
            }
        };
        ending::end(&acting, &caller, self.deal_records[index].id, end, None).await?;
        Ok(())
    }

    pub(super) async fn resume(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.keeper(index, at)?;
        let acting = self.act(unit, &caller, at);
        let reason = Some("客户重新启动项目".to_owned());
        ending::reopen(&acting, &caller, self.deal_records[index].id, reason).await?;
        Ok(())
    }

    pub(super) async fn end(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.keeper(index, at)?;
        let acting = self.act(unit, &caller, at);
        let owner = self.deal_records[index].owner;
        let other = owner
            .and_then(|owner| self.last_deal.get(&owner).copied())
            .filter(|other| *other != index && self.deal_records[*other].owner == owner)
            .map(|other| self.deal_records[other].id);
        let deal = &self.deals[index];
        let end = match (deal.end, other) {
            (End::Lost, _) => {
                let (reason, competitor) = deal.loss.unwrap_or(("长期无回应", None));
                Ending::Lost {
                    reason: reason.to_owned(),
                    competitor: competitor.map(ToOwned::to_owned),
                    amount: None,
                }
            }
            (End::Shelved, _) => Ending::Shelved {
                reason: Some("客户项目延期".to_owned()),
            },
            (End::Duplicate, Some(of)) => Ending::Duplicate { of },
            _ => Ending::Invalid {
                reason: Some("联系不上或无采购意向".to_owned()),
            },
        };
        ending::end(&acting, &caller, self.deal_records[index].id, end, None).await?;
        Ok(())
    }

    pub(super) async fn complete(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.keeper(index, at)?;
        let acting = self.act(unit, &caller, at);
        stage_move::complete(&acting, &caller, self.deal_records[index].id, None).await?;
        Ok(())
    }

    /// A deal that the rep kept in the head is entered on the day it is won, all at once.
    pub(super) async fn enter_at_once(
        &mut self,
        unit: &Unit,
        at: Stamp,
        index: usize,
    ) -> Result<()> {
        let account = self.deals[index].account;
        let Some(owner) = self.account_records[account].owner else {
            return Ok(());
        };
        let mut dice = Dice::of(self.seed, "deal", index);
        let caller = self.rep(owner)?;
        let acting = self.act(unit, &caller, at);
        let mut fields = self.deal_fields(index, &mut dice);
        fields.extend(worth(self.deals[index].amount));
        let made = create_in(&acting, &caller, &opportunity::RESOURCE, &fields).await?;
        let record = &mut self.deal_records[index];
        record.id = id_of(&made);
        record.owner = Some(owner);
        self.correct(unit, at, index).await?;
        self.plan_quoting(index, self.deals[index].opened);
        let first = self.deal_records[index].quoting.first_sent();
        for place in 1..self.deals[index].visits.len() {
            let (before, stage) = {
                let visits = &self.deals[index].visits;
                (visits[place - 1].stage, visits[place].stage)
            };
            if before == REQUIREMENTS && stage == QUOTATION && !self.overrides(index) {
                self.specify(unit, at, index).await?;
            }
            if stage == SIGNING && self.deal_records[index].quoting.sent().is_none() {
                self.quote_at_once(unit, at, index, first).await?;
            }
            self.enter(unit, at, index, place).await?;
        }
        self.decide(unit, at, index).await?;
        self.contract(unit, at, index).await
    }
}

/// The usual time, if it is after the one and before the other.
fn usual_in(since: Stamp, usual: Stamp, until: Stamp) -> Stamp {
    usual.clamp(since + 1, (until - 1).max(since + 1))
}

/// The latest time at which a stage before the requirements was entered.
fn recorded_at(visits: &[(usize, Stamp, Stamp)], from: Stamp) -> Stamp {
    let entered = visits.iter().find(|visit| visit.0 == REQUIREMENTS);
    entered.map_or(from, |visit| visit.1.max(from) + 10)
}

/// The amount of a deal, in all its fields.
fn worth(amount: i64) -> Row {
    row! {
        "original_amount": amount,
        "amount": amount,
        "tax_rate": 1_300,
        "amount_without_tax": amount * 100 / 113,
    }
}

/// A company's name without its legal form.
pub(super) fn short(name: &str) -> &str {
    ["集团有限公司", "股份有限公司", "有限责任公司", "有限公司"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}
