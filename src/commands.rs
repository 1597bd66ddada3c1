//! One file per command: arguments in, one call, the answer out.

pub(crate) mod adjustments;
pub(crate) mod backup;
pub(crate) mod close;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod drill;
pub(crate) mod drivers;
pub(crate) mod forecast;
pub(crate) mod health;
pub(crate) mod ingest;
pub(crate) mod init;
pub(crate) mod metrics;
pub(crate) mod query;
pub(crate) mod report;
pub(crate) mod restore;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod subscription;
pub(crate) mod targets;
pub(crate) mod upkeep;
pub(crate) mod worker;
