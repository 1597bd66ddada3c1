//! End-to-end tests of the whole: the built `millrace` command on real files, in a data directory
//! of its own. Files that the project does not carry come from a folder beside it
//! (`MILLRACE_TEST_DATA`, default `../shared/data`); where that is absent their tests say that
//! they are skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test may fail loudly too"
)]

mod architecture;
mod backed_up;
mod closes;
mod company;
mod drivers;
mod dwell;
mod external;
mod guide;
mod health;
mod hostile_files;
mod killed;
mod maven;
mod served;
mod together;
mod writers;
