//! Talks with customers, notes to oneself, what is to be done; and the files that belong to records.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{Datelike, NaiveDate};
use futures::stream;
use millrace_operations::entity::{private_note, todo};
use millrace_operations::resources::create_in;
use millrace_operations::service::attachment::{NewAttachment, attach};
use millrace_operations::service::interaction::{CheckIn, NewInteraction, register};
use millrace_operations::service::todo::complete;
use millrace_operations::{Caller, OperationsError, Result, Unit};

use super::catalog::CONTACTS;
use super::company::Segment;
use super::customers::{id_of, row};
use super::days::{MINUTES, Stamp};
use super::firm::{Event, Firm};
use super::people::SUCCESS;
use super::random::{Dice, rounded};

/// More bytes than any file of the demo has.
const MOST_BYTES: u64 = 1 << 20;

/// Something that a rep has to do.
#[derive(Debug)]
pub(super) struct Note {
    rep: usize,
    account: usize,
    title: &'static str,
    due: Stamp,
    /// When it is done, if it is.
    done: Option<Stamp>,
    id: i64,
}

const TODOS: [&str; 8] = [
    "回访客户使用情况",
    "发送产品样册和选型表",
    "跟进报价反馈",
    "催收到期货款",
    "确认技术协议条款",
    "安排客户来厂考察",
    "核对发货清单",
    "约见采购负责人",
];

const ABOUT_DEALS: [&str; 8] = [
    "沟通项目进度，客户预计下月定标",
    "讨论技术参数，介质温度偏高，建议调整阀座材质",
    "客户对比两家供应商，价格是主要顾虑",
    "介绍同行业案例，客户认可质量",
    "确认付款方式，客户希望延长账期",
    "客户内部审批中，需配合提供资质文件",
    "现场查看管线布置，确认口径和连接方式",
    "答复交期，客户要求分批发货",
];

const ABOUT_CARE: [&str; 6] = [
    "例行回访，设备运行正常",
    "了解下季度采购计划",
    "客户反馈备件消耗加快，建议备库",
    "节前问候，约定节后拜访",
    "通报新产品，客户有兴趣试用",
    "了解扩产计划，暂无明确时间",
];

const NOTES: [&str; 5] = [
    "采购经理和竞品关系不错，要多接触设备部",
    "决策人是总工，喜欢先看样机",
    "预算其实比说的高，别急着降价",
    "下半年换领导，提前铺垫",
    "上次发货晚了三天，对方还有意见",
];

impl Firm {
    /// Plans the talks of a deal, by the length of its stays.
    pub(super) fn plan_meetings(&mut self, index: usize, from: Stamp) {
        let mut dice = Dice::of(self.seed, "talks", index);
        let deal = &self.deals[index];
        let mut talks = Vec::new();
        for visit in &deal.visits {
            let begin = visit.from.max(from);
            let length = (visit.to.min(self.span.close) - begin).max(0);
            let days = length as f64 / MINUTES as f64;
            let count = rounded(days / 8.0 * dice.between(0.3, 1.4)).clamp(0, 3);
            for _ in 0..count {
                talks.push(begin + 5 + rounded(length as f64 * dice.unit()));
            }
        }
        for at in talks {
            let meeting = self.meetings.len();
            self.meetings.push((index, meeting));
            self.plan(at, Event::Meet(meeting));
        }
    }

    pub(super) fn plan_care(&mut self, index: usize) {
        let mut dice = Dice::of(self.seed, "care", index);
        let from = self.accounts[index].owned_from().max(self.span.open);
        let first = self
            .span
            .days
            .later(from, self.usual_care(index) * dice.unit());
        self.plan(first.max(from + 15), Event::Care(index));
    }

    fn usual_care(&self, index: usize) -> f64 {
        match self.accounts[index].segment {
            Segment::Project => 110.0,
            Segment::Repeat => 75.0,
            Segment::Distributor => 58.0,
        }
    }

    pub(super) async fn meet(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let (deal, _) = self.meetings[index];
        let account = self.deals[deal].account;
        let (owner, holder) = (
            self.deal_records[deal].owner,
            self.account_records[account].owner,
        );
        let (Some(rep), true) = (owner, owner == holder) else {
            return Ok(());
        };
        let mut dice = Dice::of(self.seed, "talk", index);
        let caller = self.rep(rep)?;
        let words = *dice.pick(&ABOUT_DEALS);
        let deal = self.deal_records[deal].id;
        self.talk(unit, at, &caller, account, Some(deal), words, &mut dice)
            .await
    }

