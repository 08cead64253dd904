"""Track files and what was decided about the quarantine"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


FINAL = {
    "sqlite": (
        *(
            f"CREATE TRIGGER quarantine_decisions_no_{what.lower()} BEFORE {what} ON "
            "quarantine_decisions BEGIN SELECT RAISE(ABORT, 'a decision is final'); END"
            for what in ("UPDATE", "DELETE")
        ),
        # INSERT OR REPLACE removes a row without asking the trigger of a delete
        "CREATE TRIGGER quarantine_decisions_no_replacement BEFORE INSERT ON quarantine_decisions "
        "WHEN EXISTS (SELECT 1 FROM quarantine_decisions WHERE entry = NEW.entry) "
        "BEGIN SELECT RAISE(ABORT, 'a decision is final'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_other_decision() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a decision is final'; END $$",
        "CREATE TRIGGER quarantine_decisions_final BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "quarantine_decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_decision()",
        "ALTER TABLE quarantine_decisions ENABLE ALWAYS TRIGGER quarantine_decisions_final",
    ),
}


def upgrade() -> None:
    op.create_table('quarantine_decisions',
    sa.Column('entry', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('command_id', sa.String(length=36), nullable=False),
    sa.Column('decision', sa.String(length=20), nullable=False),
    sa.Column('decided_by', sa.String(length=40), nullable=False),
    sa.Column('decided_role', sa.String(length=20), nullable=False),
    sa.Column('decided_at', sa.BigInteger(), nullable=False),
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('said', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['entry'], ['quarantine.id'], name=op.f('fk_quarantine_decisions_entry_quarantine')),
    sa.PrimaryKeyConstraint('entry', name=op.f('pk_quarantine_decisions'))
    )
    op.create_table('imports',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('device', sa.String(length=80), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=True),
    sa.Column('anywhere', sa.Boolean(), nullable=False),
    sa.Column('utc', sa.Boolean(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('uploaded_by', sa.String(length=40), nullable=False),
    sa.Column('uploaded_role', sa.String(length=20), nullable=False),
    sa.Column('uploaded_at', sa.BigInteger(), nullable=False),
    sa.Column('touched_at', sa.BigInteger(), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=True),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('counts', sa.Text(), nullable=False),
    sa.Column('undone_by', sa.String(length=40), nullable=True),
    sa.Column('undone_at', sa.BigInteger(), nullable=True),
    sa.Column('undone_reason', sa.Text(), nullable=True),
    sa.Column('removed', sa.Integer(), nullable=True),
    sa.Column('data', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_imports')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_imports_operation', 'imports', ['operation', 'id'], unique=False)
    op.create_table('import_parts',
    sa.Column('import_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('device', sa.String(length=80), nullable=False),
    sa.Column('fixes', sa.Integer(), nullable=False),
    sa.Column('times', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_import_parts_import_id_imports')),
    sa.PrimaryKeyConstraint('import_id', 'part', 'operation', 'unit', 'device', name=op.f('pk_import_parts'))
    )
    for statement in FINAL[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table('import_parts')
    op.drop_index('ix_imports_operation', table_name='imports')
    op.drop_table('imports')
    op.drop_table('quarantine_decisions')
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_other_decision")
