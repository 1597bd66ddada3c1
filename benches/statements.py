"""What the server asks of its database for each kind of request of `benches/load.rs`.

Taken from the log of a PostgreSQL under the server. A statement is a text with named parameters;
`SAVE` behind it keeps columns of its row for those that follow. Two things are simpler than in the
server, in favour of the bare loops: entries of the change log and kept answers are texts of the right
length, made once, and who asks is always the person whose record it is.
"""

import json
from dataclasses import dataclass, field

USERS = "id username name email phone team_id manager_id role_id region language enabled on_leave_until left_on recorded_at updated_at deleted_at version".split()
ACCOUNTS = (
    "id number name normalised_name credit_code parent_id region industry size segment level source status pool_state owner_id team_id claimed_at "
    "pooled_at previous_owner_id protected_until pool_warned_at created_at phone address delivery_address website credit_days attributes recorded_at "
    "updated_at deleted_at version"
).split()
DEALS = (
    "id number name account_id contact_id product_id owner_id team_id pipeline_id stage_id stage_entered_at outcome opened_at won_at closed_at "
    "completed_at last_moved_at expected_close_on lost_amount competitor lost_reason source requirements delivery_address continues_id duplicate_of_id "
    "attributes currency original_amount rate rate_on tax_rate amount amount_without_tax recorded_at updated_at deleted_at version"
).split()
NOW = "2026-11-25T10:13:24.265910+00:00"
BEFORE = json.dumps({name: "2026-11-25T10:13" for name in DEALS}, ensure_ascii=False)
GRAMS = ["-0", "-2", "00", "02", "2", "20", "26", "6-", "ac", "c-", "cc", "新客", "客户", "户1", "号机", "机械", "械有", "有限", "限公", "公司", "司", "1号"]

# How many of a hundred requests are of each kind; as in load.rs.
KINDS = {
    "get_account": 30,
    "get_opportunity": 15,
    "list_accounts": 15,
    "list_opportunities": 20,
    "change_opportunity": 10,
    "change_account": 5,
    "create_account": 5,
}


@dataclass
class Statement:
    """A statement; `save` names the columns of its row that others use, by the names they use."""

    text: str
    save: dict[str, str] = field(default_factory=dict)


def columns(table: str, names: list[str]) -> str:
    """All columns, as the server names them."""
    return ", ".join(f'"{table}"."{name}"' for name in names)


