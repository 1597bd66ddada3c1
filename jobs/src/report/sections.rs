//! The parts of a report, each from the answers that it lives on.

mod causes;
mod conclusions;
mod definitions;
mod figures;
mod health;
mod payments;
mod people;
mod pipeline;
mod quotes;
mod records;
mod results;
mod service;

use super::MonthlyReportError;
use super::document::{Section, Sentence, Table};
use super::maker::Maker;

/// What the month was, in sentences.
pub(super) fn conclusions(maker: &Maker<'_>) -> Vec<Sentence> {
    conclusions::sentences(maker)
}

/// The numbers of the first page.
pub(super) fn figures(maker: &Maker<'_>) -> Table {
    figures::table(maker)
}

/// All parts that there is anything to tell in.
pub(super) fn all(
    maker: &Maker<'_>,
    versions: &[(String, i64)],
) -> Result<Vec<Section>, MonthlyReportError> {
    let sections = [
        results::section(maker)?,
        pipeline::section(maker)?,
        pipeline::dwell(maker)?,
        quotes::section(maker)?,
        people::section(maker),
        payments::section(maker)?,
        service::section(maker)?,
        health::section(maker)?,
        causes::section(maker)?,
        records::section(maker),
        Some(definitions::section(maker, versions)),
    ];
    Ok(sections.into_iter().flatten().collect())
}
