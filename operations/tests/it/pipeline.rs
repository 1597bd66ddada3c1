//! A deal on its way: criteria, overrides, ends, ways back, corrections.

use chrono::{DateTime, TimeDelta, Utc};
use millrace_operations::entity::{opportunity, pipeline, stage_change};
use millrace_operations::resources::update;
use millrace_operations::service::contract::{Terms, sign};
use millrace_operations::service::contract_draft::from_quote;
use millrace_operations::service::correction::{Correction, correct};
use millrace_operations::service::criteria::{Criterion, Missing, When};
use millrace_operations::service::ending::{End, end, idle, reopen, shelve_idle};
use millrace_operations::service::interaction::{NewInteraction, register};
use millrace_operations::service::moves::effective;
use millrace_operations::service::pipeline_design::{
    PipelineChange, StageDesign, add_stage, change_stage, configure as configure_pipeline,
    create as create_pipeline, remove_stage,
};
use millrace_operations::service::stage_move::{Move, complete, lacking, move_stage};
use millrace_operations::{Actor, ErrorKind, OperationsError, Rule, Target};
use sea_orm::Set;
use serde_json::json;

use crate::desk::{Desk, field, go, rule, state};
use crate::support::{Home, contract, row, time};

contract! {
    a_deal_goes_its_way_and_is_told_what_is_missing,
    a_manager_overrides_with_a_reason_that_is_kept,
    skipping_and_moving_back_are_governed_by_the_pipeline,
    a_move_has_its_own_time_and_stays_in_order,
    a_lost_deal_has_a_reason,
    the_other_ends_are_ends_of_their_own,
    a_deal_that_comes_back_is_the_same_for_90_days,
    a_deal_that_nothing_moves_is_proposed_as_shelved,
    a_correction_is_a_record_of_its_own,
    two_who_move_one_deal_do_not_overwrite_each_other,
    a_pipeline_is_what_the_administrator_makes_it,
}

async fn a_deal_goes_its_way_and_is_told_what_is_missing(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    desk.to(&desk.rep, deal, "first_contact").await.unwrap();
    desk.to(&desk.rep, deal, "requirements").await.unwrap();
    let requirements = desk.stage("requirements").await;
    let wanted = Missing {
        stage_id: requirements,
        stage: "requirements".to_owned(),
        when: When::Leave,
        criterion: Criterion::Attachment("requirements".to_owned()),
    };
    let error = desk.to(&desk.rep, deal, "quotation").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        error.to_string(),
        format!(
            "opportunity {deal} lacks an attachment of the kind requirements to leave requirements"
        )
    );
    let OperationsError::Unmet { missing, .. } = error else {
        panic!("not unmet")
    };
    assert_eq!(missing, std::slice::from_ref(&wanted));
    assert_eq!(
        serde_json::to_value(&missing).unwrap(),
        json!([{"stage_id": requirements, "stage": "requirements", "when": "leave", "criterion": {"attachment": "requirements"}}])
    );
    let quotation = desk.stage("quotation").await;
    let asked = go!(desk, &desk.rep, lacking(deal, quotation)).unwrap();
    assert_eq!(asked, [wanted]);
    desk.attach(deal, "photo").await;
    assert!(desk.to(&desk.rep, deal, "quotation").await.is_err());
    desk.attach(deal, "requirements").await;
    desk.to(&desk.rep, deal, "quotation").await.unwrap();

    assert!(matches!(
        desk.to(&desk.rep, deal, "signing").await,
        Err(OperationsError::Unmet { .. })
    ));
    let quote = desk.accepted(deal, desk.one_valve()).await;
    desk.to(&desk.rep, deal, "signing").await.unwrap();
    assert!(matches!(
        desk.to(&desk.rep, deal, "delivery_payment").await,
        Err(OperationsError::Unmet { .. })
    ));
    desk.home.clock.advance(TimeDelta::days(2));
    let made = go!(
        desk,
        &desk.assistant,
        from_quote(quote.id, Terms::default())
    )
    .unwrap();
    assert_eq!(made.owner_id, Some(desk.rep.user_id));
    let today = desk.home.store.calendar().date_of(desk.home.store.now());
    go!(desk, &desk.assistant, sign(made.id, today, None)).unwrap();

    let won = desk.read(deal).await;
    assert_eq!(won.outcome, "won");
    assert_eq!(won.won_at, Some(desk.home.store.now()));
    assert_eq!(won.closed_at, won.won_at);
    assert_eq!(won.stage_id, desk.stage("delivery_payment").await);
    assert_eq!(won.amount, Some(10_000));
    assert_eq!(
        rule(desk.to(&desk.rep, deal, "signing").await),
        Rule::WonOnly
    );
    let done = go!(desk, &desk.rep, complete(deal, None)).unwrap();
    assert_eq!(done.completed_at, Some(desk.home.store.now()));
    assert_eq!(
        state(go!(desk, &desk.rep, complete(deal, None))),
        "completed"
    );
    assert_eq!(
        desk.kinds(deal).await,
        [
            "open", "forward", "forward", "forward", "forward", "forward", "complete"
        ]
    );
    let moves = desk.moves(deal).await;
    assert_eq!(moves[5].by_id, Some(desk.assistant.user_id));
    assert_eq!(moves[5].outcome, "won");
}

