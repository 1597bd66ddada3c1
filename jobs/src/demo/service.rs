//! Tickets: what customers ask for, who answers, how long it takes, how satisfied they are.

use std::sync::Arc;

use millrace_operations::entity::ticket;
use millrace_operations::resources::create_in;
use millrace_operations::service::ticket as tickets;
use millrace_operations::{Caller, Result, Unit};

use super::catalog::{PRODUCTS, SEVERITIES, TICKET_KINDS};
use super::customers::{id_of, row};
use super::days::{MINUTES, Stamp};
use super::firm::{Event, Firm};
use super::people::SUCCESS;
use super::random::{Dice, index_of, rounded};

/// Customers that complain at the end.
const COMPLAINTS: usize = 8;

/// The tickets of the firm.
#[derive(Debug, Default)]
pub(super) struct Desk {
    tickets: Vec<Ticket>,
}

/// What comes next with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Take,
    Respond,
    Pause,
    Resume,
    Resolve,
    Close,
}

#[derive(Debug)]
struct Ticket {
    account: usize,
    kind: &'static str,
    severity: &'static str,
    id: i64,
    /// Whether customer success asks for the customer, not the rep.
    by_success: bool,
    /// Who asked.
    asker: Option<Arc<Caller>>,
    stars: Option<i64>,
    /// What is to come, the last first.
    steps: Vec<(Stamp, Step)>,
}

impl Firm {
    /// Plans the tickets of an account.
    pub(super) fn plan_tickets(&mut self, index: usize) {
        let mut dice = Dice::of(self.seed, "tickets", index);
        let account = &self.accounts[index];
        let usual = 420.0 / account.weight.clamp(0.5, 3.0);
        let from = account.owned_from().max(self.span.open);
        let sinks = account.sinks;
        let mut at = self.span.days.later(from, usual * dice.unit() * 1.5);
        while self.span.seen(at) {
            let trouble = sinks.is_some_and(|from| at > from - 60 * MINUTES);
            let ticket = self.new_ticket(&mut dice, index, at, trouble);
            self.plan(at, Event::Ticket(ticket));
            let near = sinks.is_some_and(|from| (at - from).abs() < 90 * MINUTES);
            let wait = usual * dice.factor(0.8) / if near { 2.5 } else { 1.0 };
            at = self.span.days.later(at, wait).max(at + 60);
        }
    }

    /// Some of the largest customers complain at the end, and are not answered yet: their scores fall.
    pub(super) fn plan_complaints(&mut self) {
        let mut largest: Vec<usize> = (0..self.accounts.len()).collect();
        largest.retain(|index| self.accounts[*index].sinks.is_none());
        largest.sort_by(|left, right| {
            let weight = |index: &usize| self.accounts[*index].weight;
            weight(right).total_cmp(&weight(left))
        });
        for (place, account) in largest.into_iter().take(COMPLAINTS).enumerate() {
            let later = |days: f64| self.span.days.later(self.span.close, days);
            let (at, solved) = (later(-2.0 - place as f64), later(10.0));
            if at < self.accounts[account].owned_from() {
                continue;
            }
            let steps = vec![
                (solved, Step::Resolve),
                (at + 90, Step::Respond),
                (at + 30, Step::Take),
            ];
            self.desk.tickets.push(Ticket {
                account,
                kind: "客户投诉",
                severity: "high",
                id: 0,
                by_success: true,
                asker: None,
                stars: None,
                steps,
            });
            self.plan(at, Event::Ticket(self.desk.tickets.len() - 1));
        }
    }

    fn new_ticket(&mut self, dice: &mut Dice, account: usize, at: Stamp, trouble: bool) -> usize {
        let kind = if trouble && dice.chance(0.3) {
            "质量投诉"
        } else {
            dice.choose(&TICKET_KINDS)
        };
        let (severity, hours) = dice.choose(&SEVERITIES);
        let allowed = hours * 60;
        let taken = at + rounded((allowed as f64 * 0.06 * dice.factor(0.6)).max(2.0));
        let response = taken + rounded((allowed as f64 * 0.08 * dice.factor(0.7)).max(2.0));
        let effort = if trouble { 0.72 } else { 0.54 };
        let solved = at + rounded(allowed as f64 * effort * dice.factor(0.62));
        let mut solved = solved.max(response + 12);
        let late = solved > at + allowed;
        let mut steps = vec![(taken, Step::Take), (response, Step::Respond)];
        if dice.chance(0.18) {
            // Waiting for the customer does not count.
            let begin = response + (solved - response) / 3;
            let rest = dice.whole(60, 3 * MINUTES);
            steps.push((begin, Step::Pause));
            steps.push((begin + rest, Step::Resume));
            solved += rest;
        }
        steps.push((solved, Step::Resolve));
        steps.push((solved + dice.whole(120, 3 * MINUTES), Step::Close));
        steps.reverse();
        let liked = if late || trouble {
            [0.1, 0.2, 0.35, 0.25, 0.1]
        } else {
            [0.01, 0.03, 0.12, 0.38, 0.46]
        };
        let stars = i64::try_from(dice.weighted(&liked)).unwrap_or(0) + 1;
        self.desk.tickets.push(Ticket {
            account,
            kind,
            severity,
            id: 0,
            by_success: dice.chance(0.35),
            asker: None,
            stars: dice.chance(0.62).then_some(stars),
            steps,
        });
        self.desk.tickets.len() - 1
    }

