"""Take every merged hotline: versioned lines, what became of each call, tickets that belong together."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "6e96f4b5bb83"
down_revision = "16a5334e69d5"


def upgrade() -> None:
    op.create_table(
        "hotline_versions",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_hotline_versions")),
    )
    op.create_table(
        "attachments",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_attachments_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "sha256", name=op.f("pk_attachments")),
    )
    op.create_table(
        "corrections",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "changed",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="By field: what was, what is.",
        ),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_corrections_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "version", name=op.f("pk_corrections")),
    )
    op.create_table(
        "callbacks",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('solved', 'unsolved', 'unreachable')", name=op.f("ck_callbacks_outcome")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_callbacks_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "attempt", name=op.f("pk_callbacks")),
    )
    _make_search()
    op.create_table(
        "linkage_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("partner_number", sa.Text(), nullable=True),
        sa.Column("parties", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("first_received_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_linkage_calls_direction")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_linkage_calls_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linkage_calls")),
    )
    op.create_index(op.f("ix_linkage_calls_ticket_id"), "linkage_calls", ["ticket_id"], unique=False)
    op.create_table(
        "subcentre_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_from", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_subcentre_reports_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subcentre_reports")),
        comment="What a sub-centre reported, never changed; superseded came after a later one.",
    )
    op.create_index(op.f("ix_subcentre_reports_ticket_id"), "subcentre_reports", ["ticket_id"], unique=False)
    _never_changed("linkage_calls", "subcentre_reports", "corrections", "callbacks", "source_calls")
    op.create_table(
        "mass_events",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("callers", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_mass_events_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "rule", name=op.f("pk_mass_events")),
    )
    op.create_table(
        "ticket_links",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "other", sa.Text(), nullable=False, comment="A ticket, or an earlier number not known here."
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('same_call', 'follows')", name=op.f("ck_ticket_links_kind")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_links_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "kind", "other", name=op.f("pk_ticket_links")),
        comment="Tickets that belong together: of one call, or following an earlier one.",
    )
    op.create_index("ix_ticket_links_other", "ticket_links", ["other"], unique=False)
    op.create_table(
        "refusals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "call",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="The call in canonical form, to register it if refusing is denied.",
        ),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "ticket_id",
            sa.Text(),
            nullable=True,
            comment="What the call became when refusing was denied.",
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by", name=op.f("ck_refusals_second_person")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["source_calls.id"], name=op.f("fk_refusals_call_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_refusals_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
        sa.UniqueConstraint("call_id", name=op.f("uq_refusals_call_id")),
    )
    op.create_index(
        "ix_refusals_open",
        "refusals",
        ["proposed_at", "id"],
        unique=False,
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    _version_hotlines()
    op.add_column("source_calls", sa.Column("actor", sa.Text(), nullable=True))
    op.add_column("source_calls", sa.Column("outcome", sa.Text(), nullable=True))
    op.add_column("source_calls", sa.Column("told", sa.Text(), nullable=True))
    op.add_column(
        "source_calls", sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.create_index(
        "ix_source_calls_outcome",
        "source_calls",
        ["outcome", "id"],
        unique=False,
        postgresql_where=sa.text("outcome <> 'ACCEPT'"),
    )
    op.create_index(
        "ix_source_calls_refused",
        "source_calls",
        ["id"],
        unique=False,
        postgresql_where=sa.text("ticket_id IS NULL"),
    )
    op.add_column("tickets", sa.Column("longitude", sa.Double(), nullable=True))
    op.add_column("tickets", sa.Column("latitude", sa.Double(), nullable=True))
    op.add_column("tickets", sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("follows", sa.Text(), nullable=True))
    op.add_column(
        "tickets",
        sa.Column(
            "matter_key",
            sa.Text(),
            nullable=True,
            comment="Category and place: tickets that share it may be one matter.",
        ),
    )
    op.add_column(
        "tickets",
        sa.Column(
            "kept_by",
            sa.Text(),
            nullable=True,
            comment="The department whose sub-centre keeps the calls of its line.",
        ),
    )
    op.add_column("tickets", sa.Column("parent", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("urged", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_index(
        "ix_tickets_matter_key",
        "tickets",
        ["matter_key", "accepted_at"],
        unique=False,
        postgresql_where=sa.text("matter_key IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_parent",
        "tickets",
        ["parent"],
        unique=False,
        postgresql_where=sa.text("parent IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_id_number",
        "tickets",
        [sa.literal_column("(caller ->> 'id_number')"), "accepted_at"],
        unique=False,
        postgresql_where=sa.text("(caller ->> 'id_number') IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_located",
        "tickets",
        ["category", "accepted_at"],
        unique=False,
        postgresql_where=sa.text("longitude IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_phone",
        "tickets",
        [sa.literal_column("(caller ->> 'phone')"), "accepted_at"],
        unique=False,
    )
    op.create_foreign_key(op.f("fk_tickets_parent"), "tickets", "tickets", ["parent"], ["id"])


def downgrade() -> None:
    _refuse_statuses_unknown_before()
    _unmake_search()
    op.execute("DROP TRIGGER never_changed ON source_calls")
    op.drop_table("callbacks")
    op.drop_table("corrections")
    op.drop_constraint(op.f("fk_tickets_parent"), "tickets", type_="foreignkey")
    op.drop_index(
        "ix_tickets_located", table_name="tickets", postgresql_where=sa.text("longitude IS NOT NULL")
    )
    op.drop_index(
        "ix_tickets_id_number",
        table_name="tickets",
        postgresql_where=sa.text("(caller ->> 'id_number') IS NOT NULL"),
    )
    op.drop_index("ix_tickets_phone", table_name="tickets")
    op.drop_index("ix_tickets_parent", table_name="tickets", postgresql_where=sa.text("parent IS NOT NULL"))
    op.drop_index(
        "ix_tickets_matter_key", table_name="tickets", postgresql_where=sa.text("matter_key IS NOT NULL")
    )
    op.drop_column("tickets", "urged")
    op.drop_column("tickets", "parent")
    op.drop_column("tickets", "kept_by")
    op.drop_column("tickets", "matter_key")
    op.drop_column("tickets", "follows")
    op.drop_column("tickets", "occurred_at")
    op.drop_column("tickets", "latitude")
    op.drop_column("tickets", "longitude")
    op.drop_index(
        "ix_source_calls_outcome", table_name="source_calls", postgresql_where=sa.text("outcome <> 'ACCEPT'")
    )
    op.drop_index(
        "ix_source_calls_refused", table_name="source_calls", postgresql_where=sa.text("ticket_id IS NULL")
    )
    op.drop_column("source_calls", "evidence")
    op.drop_column("source_calls", "told")
    op.drop_column("source_calls", "outcome")
    op.drop_column("source_calls", "actor")
    _unversion_hotlines()
    op.drop_index("ix_refusals_open", table_name="refusals", postgresql_where=sa.text("decided_at IS NULL"))
    op.drop_table("refusals")
    op.drop_index("ix_ticket_links_other", table_name="ticket_links")
    op.drop_table("ticket_links")
    op.drop_table("mass_events")
    op.drop_index(op.f("ix_linkage_calls_ticket_id"), table_name="linkage_calls")
    op.drop_index(op.f("ix_subcentre_reports_ticket_id"), table_name="subcentre_reports")
    op.drop_table("subcentre_reports")
    op.drop_table("linkage_calls")
    op.execute("DROP FUNCTION refuse_change()")
    op.drop_table("attachments")
    op.drop_table("hotline_versions")


def _refuse_statuses_unknown_before() -> None:
    op.execute(
        "DO $$ BEGIN IF EXISTS (SELECT FROM tickets WHERE status IN ('joined', 'transferred', 'withdrawn')) "
        "THEN RAISE EXCEPTION 'there are tickets in statuses that were not known before'; END IF; END $$"
    )


def _make_search() -> None:
    op.create_table(
        "ticket_search",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "tokens",
            postgresql.ARRAY(sa.Integer()),
            nullable=False,
            comment="Hashes of days and words, place, kind.",
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_search")),
        comment="What the search looks in first; whatever it finds is checked against the ticket.",
    )
    op.create_index("ix_ticket_search_tokens", "ticket_search", ["tokens"], postgresql_using="gin")
    op.create_table(
        "search_queue",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        comment="Tickets not yet in ticket_search as they are, put here by a trigger on tickets.",
    )
    op.execute(
        "CREATE FUNCTION queue_new_for_search() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO search_queue SELECT id FROM new_tickets; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER queued_when_new AFTER INSERT ON tickets REFERENCING NEW TABLE AS new_tickets "
        "FOR EACH STATEMENT EXECUTE FUNCTION queue_new_for_search()"
    )
    op.execute(
        "CREATE FUNCTION queue_changed_for_search() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO search_queue VALUES (NEW.id); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER queued_when_changed "
        "AFTER UPDATE OF title, text, address, category, division, hotline, caller, department ON tickets "
        "FOR EACH ROW EXECUTE FUNCTION queue_changed_for_search()"
    )
    op.execute("INSERT INTO search_queue SELECT id FROM tickets")
    op.drop_index("ix_tickets_department_accepted_at", table_name="tickets")
    op.create_index(
        "ix_tickets_department_status_accepted_at",
        "tickets",
        ["department", "status", "accepted_at", "id"],
        unique=False,
    )
    op.create_index("ix_tickets_accepted_at", "tickets", ["accepted_at", "id"], unique=False)
    op.create_index("ix_ticket_history_at", "ticket_history", ["at", "ticket_id", "version"], unique=False)


def _unmake_search() -> None:
    op.drop_index("ix_ticket_history_at", table_name="ticket_history")
    op.drop_index("ix_tickets_accepted_at", table_name="tickets")
    op.drop_index("ix_tickets_department_status_accepted_at", table_name="tickets")
    op.create_index(
        "ix_tickets_department_accepted_at", "tickets", ["department", "accepted_at", "id"], unique=False
    )
    for when in ("new", "changed"):
        op.execute(f"DROP TRIGGER queued_when_{when} ON tickets")
        op.execute(f"DROP FUNCTION queue_{when}_for_search()")
    op.drop_table("search_queue")
    op.drop_index("ix_ticket_search_tokens", table_name="ticket_search")
    op.drop_table("ticket_search")


def _never_changed(*tables: str) -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is a record and is never changed', TG_TABLE_NAME; END $$"
    )
    for table in tables:
        op.execute(
            f"CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _version_hotlines() -> None:
    op.execute(
        "INSERT INTO hotline_versions SELECT 1, now(), 'migration', 'before versions were kept' "
        "WHERE EXISTS (SELECT FROM hotlines)"
    )
    op.add_column("hotlines", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("hotlines", sa.Column("certainty", sa.Text(), nullable=False, server_default="found"))
    op.alter_column("hotlines", "version", server_default=None)
    op.alter_column("hotlines", "certainty", server_default=None)
    for name in ("alias_of", "statutory_procedure", "redirect", "department"):
        op.add_column("hotlines", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("hotlines", sa.Column("valid_from", sa.Date(), nullable=False, server_default="1900-01-01"))
    op.alter_column("hotlines", "valid_from", server_default=None)
    op.add_column("hotlines", sa.Column("valid_to", sa.Date(), nullable=True))
    op.create_foreign_key(
        op.f("fk_hotlines_version"), "hotlines", "hotline_versions", ["version"], ["version"]
    )
    op.drop_constraint(op.f("pk_hotlines"), "hotlines")
    op.create_primary_key(op.f("pk_hotlines"), "hotlines", ["version", "number", "valid_from"])


def _unversion_hotlines() -> None:
    op.execute("DELETE FROM hotlines WHERE version < (SELECT max(version) FROM hotlines)")
    op.execute(
        "DELETE FROM hotlines AS earlier USING hotlines AS later "
        "WHERE earlier.number = later.number AND earlier.valid_from < later.valid_from"
    )
    op.drop_constraint(op.f("pk_hotlines"), "hotlines")
    op.create_primary_key(op.f("pk_hotlines"), "hotlines", ["number"])
    op.drop_constraint(op.f("fk_hotlines_version"), "hotlines", type_="foreignkey")
    for name in (
        "valid_to",
        "valid_from",
        "department",
        "redirect",
        "statutory_procedure",
        "alias_of",
        "certainty",
        "version",
    ):
        op.drop_column("hotlines", name)