async fn a_manager_overrides_with_a_reason_that_is_kept(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    desk.to(&desk.rep, deal, "first_contact").await.unwrap();
    desk.to(&desk.rep, deal, "requirements").await.unwrap();
    let to = Move {
        to_stage_id: desk.stage("quotation").await,
        reason: Some("the customer sends it on Monday".to_owned()),
        override_criteria: true,
        ..Move::default()
    };
    let by_rep = go!(desk, &desk.rep, move_stage(deal, to.clone()));
    assert_eq!(rule(by_rep), Rule::ManagerOnly);
    let blank = Move {
        reason: Some(" ".to_owned()),
        ..to.clone()
    };
    assert_eq!(
        field(go!(desk, &desk.lead, move_stage(deal, blank.clone()))),
        "reason"
    );
    go!(desk, &desk.lead, move_stage(deal, to.clone())).unwrap();
    let last = desk.moves(deal).await.pop().unwrap();
    assert_eq!(last.by_id, Some(desk.lead.user_id));
    assert_eq!(last.reason, to.reason);
    let overridden: Vec<Missing> = serde_json::from_value(last.overridden.unwrap()).unwrap();
    assert_eq!(overridden.len(), 1);
    assert_eq!(
        overridden[0].criterion,
        Criterion::Attachment("requirements".to_owned())
    );
}

async fn configure(desk: &Desk, may_skip: bool, may_move_back: bool) {
    desk.home
        .store
        .write(&Actor::system("test"), async |unit| {
            let read: pipeline::Model = unit.get(1).await?;
            let change = pipeline::ActiveModel {
                may_skip: Set(may_skip),
                may_move_back: Set(may_move_back),
                ..Default::default()
            };
            unit.update(&read, change).await
        })
        .await
        .unwrap();
}

async fn skipping_and_moving_back_are_governed_by_the_pipeline(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let (rep, lead) = (&desk.rep, &desk.lead);
    assert_eq!(
        rule(desk.to(rep, deal, "requirements").await),
        Rule::NoSkipping
    );
    assert_eq!(
        rule(desk.to(lead, deal, "requirements").await),
        Rule::NoSkipping
    );
    assert_eq!(rule(desk.to(rep, deal, "lead").await), Rule::SameStage);
    configure(&desk, true, true).await;
    // Skipping gets around nothing: what is passed over asks too.
    let Err(OperationsError::Unmet { missing, .. }) = desk.to(rep, deal, "signing").await else {
        panic!("not unmet")
    };
    let stages: Vec<&str> = missing.iter().map(|one| one.stage.as_str()).collect();
    assert_eq!(stages, ["requirements", "quotation"]);
    desk.to(rep, deal, "requirements").await.unwrap();
    desk.to(rep, deal, "lead").await.unwrap();
    assert_eq!(desk.kinds(deal).await, ["open", "skip", "back"]);
    configure(&desk, true, false).await;
    desk.to(rep, deal, "requirements").await.unwrap();
    assert_eq!(rule(desk.to(rep, deal, "lead").await), Rule::NoMovingBack);
}

async fn a_move_has_its_own_time_and_stays_in_order(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let opened = desk.home.store.now();
    desk.home.clock.advance(TimeDelta::days(5));
    let to = Move {
        to_stage_id: desk.stage("first_contact").await,
        changed_at: Some(opened + TimeDelta::days(1)),
        ..Move::default()
    };
    for wrong in [TimeDelta::days(6), TimeDelta::seconds(-1)] {
        let to = Move {
            changed_at: Some(opened + wrong),
            ..to.clone()
        };
        assert_eq!(
            field(go!(desk, &desk.rep, move_stage(deal, to.clone()))),
            "changed_at"
        );
    }
    let moved = go!(desk, &desk.rep, move_stage(deal, to.clone())).unwrap();
    assert_eq!(moved.stage_entered_at, opened + TimeDelta::days(1));
    let last = desk.moves(deal).await.pop().unwrap();
    assert_eq!(last.changed_at, opened + TimeDelta::days(1));
    assert_eq!(last.recorded_at, desk.home.store.now());
}

