from django.db import migrations

FIELDS = ("subject", "reason", "before", "after", "address")
TABLES = ("audit_entry", "audit_words", "audit_link", "audit_head")
# A text stays as it is, or it goes with its salt.
AS_IT_WAS_OR_GONE = " AND ".join(
    f"((NEW.{name}, NEW.{name}_salt) IS NOT DISTINCT FROM (OLD.{name}, OLD.{name}_salt)"
    f" OR num_nonnulls(NEW.{name}, NEW.{name}_salt) = 0)"
    for name in FIELDS
)
REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is append-only: % of % is refused.', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
"""
# Nothing is deleted, and no table is emptied. The latter is a trigger of its own: tests switch it off, who empty all tables.
EVERYWHERE = """
CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""
# Entries stay as they are, words can be erased, a link is filled in once, the head goes forward.
UPDATES = f"""
CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_words_only_erased BEFORE UPDATE ON audit_words
    FOR EACH ROW WHEN (NEW.entry_id <> OLD.entry_id OR NOT ({AS_IT_WAS_OR_GONE})) EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_link_filled_in_once BEFORE UPDATE ON audit_link
    FOR EACH ROW WHEN (OLD.seq IS NOT NULL OR NEW.entry_id <> OLD.entry_id) EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_goes_forward BEFORE UPDATE ON audit_head
    FOR EACH ROW WHEN (NEW.seq <= OLD.seq) EXECUTE FUNCTION audit_refuse();
"""
UNDO = "DROP FUNCTION audit_refuse() CASCADE"


class Migration(migrations.Migration):
    """Whoever changes the log otherwise has to switch a trigger off first, as the owner of the table; then the chain shows it."""

    dependencies = [("audit", "0005_entries_are_found")]

    operations = [
        migrations.RunSQL(REFUSE + "".join(EVERYWHERE.format(table=table) for table in TABLES) + UPDATES, UNDO)
    ]
