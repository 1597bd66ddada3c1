//! A pipeline: an order of stages.

use crate::record::record;

record! {
    /// A pipeline: an order of stages.
    "pipeline" in "pipelines", open false, seen by [Everybody];
    /// The Chinese name.
    name_zh: String => required, length(100), search;
    /// The English name.
    name_en: String => required, length(100), search;
    /// Whether new opportunities enter this one.
    default_pipeline: bool;
    /// Whether a deal may skip stages.
    may_skip: bool;
    /// Whether a deal may move back.
    may_move_back: bool;
}