fn lost(reason: &str) -> End {
    End::Lost {
        reason: reason.to_owned(),
        competitor: Some("ABC Valves".to_owned()),
        amount: None,
    }
}

async fn a_lost_deal_has_a_reason(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    desk.sent(deal, desk.one_valve()).await;
    assert_eq!(
        field(go!(desk, &desk.rep, end(deal, lost(" "), None))),
        "lost_reason"
    );
    let ended = go!(desk, &desk.rep, end(deal, lost("price"), None)).unwrap();
    assert_eq!(ended.outcome, "lost");
    assert_eq!(ended.closed_at, Some(desk.home.store.now()));
    // The deal took the amount of the quote that was sent for it.
    assert_eq!(ended.lost_amount, Some(10_000));
    assert_eq!(ended.competitor.as_deref(), Some("ABC Valves"));
    let last = desk.moves(deal).await.pop().unwrap();
    assert_eq!(
        (last.kind.as_str(), last.outcome.as_str()),
        ("close", "lost")
    );
    assert_eq!(last.reason.as_deref(), Some("price"));
    assert_eq!(
        state(desk.to(&desk.rep, deal, "first_contact").await),
        "lost"
    );
    assert_eq!(
        state(go!(desk, &desk.rep, end(deal, lost("price"), None))),
        "lost"
    );
}

async fn the_other_ends_are_ends_of_their_own(home: Home) {
    let desk = Desk::open(home).await;
    let (first, second, third) = (desk.deal().await, desk.deal().await, desk.deal().await);
    let rep = &desk.rep;
    let same = |of| End::Duplicate { of };
    assert_eq!(
        rule(go!(desk, rep, end(first, same(first), None))),
        Rule::NotTheOriginal
    );
    assert_eq!(
        field(go!(desk, rep, end(first, same(999), None))),
        "duplicate_of_id"
    );
    let ended = go!(desk, rep, end(second, same(first), None)).unwrap();
    assert_eq!(
        (ended.outcome.as_str(), ended.duplicate_of_id),
        ("duplicate", Some(first))
    );
    assert_eq!(
        rule(go!(desk, rep, end(first, same(second), None))),
        Rule::NotTheOriginal
    );
    let ended = go!(desk, rep, end(third, End::Invalid { reason: None }, None)).unwrap();
    assert_eq!(ended.outcome, "invalid");
    let quote = desk.accepted(first, desk.one_valve()).await;
    let made = go!(
        desk,
        &desk.assistant,
        from_quote(
            quote.id,
            Terms {
                deposit_amount: Some(1_000),
                ..Terms::default()
            }
        )
    )
    .unwrap();
    let today = desk.home.store.calendar().date_of(desk.home.store.now());
    go!(desk, &desk.assistant, sign(made.id, today, None)).unwrap();
    assert_eq!(desk.read(first).await.outcome, "open");
    assert_eq!(
        rule(go!(desk, rep, end(first, lost("price"), None))),
        Rule::HasContract
    );
}

async fn a_deal_that_comes_back_is_the_same_for_90_days(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let rep = &desk.rep;
    let opened_at = desk.read(deal).await.opened_at;
    assert_eq!(state(go!(desk, rep, reopen(deal, None))), "open");
    go!(desk, rep, end(deal, lost("price"), None)).unwrap();
    desk.home.clock.advance(TimeDelta::days(90));
    let again = go!(desk, rep, reopen(deal, Some("they called".to_owned()))).unwrap();
    assert_eq!((again.id, again.outcome.as_str()), (deal, "open"));
    assert_eq!(again.opened_at, opened_at);
    assert_eq!((again.closed_at, again.lost_reason), (None, None));
    go!(desk, rep, end(deal, lost("price"), None)).unwrap();
    desk.home.clock.advance(TimeDelta::days(91));
    let new = go!(desk, rep, reopen(deal, None)).unwrap();
    assert_ne!(new.id, deal);
    assert_eq!(new.continues_id, Some(deal));
    assert_eq!(new.owner_id, Some(rep.user_id));
    assert_eq!(new.opened_at, desk.home.store.now());
    assert_eq!(desk.read(deal).await.outcome, "lost");
    assert_eq!(desk.kinds(deal).await, ["open", "close", "reopen", "close"]);
    assert_eq!(desk.kinds(new.id).await, ["open"]);
}

