//! A deal (商机); a lead (线索) is a deal in its first stage.

use crate::record::record;

record! {
    /// A deal (商机); a lead (线索) is a deal in its first stage.
    "opportunity" in "opportunities", number "OPP", seen by [Owner("owner_id"), Team("team_id"), Unowned("owner_id")];
    money;
    /// The human number.
    number: String => computed, length(40), filter, sort, search;
    /// What it is about.
    name: String => required, length(200), sort, search;
    /// The account.
    account_id: i64 => required, reference("account");
    /// The person to talk to.
    contact_id: Option<i64> => reference("contact");
    /// The main product.
    product_id: Option<i64> => reference("product");
    /// The owner; none while a lead waits to be claimed.
    owner_id: Option<i64> => computed, reference("user");
    /// The team of the owner.
    team_id: Option<i64> => computed, reference("team");
    /// The pipeline.
    pipeline_id: i64 => computed, reference("pipeline");
    /// The stage it is in.
    stage_id: i64 => computed, reference("stage");
    /// When it entered the stage.
    stage_entered_at: DateTime<Utc> => computed, filter;
    /// How it stands.
    outcome: String => computed, choice(millrace_models::entity::OUTCOMES);
    /// When it was opened.
    opened_at: DateTime<Utc> => computed, filter;
    /// When it was won: the contract is effective.
    won_at: Option<DateTime<Utc>> => computed, filter;
    /// When it ended.
    closed_at: Option<DateTime<Utc>> => computed, filter;
    /// When the stage after winning ended.
    completed_at: Option<DateTime<Utc>> => computed, filter;
    /// When anything last moved it.
    last_moved_at: DateTime<Utc> => computed, filter;
    /// When it is expected to be won.
    expected_close_on: Option<NaiveDate> => filter;
    /// What was lost, in fen.
    lost_amount: Option<i64> => computed, money;
    /// Who won it instead.
    competitor: Option<String> => computed, length(200), filter;
    /// Why it was lost.
    lost_reason: Option<String> => computed, length(400), filter;
    /// Where it came from.
    source: Option<String> => length(100), filter;
    /// What the customer needs.
    requirements: Option<String> => length(10_000);
    /// Where goods are delivered to.
    delivery_address: Option<String> => length(400), contact_detail;
    /// The deal that it continues, when reopened after more than 90 days.
    continues_id: Option<i64> => computed, reference("opportunity");
    /// The deal that it is a duplicate of.
    duplicate_of_id: Option<i64> => computed, reference("opportunity");
    /// Anything else, as read from a source.
    attributes: Json => computed;
}
