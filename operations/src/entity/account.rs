//! A customer (客户), owned or in the pool (客户公海).

use crate::record::record;

/// How an account can stand.
pub const STATUSES: &[&str] = &["prospect", "active", "dormant", "lost", "blocked"];
/// Whether somebody owns an account.
pub const POOL_STATES: &[&str] = &["owned", "pooled"];

record! {
    /// A customer (客户), owned or in the pool (客户公海).
    "account" in "accounts", number "ACC", seen by [Owner("owner_id"), Team("team_id"), Unowned("owner_id")];
    /// The human number.
    number: String => computed, length(40), filter, sort, search;
    /// The name of the company.
    name: String => required, length(200), sort, search;
    /// The name without blanks, punctuation, legal form and case, to find duplicates by.
    normalised_name: String => computed, length(200), filter, search;
    /// The unified social credit code (统一社会信用代码), kept without blanks and in capitals.
    credit_code: Option<String> => length(40), filter, search;
    /// The company that it belongs to.
    parent_id: Option<i64> => reference("account");
    /// The region.
    region: Option<String> => length(100), filter;
    /// The industry.
    industry: Option<String> => length(100), filter;
    /// The size.
    size: Option<String> => length(100), filter;
    /// The segment.
    segment: Option<String> => length(100), filter;
    /// The level that its pool rules go by.
    level: Option<String> => length(40), filter;
    /// Where it came from.
    source: Option<String> => length(100), filter;
    /// How it stands.
    status: String => choice(STATUSES);
    /// Whether somebody owns it.
    pool_state: String => computed, choice(POOL_STATES);
    /// The owner.
    owner_id: Option<i64> => computed, reference("user");
    /// The team: that of the owner, or the one it is routed to while in the pool.
    team_id: Option<i64> => computed, reference("team");
    /// Who looks after the customer, whoever sells to it.
    success_manager_id: Option<i64> => computed, reference("user");
    /// When the owner got it.
    claimed_at: Option<DateTime<Utc>> => computed, filter;
    /// When it entered the pool.
    pooled_at: Option<DateTime<Utc>> => computed, filter;
    /// The owner before it entered the pool.
    previous_owner_id: Option<i64> => computed, reference("user");
    /// Until when it is not released, as after an import.
    protected_until: Option<DateTime<Utc>> => computed, filter;
    /// When the owner was last warned that it returns to the pool.
    pool_warned_at: Option<DateTime<Utc>> => computed, filter;
    /// When the customer was first known.
    created_at: DateTime<Utc> => computed, filter;
    /// The telephone number.
    phone: Option<String> => phone, search;
    /// The address.
    address: Option<String> => length(400), contact_detail;
    /// Where goods are delivered to.
    delivery_address: Option<String> => length(400), contact_detail;
    /// The web site.
    website: Option<String> => length(200), contact_detail;
    /// Days of credit.
    credit_days: Option<i64> => between(0, 3_650);
    /// Anything else, as read from a source.
    attributes: Json => computed;
}