async fn a_deal_that_nothing_moves_is_proposed_as_shelved(home: Home) {
    let desk = Desk::open(home).await;
    let (still, called) = (desk.deal().await, desk.deal().await);
    let proposed = async || -> Vec<i64> {
        let deals = idle(&desk.home.store, &desk.rep, 10).await.unwrap();
        deals.into_iter().map(|deal| deal.id).collect()
    };
    desk.home.clock.advance(TimeDelta::days(59));
    assert!(proposed().await.is_empty());
    let call = NewInteraction {
        account_id: desk.account,
        opportunity_id: Some(called),
        kind: "call".to_owned(),
        content: "they want a quote".to_owned(),
        two_way: true,
        ..NewInteraction::default()
    };
    go!(desk, &desk.rep, register(call.clone())).unwrap();
    desk.home.clock.advance(TimeDelta::days(1));
    assert_eq!(proposed().await, [still]);
    let other = desk.home.user("other", "rep", None).await;
    assert!(idle(&desk.home.store, &other, 10).await.unwrap().is_empty());
    assert_eq!(
        rule(go!(desk, &desk.rep, shelve_idle(called))),
        Rule::MovedSince
    );
    let shelved = go!(desk, &desk.rep, shelve_idle(still)).unwrap();
    assert_eq!(shelved.outcome, "shelved");
    assert!(proposed().await.is_empty());
}

fn correction(changed_at: Option<DateTime<Utc>>, stage_id: Option<i64>) -> Correction {
    Correction {
        stage_id,
        changed_at,
        reason: "a slip".to_owned(),
    }
}

async fn a_correction_is_a_record_of_its_own(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let lead = &desk.lead;
    let opened = desk.home.store.now();
    desk.home.clock.advance(TimeDelta::days(10));
    desk.to(&desk.rep, deal, "first_contact").await.unwrap();
    let recorded = desk.moves(deal).await;
    let (open, first) = (recorded[0].id, recorded[1].id);
    let day = |days| Some(opened + TimeDelta::days(days));
    let by_rep = go!(desk, &desk.rep, correct(first, correction(day(2), None)));
    assert_eq!(rule(by_rep), Rule::ManagerOnly);
    let early = go!(desk, lead, correct(first, correction(day(-1), None)));
    assert_eq!(rule(early), Rule::OutOfOrder);
    let made = go!(desk, lead, correct(first, correction(day(2), None))).unwrap();
    assert_eq!(
        (made.kind.as_str(), made.corrects_id),
        ("correction", Some(first))
    );
    assert_eq!(desk.read(deal).await.stage_entered_at, day(2).unwrap());
    let again = go!(desk, lead, correct(made.id, correction(day(3), None)));
    assert_eq!(rule(again), Rule::CorrectionOfCorrection);
    go!(desk, lead, correct(open, correction(day(-3), None))).unwrap();
    assert_eq!(desk.read(deal).await.opened_at, day(-3).unwrap());
    let stage = desk.stage("requirements").await;
    go!(desk, lead, correct(first, correction(None, Some(stage)))).unwrap();
    assert_eq!(desk.read(deal).await.stage_id, stage);
    // What was recorded first stands as it was.
    let now: Vec<stage_change::Model> = desk.moves(deal).await;
    assert_eq!(now[..2], recorded[..]);
    let come_to: Vec<_> = effective(now)
        .into_iter()
        .map(|change| (change.stage_id, change.changed_at))
        .collect();
    let begin = desk.stage("lead").await;
    assert_eq!(
        come_to,
        [(begin, day(-3).unwrap()), (stage, day(2).unwrap())]
    );
    let before = time("2026-01-01T00:00:00+08:00");
    let to = Move {
        to_stage_id: begin,
        changed_at: Some(before),
        ..Move::default()
    };
    assert_eq!(
        field(go!(desk, lead, move_stage(deal, to.clone()))),
        "changed_at"
    );
}

