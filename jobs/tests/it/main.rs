//! The pipeline over small lakes: raw rows in, marts out.

mod deals;
mod orders;
mod quotes;
mod records;
mod support;