def statements(hash_of_token: str) -> dict[str, list[Statement]]:
    """By kind, in their order; BEGIN and COMMIT stand where the server has them."""
    versions = "(SELECT COALESCE(CAST(SUM(version) AS BIGINT), 0) FROM roles) + (SELECT COALESCE(CAST(SUM(version) AS BIGINT), 0) FROM teams)"
    who = [
        Statement(
            f'SELECT "user_id", "scopes" FROM "api_tokens" WHERE "token_hash" = \'{hash_of_token}\' AND "revoked_at" IS NULL '
            f"AND (\"expires_at\" IS NULL OR \"expires_at\" > '{NOW}')"
        ),
        Statement(f'SELECT {columns("users", USERS)}, {versions} FROM "users" WHERE "users"."id" = :person AND "users"."deleted_at" IS NULL'),
    ]
    people = [
        Statement('SELECT "teams"."id", "teams"."name" FROM "teams" WHERE "teams"."id" IN (1000 + :person % 8)'),
        Statement('SELECT "users"."id", "users"."name" FROM "users" WHERE "users"."id" IN (:person)'),
    ]
    around = [
        Statement('SELECT "id", "name", "number" FROM "accounts" WHERE "id" IN (:account) AND ("owner_id" = :person OR "owner_id" IS NULL)'),
        Statement('SELECT "id", "name_zh", "name_zh" AS "zh", "name_en" FROM "pipelines" WHERE "id" IN (1)'),
        Statement('SELECT "id", "name_zh", "name_zh" AS "zh", "name_en", "code" FROM "stages" WHERE "id" IN (1)'),
        *people,
    ]

    def sight(table: str, own: str) -> str:
        return f'"{table}"."id" = :{own} AND "{table}"."deleted_at" IS NULL AND ("{table}"."owner_id" = :person OR "{table}"."owner_id" IS NULL)'

    def change(table: str, own: str, names: list[str], to: str) -> list[Statement]:
        entity = "opportunity" if own == "deal" else "account"
        return [
            Statement("BEGIN"),
            Statement(f'SELECT "{table}"."id" FROM "{table}" WHERE {sight(table, own)}'),
            Statement(f'SELECT "id" FROM "{table}" WHERE "id" = :{own} AND "deleted_at" IS NULL AND "owner_id" = :person'),
            Statement(f'SELECT {columns(table, names)} FROM "{table}" WHERE "id" = :{own} AND "deleted_at" IS NULL', {"version": "read"}),
            Statement(
                f'UPDATE "{table}" SET {to}, "updated_at" = \'{NOW}\', "version" = :read + 1 WHERE "id" = :{own} AND "version" = :read '
                f'AND "deleted_at" IS NULL RETURNING {", ".join(names)}'
            ),
            entry(entity, f":{own}", "update", f"'{BEFORE}'"),
            Statement("COMMIT"),
        ]

    def entry(entity: str, own: str, op: str, before: str) -> Statement:
        return Statement(
            'INSERT INTO "change_log" ("at", "actor_id", "actor", "request_id", "entity", "record_id", "op", "before", "after") '
            f"VALUES ('{NOW}', :person, 'r', '46442dcbbdfd41dc8e9288b103d13fbd', '{entity}', {own}, '{op}', {before}, '{BEFORE}')"
        )

    grams = ", ".join(f"('account', '{gram}', 0, :made)" for gram in GRAMS)
    create = [
        Statement(
            'INSERT INTO "counters" ("prefix", "year", "last") VALUES (\'ACC\', 2026, 1) ON CONFLICT ("prefix", "year") '
            'DO UPDATE SET "last" = "counters"."last" + 1 RETURNING "last"',
            {"last": "last"},
        ),
        Statement(
            'INSERT INTO "accounts" ("name", "region", "industry", "owner_id", "team_id", "pool_state", "claimed_at", "created_at", '
            '"normalised_name", "recorded_at", "updated_at", "number") VALUES '
            f"('新客户' || CAST(:last AS TEXT) || '号机械有限公司', '华东', '电力', :person, 1000 + :person % 8, 'owned', '{NOW}', '{NOW}', "
            f"'新客户' || CAST(:last AS TEXT) || '号机械', '{NOW}', '{NOW}', 'ACC-2026-' || CAST(:last AS TEXT)) RETURNING \"id\"",
            {"id": "made"},
        ),
        Statement(f'INSERT INTO "search_grams" ("entity", "gram", "sight", "record_id") VALUES {grams} ON CONFLICT DO NOTHING'),
        Statement(
            f'UPDATE "idempotency_keys" SET "status" = 201, "response" = \'{BEFORE}\' WHERE "user_id" = :person AND "key" = \'k\' || CAST(:key AS TEXT)'
        ),
        entry("account", ":made", "insert", "NULL"),
    ]
    key = [
        Statement(f'DELETE FROM "idempotency_keys" WHERE "user_id" = :person AND "key" = \'k\' || CAST(:key AS TEXT) AND "created_at" <= \'2026-11-24\''),
        Statement(
            'INSERT INTO "idempotency_keys" ("user_id", "key", "request_hash", "created_at") '
            f"VALUES (:person, 'k' || CAST(:key AS TEXT), '{hash_of_token}', '{NOW}') ON CONFLICT (\"user_id\", \"key\") DO NOTHING"
        ),
    ]
    mine = '"deleted_at" IS NULL AND "owner_id" = :person'
    return {
        "get_account": [*who, Statement(f'SELECT {columns("accounts", ACCOUNTS)} FROM "accounts" WHERE {sight("accounts", "account")}'), *people],
        "get_opportunity": [*who, Statement(f'SELECT {columns("opportunities", DEALS)} FROM "opportunities" WHERE {sight("opportunities", "deal")}'), *around],
        "list_accounts": [*who, Statement(f'SELECT {columns("accounts", ACCOUNTS)} FROM "accounts" WHERE {mine} ORDER BY "id" DESC LIMIT 21'), *people],
        "list_opportunities": [
            *who,
            Statement(f'SELECT {columns("opportunities", DEALS)} FROM "opportunities" WHERE {mine} AND "outcome" IN (\'open\') ORDER BY "id" DESC LIMIT 21'),
            *around,
        ],
        "change_opportunity": [*who, *change("opportunities", "deal", DEALS, '"expected_close_on" = \'2027-01-02\''), *around],
        "change_account": [*who, *change("accounts", "account", ACCOUNTS, "\"industry\" = '行业'"), *people],
        "create_account": [*who, Statement("BEGIN"), *key, *create, Statement("COMMIT"), *people],
    }


def draw(dice, deals: int, accounts: int, clients: int) -> dict[str, int]:
    """A deal, its account and whose they are."""
    deal = dice.randint(1, deals)
    account = 1 + (deal * 7919) % accounts
    return {"deal": deal, "account": account, "person": 1000 + account % clients, "key": dice.getrandbits(48)}


def pgbench(kind: list[Statement], deals: int, accounts: int, clients: int) -> str:
    """The same as a script of pgbench, writes as the server makes them: SERIALIZABLE."""
    lines = [
        f"\\set deal random(1, {deals})",
        f"\\set account 1 + (:deal * 7919) % {accounts}",
        f"\\set person 1000 + :account % {clients}",
        "\\set key random(1, 9000000000000000)",
    ]
    for statement in kind:
        text = statement.text
        if text == "BEGIN":
            text = "BEGIN ISOLATION LEVEL SERIALIZABLE"
        if statement.save:
            # Only what is kept: pgbench has no nulls.
            (column, name), = statement.save.items()
            if text.startswith("SELECT"):
                text = f'WITH "row" AS ({text}) SELECT "{column}" AS "{name}" FROM "row"'
            else:
                text = text.rsplit(" RETURNING ", 1)[0] + f' RETURNING "{column}" AS "{name}"'
            lines.append(f"{text} \\gset")
        else:
            lines.append(f"{text};")
    return "\n".join(lines) + "\n"