    fn asker(&self, index: usize) -> Result<Arc<Caller>> {
        let ticket = &self.desk.tickets[index];
        match self.account_records[ticket.account].owner {
            Some(rep) if !ticket.by_success => self.rep(rep),
            _ => self.one_of(&SUCCESS, ticket.account),
        }
    }

    pub(super) async fn ticket(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let mut dice = Dice::of(self.seed, "ticket", index);
        let account = self.desk.tickets[index].account;
        let caller = self.asker(index)?;
        let acting = self.act(unit, &caller, at);
        let ticket = &self.desk.tickets[index];
        let (_, product, ..) = PRODUCTS[index_of(dice.unit() * 24.0, PRODUCTS.len())];
        let fields = row! {
            "kind": ticket.kind,
            "title": format!("{product} {}", ticket.kind),
            "description": describe(ticket.kind),
            "severity": ticket.severity,
            "account_id": self.account_records[account].id,
        };
        let made = create_in(&acting, &caller, &ticket::RESOURCE, &fields).await?;
        self.desk.tickets[index].id = id_of(&made);
        self.desk.tickets[index].asker = Some(caller);
        self.plan_step(index);
        Ok(())
    }

    fn plan_step(&mut self, index: usize) {
        if let Some((at, _)) = self.desk.tickets[index].steps.last() {
            self.plan(*at, Event::Progress(index));
        }
    }

    pub(super) async fn progress(&mut self, unit: &Unit, at: Stamp, index: usize) -> Result<()> {
        let Some((_, step)) = self.desk.tickets[index].steps.pop() else {
            return Ok(());
        };
        let (id, kind) = (self.desk.tickets[index].id, self.desk.tickets[index].kind);
        let asker = self.desk.tickets[index].asker.clone();
        let asker = asker.filter(|asker| step == Step::Close && !self.has_left(asker, at));
        // Who answers closes it where who asked has left; how satisfied they were is not known then.
        let stars = self.desk.tickets[index].stars.filter(|_| asker.is_some());
        let caller = match asker {
            Some(asker) => asker,
            None => self.engineer(index)?,
        };
        let acting = self.act(unit, &caller, at);
        match step {
            Step::Take => tickets::take(&acting, &caller, id).await?,
            Step::Respond => {
                let said = "已联系客户，正在核实型号和现场工况".to_owned();
                tickets::respond(&acting, &caller, id, said).await?
            }
            Step::Pause => tickets::pause(&acting, &caller, id, "等待客户提供现场照片").await?,
            Step::Resume => tickets::resume(&acting, &caller, id).await?,
            Step::Resolve => {
                tickets::resolve(&acting, &caller, id, solution(kind).to_owned()).await?
            }
            Step::Close => tickets::close(&acting, &caller, id, stars).await?,
        };
        self.plan_step(index);
        Ok(())
    }
}

fn describe(kind: &str) -> &'static str {
    match kind {
        "安装调试" => "现场安装完成，需工程师指导调试",
        "泄漏维修" => "阀杆填料处渗漏，压力升高后加重",
        "备件更换" => "需更换密封件和填料",
        "选型咨询" => "介质含少量颗粒，咨询阀座材质",
        "交期查询" => "客户询问剩余批次的发货时间",
        _ => "到货产品与约定不符，客户要求说明",
    }
}

fn solution(kind: &str) -> &'static str {
    match kind {
        "安装调试" => "远程指导完成调试，动作正常",
        "泄漏维修" => "更换填料并重新紧固，试压合格",
        "备件更换" => "备件已寄出并更换完成",
        "选型咨询" => "建议采用硬密封阀座，已发选型表",
        "交期查询" => "已确认发货日期并通知客户",
        _ => "已补发合格产品并提交整改报告",
    }
}
