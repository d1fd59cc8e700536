"""Acknowledgements: only ever added, followed up by steps, and counted."""

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

STEPS = """
-- What compose_api does by itself about an acknowledgement: reminds those who have not, and when it is due gives notice to each clinic's
-- administrators. Made with the message. after_scope_id: clinics up to here have their notice.
CREATE TABLE acknowledgement_steps (
    message_id uuid NOT NULL REFERENCES messages,
    kind text NOT NULL CHECK (kind IN ('remind', 'due')),
    at timestamptz NOT NULL,
    after_scope_id bigint NOT NULL DEFAULT 0,
    done_at timestamptz,
    skipped_reason text,
    PRIMARY KEY (message_id, kind, at),
    CHECK (skipped_reason IS NULL OR done_at IS NOT NULL)
);
CREATE INDEX acknowledgement_steps_open ON acknowledgement_steps (at, message_id, kind) WHERE done_at IS NULL;
CREATE INDEX acknowledgement_steps_skipped ON acknowledgement_steps (done_at) WHERE skipped_reason IS NOT NULL;
"""

COUNTS = """
-- How many of a message's recipients belonged to each scope, and how many of them have acknowledged it. From messages.counted_at on.
-- delays: how many acknowledged after how long, by delay_bucket().
CREATE TABLE acknowledgement_counts (
    message_id uuid NOT NULL,
    scope_id bigint NOT NULL,
    recipients bigint NOT NULL,
    acknowledged bigint NOT NULL DEFAULT 0,
    delays integer[] NOT NULL DEFAULT '{}',
    median_hours double precision GENERATED ALWAYS AS (median_hours(delays)) STORED,
    PRIMARY KEY (message_id, scope_id)
);

-- Acknowledgements that these counts do not have yet: a queue, vacuumed by count.
CREATE TABLE uncounted_acknowledgements (
    message_id uuid NOT NULL,
    user_id bigint NOT NULL,
    sent_at timestamptz NOT NULL,
    acknowledged_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, user_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE FUNCTION queue_acknowledgements() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO uncounted_acknowledgements (message_id, user_id, sent_at, acknowledged_at)
    SELECT message_id, user_id, sent_at, acknowledged_at FROM added;
    RETURN NULL;
END
$$;
CREATE TRIGGER queue AFTER INSERT ON acknowledgements REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION queue_acknowledgements();
"""

# A median is kept as a histogram, because medians of parts cannot be added. Bounds of buckets are a factor of 2^(1/4) apart, so a median
# that is the middle of its bucket is at most 9 % wrong.
DELAYS = """
-- The bucket of a delay, from 1 on: n up to 2^(n/4) minutes.
CREATE FUNCTION delay_bucket(delay interval) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CAST(floor(4 / ln(2.0::double precision) * ln(greatest(extract(epoch FROM delay)::double precision / 60, 1))) AS integer) + 1
$$;

-- The histogram with more delays, each given by its bucket.
CREATE FUNCTION add_delays(delays integer[], added integer[]) RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(coalesce(delays[n], 0) + coalesce(more.number, 0) ORDER BY n)
    FROM generate_series(1, greatest(cardinality(delays), (SELECT max(bucket) FROM unnest(added) AS a (bucket)))) AS n
    LEFT JOIN (SELECT bucket, CAST(count(*) AS integer) AS number FROM unnest(added) AS a (bucket) GROUP BY bucket) AS more
        ON more.bucket = n
$$;

CREATE FUNCTION median_hours(delays integer[]) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT power(2::double precision, (n - 0.5) / 4) / 60
    FROM (SELECT n, sum(number) OVER (ORDER BY n) AS through, sum(number) OVER () AS total
          FROM unnest(delays) WITH ORDINALITY AS d (number, n)) AS d
    WHERE 2 * through >= total AND total > 0 ORDER BY n LIMIT 1
$$;
"""


def upgrade() -> None:
    for statements in (INSERT_ONLY, STEPS, DELAYS, COUNTS):
        script.run(statements)
