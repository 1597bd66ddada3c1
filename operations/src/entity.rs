//! The records: one file each. See [`crate::record`] for what they have in common.

pub mod account;
pub mod account_tag;
pub mod attachment;
pub mod contact;
pub mod contract;
pub mod delivery;
pub mod dispatch;
pub mod handover;
pub mod interaction;
pub mod invoice_application;
pub mod month_close;
pub mod opportunity;
pub mod order;
pub mod order_line;
pub mod payment_plan;
pub mod payment_request;
pub mod pipeline;
pub mod pool_move;
pub mod price_list;
pub mod price_list_item;
pub mod private_note;
pub mod product;
pub mod quote;
pub mod quote_line;
pub mod receipt;
pub mod receipt_allocation;
pub mod role;
pub mod routing_rule;
pub mod schedule;
pub mod schedule_run;
pub mod setting;
pub mod stage;
pub mod stage_change;
pub mod subscription;
pub mod tag;
pub mod target;
pub mod team;
pub mod ticket;
pub mod todo;
pub mod user;

use crate::resource::Resource;

/// All resources, those that others refer to first.
pub static RESOURCES: &[&Resource] = &[
    &user::RESOURCE,
    &team::RESOURCE,
    &role::RESOURCE,
    &account::RESOURCE,
    &tag::RESOURCE,
    &account_tag::RESOURCE,
    &contact::RESOURCE,
    &product::RESOURCE,
    &price_list::RESOURCE,
    &price_list_item::RESOURCE,
    &pipeline::RESOURCE,
    &stage::RESOURCE,
    &opportunity::RESOURCE,
    &stage_change::RESOURCE,
    &quote::RESOURCE,
    &quote_line::RESOURCE,
    &contract::RESOURCE,
    &order::RESOURCE,
    &order_line::RESOURCE,
    &payment_plan::RESOURCE,
    &payment_request::RESOURCE,
    &invoice_application::RESOURCE,
    &receipt::RESOURCE,
    &receipt_allocation::RESOURCE,
    &interaction::RESOURCE,
    &private_note::RESOURCE,
    &ticket::RESOURCE,
    &todo::RESOURCE,
    &delivery::RESOURCE,
    &attachment::RESOURCE,
    &pool_move::RESOURCE,
    &setting::RESOURCE,
    &routing_rule::RESOURCE,
    &handover::RESOURCE,
    &month_close::RESOURCE,
    &target::RESOURCE,
    &schedule::RESOURCE,
    &schedule_run::RESOURCE,
    &subscription::RESOURCE,
    &dispatch::RESOURCE,
];

/// The resource of that name.
pub fn resource(name: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .copied()
        .find(|resource| resource.name == name)
}
