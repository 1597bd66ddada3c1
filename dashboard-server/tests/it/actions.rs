//! Every action over HTTP: what it answers, what it refuses, and that it tells outsiders nothing.

mod administration;
mod desk;
mod office;
mod outsiders;
mod pages;
mod pool;
mod selling;
