//! The routes of what is done with records beside what all of them share.

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
use crate::{
    accounts, attachments, closes, contracts, handovers, interactions, money, opportunities,
    orders, overview, pipelines, quotes, schedules, stage_changes, subscriptions, targets, tickets,
    todos, users,
};

/// All actions, by the resource that they are on.
pub(super) fn actions() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(accounts::release::release))
        .routes(routes!(accounts::assign::assign))
        .routes(routes!(accounts::request::request))
        .routes(routes!(accounts::countdowns::countdowns))
        .routes(routes!(accounts::prefill::prefill))
        .routes(routes!(accounts::timeline::timeline))
        .routes(routes!(opportunities::claim::claim))
        .routes(routes!(opportunities::release::release))
        .routes(routes!(opportunities::assign::assign))
        .routes(routes!(opportunities::advance::advance))
        .routes(routes!(opportunities::missing::missing))
        .routes(routes!(opportunities::end::end))
        .routes(routes!(opportunities::reopen::reopen))
        .routes(routes!(opportunities::complete::complete))
        .routes(routes!(opportunities::shelve_idle::shelve_idle))
        .routes(routes!(opportunities::idle::idle))
        .routes(routes!(opportunities::timeline::timeline))
        .routes(routes!(opportunities::board::board))
        .routes(routes!(stage_changes::correct::correct))
        .routes(routes!(quotes::create::create))
        .routes(routes!(quotes::price::price))
        .routes(routes!(quotes::rewrite::rewrite))
        .routes(routes!(quotes::revise::revise))
        .routes(routes!(quotes::alternative::alternative))
        .routes(routes!(quotes::request_approval::request_approval))
        .routes(routes!(quotes::approval::approval))
        .routes(routes!(quotes::send::send))
        .routes(routes!(quotes::decide::decide))
        .routes(routes!(quotes::withdraw::withdraw))
        .routes(routes!(quotes::lines::lines))
        .routes(routes!(interactions::create::create))
        .routes(routes!(
            interactions::reword::reword,
            interactions::remove::remove
        ))
        .routes(routes!(tickets::take::take))
        .routes(routes!(tickets::assign::assign))
        .routes(routes!(tickets::respond::respond))
        .routes(routes!(tickets::pause::pause))
        .routes(routes!(tickets::resume::resume))
        .routes(routes!(tickets::resolve::resolve))
        .routes(routes!(tickets::close::close))
        .routes(routes!(tickets::cancel::cancel))
        .routes(routes!(tickets::reopen::reopen))
        .routes(routes!(todos::complete::complete))
        .routes(routes!(todos::snooze::snooze))
        .routes(routes!(todos::reassign::reassign))
        .routes(routes!(todos::cancel::cancel))
        .routes(routes!(contracts::create::create))
        .routes(routes!(contracts::from_quote::from_quote))
        .routes(routes!(contracts::call_offs::call_off))
        .routes(routes!(contracts::sign::sign))
        .routes(routes!(contracts::deposit::deposit))
        .routes(routes!(contracts::close::close))
        .routes(routes!(contracts::instalments::plan))
        .routes(routes!(contracts::events::happened))
        .routes(routes!(money::write_off::write_off))
        .routes(routes!(money::request_payment::request_payment))
        .routes(routes!(money::send_request::send_request))
        .routes(routes!(money::cancel_request::cancel_request))
        .routes(routes!(money::apply_for_invoice::apply_for_invoice))
        .routes(routes!(money::issue_invoice::issue_invoice))
        .routes(routes!(money::reject_invoice::reject_invoice))
        .routes(routes!(money::void_invoice::void_invoice))
        .routes(routes!(money::receive::receive))
        .routes(routes!(money::allocate::allocate))
        .routes(routes!(money::remove_receipt::remove_receipt))
        .routes(routes!(money::take_back::take_back))
        .routes(routes!(orders::create::create))
        .routes(routes!(orders::status::set_status))
        .routes(routes!(attachments::content::content))
        .routes(routes!(attachments::remove::remove))
        .routes(routes!(handovers::preview::preview))
        .routes(routes!(handovers::create::create))
        .routes(routes!(closes::create::create))
        .routes(routes!(closes::reopen::reopen))
        .routes(routes!(users::create::create))
        .routes(routes!(users::change::change))
        .routes(routes!(users::disable::disable))
        .routes(routes!(users::enable::enable))
        .routes(routes!(users::reset_password::reset_password))
        .routes(routes!(users::me::me))
        .routes(routes!(pipelines::create::create))
        .routes(routes!(pipelines::change::change))
        .routes(routes!(pipelines::stages::arrange))
        .routes(routes!(targets::template::template))
        .routes(routes!(overview::hints::hints))
        .routes(routes!(overview::search::search))
        .routes(routes!(overview::today::today))
        .merge(by_itself())
        .merge(uploads())
        .merge(sheets())
}

/// What is done and sent by itself.
fn by_itself() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(schedules::overview::overview))
        .routes(routes!(schedules::preview::preview))
        .routes(routes!(schedules::run::run))
        .routes(routes!(schedules::cancel::cancel))
        .routes(routes!(schedules::log::log))
        .routes(routes!(subscriptions::preview::preview))
        .routes(routes!(subscriptions::send::send))
        .routes(routes!(subscriptions::leave::leave))
        .routes(routes!(subscriptions::again::again))
}

/// What takes a sheet.
fn sheets() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(targets::import::import))
        .layer(DefaultBodyLimit::max(targets::import::SHEET_BYTES))
}

/// What takes more than a body of JSON; it counts the bytes itself.
fn uploads() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(attachments::create::create))
        .layer(DefaultBodyLimit::disable())
}