    pub(super) async fn care(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let mut dice = Dice::of(self.seed ^ at.unsigned_abs(), "visit", index);
        let Some(rep) = self.account_records[index].owner else {
            return Ok(());
        };
        let caller = if self.account_records[index].active && dice.chance(0.1) {
            self.one_of(&SUCCESS, index)?
        } else {
            self.rep(rep)?
        };
        let words = *dice.pick(&ABOUT_CARE);
        self.talk(unit, at, &caller, index, None, words, &mut dice)
            .await?;
        if dice.chance(0.04) {
            let fields = row! {
                "account_id": self.account_records[index].id,
                "body": *dice.pick(&NOTES),
            };
            let acting = self.act(unit, &caller, at);
            create_in(&acting, &caller, &private_note::RESOURCE, &fields).await?;
        }
        let quiet = if self.accounts[index].sinking(at) {
            2.2
        } else {
            1.0
        };
        let wait = self.usual_care(index) * quiet * dice.factor(0.4);
        let next = self.span.days.later(at, wait).max(at + 60);
        self.plan(next, Event::Care(index));
        Ok(())
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "who talks with whom, when, and about what"
    )]
    async fn talk(
        &self,
        unit: &Unit,
        at: Stamp,
        caller: &Caller,
        account: usize,
        deal: Option<i64>,
        words: &str,
        dice: &mut Dice,
    ) -> Result<()> {
        let acting = self.act(unit, caller, at);
        let (kind, answers) = dice.choose(&CONTACTS);
        let of = &self.accounts[account];
        let (latitude, longitude) = of.place.1;
        let visit = kind == "visit" && dice.chance(0.88);
        let check_in = visit.then(|| CheckIn {
            at: None,
            latitude: latitude + dice.whole(-90_000, 90_000),
            longitude: longitude + dice.whole(-90_000, 90_000),
            accuracy_metres: dice.whole(5, 60),
            place: Some(format!("{}{}", of.city, super::selling::short(&of.name))),
        });
        let answers = if of.sinking(at) {
            answers * 0.6
        } else {
            answers
        };
        let next = dice.chance(0.35).then(|| {
            let later = self
                .span
                .days
                .around(super::days::days_after(acting.today(), dice.whole(2, 12)))
                .0;
            self.morning(later, dice.whole(9 * 60, 17 * 60) / 30 * 30)
        });
        let known = &self.account_records[account];
        let input = NewInteraction {
            account_id: known.id,
            opportunity_id: deal,
            contact_id: met(&known.contacts, acting.today()),
            kind: kind.to_owned(),
            at: None,
            content: words.to_owned(),
            two_way: dice.chance(answers),
            check_in,
            next_step: next.map(|_| "再次联系，确认进展".to_owned()),
            next_at: next,
        };
        register(&acting, caller, input).await?;
        Ok(())
    }

    /// Plans what the reps have to do: some of it in the weeks past, most of it about the last day.
    pub(super) fn plan_todos(&mut self) {
        let mut dice = Dice::new(self.seed, "todos");
        let last = self.span.close;
        for rep in 0..self.reps.len() {
            if self.reps[rep].until.is_some() {
                continue;
            }
            let theirs: Vec<usize> = (0..self.accounts.len())
                .filter(|account| self.accounts[*account].owner(last) == rep)
                .filter(|account| self.accounts[*account].owned_from() < last - 30 * MINUTES)
                .collect();
            if theirs.is_empty() {
                continue;
            }
            for place in 0..18 {
                let open = place < 7;
                let due = if open {
                    last + dice.whole(-2 * MINUTES, 6 * MINUTES)
                } else {
                    last - dice.whole(2 * MINUTES, 90 * MINUTES)
                };
                let made = (due - dice.whole(2 * MINUTES, 6 * MINUTES)).min(last - 20);
                let done = (!open).then(|| made.max(due - dice.whole(-200, MINUTES)) + 30);
                self.notes.push(Note {
                    rep,
                    account: *dice.pick(&theirs),
                    title: dice.pick::<&str>(&TODOS),
                    due,
                    done,
                    id: 0,
                });
                self.plan(made.max(self.span.open), Event::Note(self.notes.len() - 1));
            }
        }
    }

    pub(super) async fn note(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let note = &self.notes[index];
        if self.account_records[note.account].owner != Some(note.rep) {
            return Ok(());
        }
        let caller = self.rep(note.rep)?;
        let acting = self.act(unit, &caller, at);
        let fields = row! {
            "title": note.title,
            "due_at": self.moment(note.due).to_rfc3339(),
            "account_id": self.account_records[note.account].id,
        };
        let done = note.done;
        let made = create_in(&acting, &caller, &todo::RESOURCE, &fields).await?;
        self.notes[index].id = id_of(&made);
        if let Some(done) = done {
            self.plan(done.max(at + 5), Event::Done(index));
        }
        Ok(())
    }

    pub(super) async fn done(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let caller = self.rep(self.notes[index].rep)?;
        let acting = self.act(unit, &caller, at);
        let result = Some("已完成".to_owned());
        complete(&acting, &caller, self.notes[index].id, result).await?;
        Ok(())
    }

    /// What somebody who left had to do is for their successors.
    pub(super) fn hand_notes(&mut self, rep: usize, to: &BTreeMap<(&str, i64), usize>) {
        for note in self.notes.iter_mut().filter(|note| note.rep == rep) {
            if let Some(successor) = to.get(&("todo", note.id)) {
                note.rep = *successor;
            }
        }
    }

    /// Keeps a file with a record.
    pub(super) async fn attach(
        &self,
        unit: &Unit,
        caller: &Caller,
        (entity, record_id): (&str, i64),
        kind: &str,
        text: String,
    ) -> Result<()> {
        let name = if kind == "requirements" {
            "采购需求说明.txt"
        } else {
            "销售合同签字件.txt"
        };
        let pieces = stream::iter([Ok::<_, OperationsError>(Bytes::from(text))]);
        let stored = self.files.take_in(name, MOST_BYTES, pieces).await?;
        let input = NewAttachment {
            entity: entity.to_owned(),
            record_id,
            kind: kind.to_owned(),
            file_name: name.to_owned(),
        };
        attach(unit, caller, input, stored).await?;
        Ok(())
    }
}

/// Who of an account is met on a day: the first contact, and every third day the others in turn.
fn met(contacts: &[i64], day: NaiveDate) -> Option<i64> {
    let day = usize::try_from(day.num_days_from_ce()).unwrap_or(0);
    let place = if day.is_multiple_of(3) {
        day / 3 % contacts.len().max(1)
    } else {
        0
    };
    contacts.get(place).copied()
}