async fn two_who_move_one_deal_do_not_overwrite_each_other(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let read = desk.read(deal).await.version;
    desk.to(&desk.rep, deal, "first_contact").await.unwrap();
    let to = Move {
        to_stage_id: desk.stage("requirements").await,
        ..Move::default()
    };
    let error = go!(
        desk,
        &desk.lead,
        move_stage(Target::at(deal, read), to.clone())
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stale);
    let moves = (0..8).map(|_| {
        let (store, rep, to) = (desk.home.store.clone(), desk.rep.clone(), to.clone());
        tokio::spawn(async move {
            store
                .write(&rep.actor(), async |unit| {
                    move_stage(&unit, &rep, deal, to.clone()).await
                })
                .await
        })
    });
    let mut won = 0;
    for done in moves.collect::<Vec<_>>() {
        match done.await.unwrap() {
            Ok(_) => won += 1,
            other => assert_eq!(rule(other), Rule::SameStage),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(desk.kinds(deal).await, ["open", "forward", "forward"]);
}

async fn a_pipeline_is_what_the_administrator_makes_it(home: Home) {
    let desk = Desk::open(home).await;
    let root = &desk.home.user("root", "administrator", None).await;
    let names = || ("项目".to_owned(), "Projects".to_owned());
    let by_lead = go!(desk, &desk.lead, create_pipeline(names().0, names().1)).unwrap_err();
    assert_eq!(by_lead.kind(), ErrorKind::Forbidden);
    let made = go!(desk, root, create_pipeline(names().0, names().1)).unwrap();
    let default = PipelineChange {
        default_pipeline: true,
        ..PipelineChange::default()
    };
    let empty = go!(desk, root, configure_pipeline(made.id, default.clone()));
    assert_eq!(field(empty), "default_pipeline");
    let design = |position| StageDesign {
        name_zh: "阶段".to_owned(),
        name_en: "Stage".to_owned(),
        position,
        ..StageDesign::default()
    };
    let wrong = StageDesign {
        exit_criteria: vec![Criterion::Field("colour".to_owned())],
        ..design(1)
    };
    let code = |code: &str| code.to_owned();
    let refused = go!(desk, root, add_stage(made.id, code("idea"), wrong.clone()));
    assert_eq!(field(refused), "exit_criteria");
    let dated = StageDesign {
        exit_criteria: vec![Criterion::Field("expected_close_on".to_owned())],
        ..design(1)
    };
    let first = go!(desk, root, add_stage(made.id, code("idea"), dated.clone())).unwrap();
    let twice = go!(desk, root, add_stage(made.id, code("idea"), dated.clone()));
    assert!(matches!(twice, Err(OperationsError::Taken { .. })));
    let sourced = StageDesign {
        entry_criteria: vec![Criterion::Field("source".to_owned())],
        ..design(2)
    };
    let second = go!(
        desk,
        root,
        add_stage(made.id, code("plan"), sourced.clone())
    )
    .unwrap();
    go!(desk, root, configure_pipeline(made.id, default.clone())).unwrap();

    let deal = desk.deal().await;
    assert_eq!(desk.read(deal).await.stage_id, first.id);
    let Err(OperationsError::Unmet { missing, .. }) = desk.to(&desk.rep, deal, "plan").await else {
        panic!("not unmet")
    };
    let told: Vec<_> = missing
        .into_iter()
        .map(|one| (one.when, one.criterion))
        .collect();
    let wanted = |name: &str| Criterion::Field(name.to_owned());
    assert_eq!(
        told,
        [
            (When::Leave, wanted("expected_close_on")),
            (When::Enter, wanted("source"))
        ]
    );
    let filled = row! {"expected_close_on": "2026-06-30", "source": "fair"};
    update(
        &desk.home.store,
        &desk.rep,
        &opportunity::RESOURCE,
        deal,
        1,
        &filled,
    )
    .await
    .unwrap();
    desk.to(&desk.rep, deal, "plan").await.unwrap();
    assert_eq!(
        rule(desk.to(&desk.rep, deal, "lead").await),
        Rule::OtherPipeline
    );
    assert_eq!(rule(go!(desk, root, remove_stage(second.id))), Rule::InUse);
    let won = StageDesign {
        after_winning: true,
        ..design(2)
    };
    assert_eq!(
        rule(go!(desk, root, change_stage(second.id, won.clone()))),
        Rule::InUse
    );
    go!(desk, root, remove_stage(first.id)).unwrap();
    let changed = go!(desk, root, change_stage(second.id, design(1))).unwrap();
    assert_eq!((changed.position, changed.code.as_str()), (1, "plan"));
}
