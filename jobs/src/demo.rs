//! A believable manufacturer of industrial valves and fittings, as source files.
//!
//! Twenty reps in four regional teams work deals through the six stages, with the year's rhythm,
//! with reps and regions that differ, and with one story: half way the south (华南) learns to work
//! faster, and its mean cycle falls from about 47 to about 33 days. The files and their mapping
//! go the ordinary way of ingest. The same options give the same bytes.

mod catalog;
mod company;
mod days;
mod deals;
mod files;
mod names;
mod orders;
mod pipeline;
mod quotes;
mod random;
mod service;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use chrono::{Datelike, Months, NaiveDate};

use millrace_models::calendar::WorkingCalendar;

use catalog::PRODUCTS;
use company::Span;
use days::{Days, days_after};

/// What the demo is to be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoOptions {
    /// How many accounts; each brings about five deals a year.
    pub accounts: usize,
    /// How many months, the one of `until` included.
    pub months: u32,
    /// The day on which the demo is looked at: its records end on the evening before, so that
    /// nothing lies in the future of somebody who looks in the morning.
    pub until: NaiveDate,
    /// The same seed and the same day give the same records.
    pub seed: u64,
}

/// Writes the demo's files and `mapping.toml` into a folder; returns the path of the mapping.
///
/// Times are in Asia/Shanghai and within working hours, amounts in yuan. Deals, quotes, payments
/// and tickets that are under way on the last day are open; only what is planned (due dates,
/// validities, promises) lies after it.
///
/// # Errors
///
/// Options out of range, and a folder that cannot be written.
pub fn generate(dir: &Path, options: &DemoOptions) -> anyhow::Result<PathBuf> {
    let DemoOptions {
        accounts,
        months,
        until,
        seed,
    } = *options;
    ensure!(
        (1..=1_000_000).contains(&accounts),
        "accounts is {accounts}, must be 1 to 1000000"
    );
    ensure!(
        (1..=240).contains(&months),
        "months is {months}, must be 1 to 240"
    );
    let span = span(months, until)
        .with_context(|| format!("the end date {until} is out of the calendar's range"))?;
    let reps = company::reps(seed, &span);
    let accounts = company::accounts(seed, accounts, &span, &reps);
    let deals = deals::deals(seed, &span, &accounts, &reps);
    let books = orders::books(seed, &span, &deals, &accounts);
    let (opportunities, changes) = pipeline::rows(seed, &span, &deals, &accounts, &reps);
    let products = PRODUCTS
        .iter()
        .map(|(id, name, series, price, material)| {
            [*id, name, series, &format!("{price}.00"), material]
                .map(str::to_string)
                .to_vec()
        })
        .collect();
    files::write(
        dir,
        [
            company::account_rows(&span, &accounts, &reps, &books.last_order),
            company::user_rows(&reps),
            products,
            opportunities,
            changes,
            quotes::rows(seed, &span, &deals, &accounts, &reps),
            books.contracts,
            books.orders,
            books.plans,
            books.receipts,
            service::interactions(seed, &span, &deals, &accounts, &reps),
            service::tickets(seed, &span, &accounts),
            books.deliveries,
        ],
    )
}

/// The stretch of time: whole months up to the one of `until`, the last one up to that day.
fn span(months: u32, until: NaiveDate) -> Option<Span> {
    let start = until
        .with_day(1)?
        .checked_sub_months(Months::new(months - 1))?;
    let first = days_after(start, -800);
    let last = days_after(until, 1200);
    let days = Days::new(first, last, |date| {
        WorkingCalendar::statutory_exception(date)
            .unwrap_or(date.weekday().number_from_monday() < 6)
    });
    let (open, close) = (days.start_of(start), days.start_of(until));
    let middle = days_after(start, (until - start).num_days() / 2);
    let change = days.start_of(middle);
    Some(Span {
        start,
        end: until,
        days,
        open,
        change,
        close,
    })
}
