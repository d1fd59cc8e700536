"""Acknowledgements are only ever added."""

from shared.migrations import script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# For each row: a partition gets such a trigger when it is attached. ALWAYS: as for audit_events (0003).
INSERT_ONLY = """
CREATE FUNCTION refuse_to_change_acknowledgements() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'acknowledgements are only ever added: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON acknowledgements
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_acknowledgements();
ALTER TABLE acknowledgements ENABLE ALWAYS TRIGGER insert_only;
"""


def upgrade() -> None:
    script.run(INSERT_ONLY)
