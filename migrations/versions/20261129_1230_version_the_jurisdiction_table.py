"""
Version the jurisdiction table: conditions and co-handlers of a row, drafts, days of validity, special areas.

Only adds; every new column has a constant default or none, so no table is rewritten
and `tickets` is locked for a moment. The foreign key of a row's department goes:
a draft may name an unknown one, which lint finds and publishing refuses.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "4d0c5a7e91f2"
down_revision = "c4a81f6e20d7"

EMPTY = sa.text("'{}'")
JSON = postgresql.JSONB(astext_type=sa.Text())
TEXTS = postgresql.ARRAY(sa.Text())


def _row_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False, server_default="happened"),
        sa.Column("caller_type", sa.Text(), nullable=True),
        sa.Column("weekdays", sa.Text(), nullable=True),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column("keywords", TEXTS, nullable=False, server_default=EMPTY),
        sa.Column("attributes", JSON, nullable=False, server_default=EMPTY),
        sa.Column("co_handlers", TEXTS, nullable=False, server_default=EMPTY),
        sa.Column("cc", TEXTS, nullable=False, server_default=EMPTY),
        sa.Column("department_only", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("statutory_procedure", sa.Text(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False, server_default=sa.text("0")),
    ]


def _version_columns() -> list[sa.Column[object]]:
    return [
        sa.Column(
            "valid_from",
            sa.Date(),
            nullable=True,
            comment="The first day it is in force; empty: the day it was published.",
        ),
        sa.Column("drafted_by", sa.Text(), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column(
            "number", sa.BigInteger(), sa.Identity(), nullable=False, comment="The order of publishing."
        ),
    ]


ROW_CHECKS = {
    "mode": "mode IN ('direct', 'via_district', 'manual')",
    "basis": "basis IN ('happened', 'work', 'merchant', 'household')",
    "attributes": "jsonb_typeof(attributes) = 'object'",
}


def _ticket_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("places", JSON, nullable=False, server_default=EMPTY, comment="Other places, by basis."),
        sa.Column("attributes", JSON, nullable=False, server_default=EMPTY),
    ]


def upgrade() -> None:
    for table, columns in (("jurisdictions", _row_columns()), ("jurisdiction_versions", _version_columns())):
        for column in columns:
            op.add_column(table, column)
    for name, holds in ROW_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_jurisdictions_{name}"), "jurisdictions", holds)
    op.drop_constraint(op.f("fk_jurisdictions_department"), "jurisdictions", type_="foreignkey")
    op.alter_column(
        "jurisdictions",
        "department",
        comment="No foreign key: a draft may name what lint then finds unknown.",
        existing_type=sa.Text(),
        existing_nullable=True,
    )
    op.create_check_constraint(
        op.f("ck_jurisdiction_versions_second_person"),
        "jurisdiction_versions",
        "drafted_by IS NULL OR drafted_by <> published_by",
    )
    _make_drafts()
    op.create_table(
        "jurisdiction_areas",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("divisions", TEXTS, nullable=False),
        sa.Column("outline", JSON, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", "valid_from", name=op.f("pk_jurisdiction_areas")),
        comment="Special areas that are no divisions; a place is in one by its division or its point.",
    )
    for column in _ticket_columns():
        op.add_column("tickets", column)


def _make_drafts() -> None:
    op.create_table(
        "jurisdiction_drafts",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("based_on", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("drafted_by", TEXTS, nullable=False, comment="Everybody who changed it, the first first."),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="Of its rows: what was simulated is what is published.",
        ),
        sa.Column("simulated_digest", sa.LargeBinary(), nullable=True),
        sa.Column("simulated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("simulated_by", sa.Text(), nullable=True),
        sa.Column("simulation", JSON, nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_jurisdiction_drafts")),
    )
    op.create_index(
        "ix_jurisdiction_drafts_open",
        "jurisdiction_drafts",
        ["changed_at", "version"],
        postgresql_where=sa.text("published_at IS NULL"),
    )


def downgrade() -> None:
    for column in _ticket_columns():
        op.drop_column("tickets", column.name)
    op.drop_table("jurisdiction_areas")
    op.execute(
        "DELETE FROM jurisdictions WHERE version IN "
        "(SELECT version FROM jurisdiction_drafts WHERE published_at IS NULL)"
    )
    op.drop_table("jurisdiction_drafts")
    op.drop_constraint(op.f("ck_jurisdiction_versions_second_person"), "jurisdiction_versions")
    for column in _version_columns():
        op.drop_column("jurisdiction_versions", column.name)
    op.alter_column(
        "jurisdictions", "department", comment=None, existing_type=sa.Text(), existing_nullable=True
    )
    op.create_foreign_key(
        op.f("fk_jurisdictions_department"), "jurisdictions", "departments", ["department"], ["code"]
    )
    for name in ROW_CHECKS:
        op.drop_constraint(op.f(f"ck_jurisdictions_{name}"), "jurisdictions")
    for column in _row_columns():
        op.drop_column("jurisdictions", column.name)
