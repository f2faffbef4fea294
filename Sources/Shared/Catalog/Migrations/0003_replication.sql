-- Meridian, schema version 3: fair claims, attempts, checkpoints of copies, verification, collection, tallies, arrivals.

-- Fairness: whose push asked for the copy first; claims take turns between namespaces. Empty: nobody in particular.
ALTER TABLE jobs ADD COLUMN namespace TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Copied in parts and in slots of their own, so that large blobs and small ones never wait for each other. The size is
-- that of `JobClass.largeFromBytes`.
ALTER TABLE jobs ADD COLUMN is_large SMALLINT GENERATED ALWAYS AS (CASE WHEN size > 4194304 THEN 1 ELSE 0 END) STORED;

-- 1 while it waits for another try: kept apart, so that no claim has to step over jobs that are not due. A claim turns
-- it to 0 once `not_before` has come. Only ever 1 while queued.
ALTER TABLE jobs ADD COLUMN is_delayed SMALLINT NOT NULL DEFAULT 0;
UPDATE jobs SET is_delayed = 1 WHERE state = 'queued' AND not_before > now_ms();

-- The order of a claim: lane by lane, in turns between namespaces, the smallest first; not_before stands last so that
-- the few jobs not yet due are passed over inside the index.
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (target, is_large, lane, namespace, size, id, not_before)
  WHERE state = 'queued' AND is_delayed = 0;
-- Those that have been due for longest, which a share of every claim is kept for: nothing starves. Not by age: jobs that
-- fail again and again must not stand at the front for ever.
CREATE INDEX jobs_oldest ON jobs (target, is_large, not_before, id) WHERE state = 'queued' AND is_delayed = 0;
-- Those whose next try has come, and those whose worker went silent.
CREATE INDEX jobs_delayed ON jobs (target, is_large, lane, not_before, id) WHERE state = 'queued' AND is_delayed = 1;
-- A queue's indexes fill with dead entries at their front: they are cleared away while they are few.
ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
-- What status asks: the oldest pending age, and what failed.
-- (The first condition says nothing new; it keeps the planner from taking this index for a claim.)
CREATE INDEX jobs_pending ON jobs (target, lane, created_at) WHERE done_at IS NULL AND state IN ('queued', 'leased');
CREATE INDEX jobs_failing ON jobs (target, id) WHERE state IN ('queued', 'leased') AND attempts > 0;
-- The lag of what was copied last.
CREATE INDEX jobs_done ON jobs (target, done_at) WHERE state = 'done';

-- What every attempt at a job came to, oldest first by id. Pruned by age (`Catalog.pruneAttempts`).
CREATE TABLE job_attempts (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  worker TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('placed', 'already_placed', 'failed', 'parked', 'source_lost', 'rescued')),
  -- Where the bytes came from; absent where no source was reached.
  source TEXT COLLATE "C",
  -- Absent after success.
  error TEXT,
  bytes_read BIGINT NOT NULL DEFAULT 0,
  duration_ms BIGINT NOT NULL DEFAULT 0,
  ended_at BIGINT NOT NULL DEFAULT now_ms()
);
CREATE INDEX job_attempts_by_job ON job_attempts (job, id);
CREATE INDEX job_attempts_by_end ON job_attempts (ended_at);

-- Where a copy in parts can be taken up again by whoever holds the job's lease (D3, G14).
CREATE TABLE copy_checkpoints (
  job BIGINT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  location TEXT COLLATE "C" NOT NULL REFERENCES locations (id),
  object_key TEXT COLLATE "C" NOT NULL CHECK (length(object_key) BETWEEN 1 AND 1024),
  multipart_id TEXT NOT NULL,
  part_bytes BIGINT NOT NULL CHECK (part_bytes > 0),
  -- Every byte before this one is in a part below and in the hash.
  offset_bytes BIGINT NOT NULL DEFAULT 0 CHECK (offset_bytes >= 0),
  hash_state BYTEA NOT NULL,
  updated_at BIGINT NOT NULL DEFAULT now_ms(),
  UNIQUE (location, object_key)
);
CREATE TABLE copy_parts (
  job BIGINT NOT NULL REFERENCES copy_checkpoints (job) ON DELETE CASCADE,
  number INTEGER NOT NULL CHECK (number >= 1),
  size BIGINT NOT NULL CHECK (size >= 0),
  tag TEXT NOT NULL CHECK (length(tag) BETWEEN 1 AND 1024),
  PRIMARY KEY (job, number)
);

-- Verification: `verified_at` is when the bytes were last hashed, `checked_at` when the store last said that the
-- object is there and of its size.
ALTER TABLE placements ADD COLUMN checked_at BIGINT NOT NULL DEFAULT now_ms();
CREATE INDEX placements_by_verification ON placements (location, verified_at, blob) WHERE state = 'verified';
CREATE INDEX placements_by_check ON placements (location, checked_at, blob) WHERE state = 'verified';
CREATE INDEX placements_quarantined ON placements (location, blob) WHERE state = 'quarantined';

-- Whether an upload in progress still needs an object that is on record for deletion, or that no placement names.
CREATE INDEX upload_sessions_by_object ON upload_sessions (object_key);
CREATE INDEX upload_sessions_by_tail ON upload_sessions (tail_key) WHERE tail_key IS NOT NULL;
-- Why the last try to delete failed; absent before the first.
ALTER TABLE object_deletions ADD COLUMN last_error TEXT;
CREATE INDEX object_deletions_failing ON object_deletions (location) WHERE last_error IS NOT NULL;

-- G9: where a namespace's blobs must be beyond the default locations (1), or need not be although it is one (0).
CREATE TABLE namespace_locations (
  namespace TEXT COLLATE "C" NOT NULL CHECK (length(namespace) BETWEEN 1 AND 255),
  location TEXT COLLATE "C" NOT NULL REFERENCES locations (id),
  is_required SMALLINT NOT NULL CHECK (is_required IN (0, 1)),
  changed_at BIGINT NOT NULL DEFAULT now_ms(),
  PRIMARY KEY (namespace, location)
);

-- Long walks through a table or a bucket, each done by one process at a time and taken up again where it stopped:
-- collection, verification, the comparison of buckets, backfills.
CREATE TABLE sweeps (
  name TEXT COLLATE "C" PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 255),
  -- Where to go on, as the sweep itself writes it; absent between two rounds.
  cursor TEXT,
  -- What it has counted so far in this round, as JSON.
  progress TEXT NOT NULL DEFAULT '{}',
  holder TEXT,
  held_until BIGINT,
  started_at BIGINT,
  -- When a whole round was last completed.
  finished_at BIGINT,
  CHECK ((holder IS NULL) = (held_until IS NULL))
);

-- Exact counts that a status can read in no time at any size. `tallies` plus the sum of `tally_deltas` is the truth;
-- writers only ever append, so that they never wait for each other, and `Catalog.foldTallies` sums up.
CREATE TABLE tallies (
  location TEXT COLLATE "C" NOT NULL,
  -- 'verified', 'quarantined', 'sole' (the only verified copy is there), 'open.0' to 'open.2' (by lane; queued or
  -- leased), 'failing' (of those, the ones that have failed), 'parked', 'source_lost'.
  kind TEXT NOT NULL,
  objects BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  PRIMARY KEY (location, kind)
);
CREATE TABLE tally_deltas (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  location TEXT COLLATE "C" NOT NULL,
  kind TEXT NOT NULL,
  objects BIGINT NOT NULL,
  bytes BIGINT NOT NULL
);

-- The location of the only verified copy; absent where there are several copies or none. Such blobs are at risk: the
-- number of them is what a disaster would cost at this moment (RPO). Kept by the trigger of placements, which holds the
-- blob's row while it counts, so that copies that come and go at the same time are all seen.
ALTER TABLE blobs ADD COLUMN sole_location TEXT COLLATE "C";
-- Room in every page, so that this column changes in place.
ALTER TABLE blobs SET (fillfactor = 80);
UPDATE blobs SET sole_location = p.location FROM (
  SELECT blob, min(location) AS location FROM placements WHERE state = 'verified' GROUP BY blob HAVING count(*) = 1
) p WHERE p.blob = blobs.id;

-- What a job is counted under; nothing once it is done.
CREATE FUNCTION job_tallies(state TEXT, lane SMALLINT, attempts INTEGER) RETURNS SETOF TEXT LANGUAGE SQL IMMUTABLE AS $$
  SELECT 'open.' || lane WHERE state IN ('queued', 'leased')
  UNION ALL SELECT 'failing' WHERE state IN ('queued', 'leased') AND attempts > 0
  UNION ALL SELECT state WHERE state IN ('parked', 'source_lost')
$$;

-- Plans are kept for as long as a connection lives: one made while the tables were small must not read them whole later.
CREATE FUNCTION tally_placements() RETURNS TRIGGER LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE changed BIGINT[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO tally_deltas (location, kind, objects, bytes)
    SELECT n.location, n.state, count(*), CAST(sum(b.size) AS BIGINT)
    FROM arrived n JOIN blobs b ON b.id = n.blob GROUP BY n.location, n.state;
    changed := ARRAY(SELECT DISTINCT n.blob FROM arrived n WHERE n.state = 'verified');
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO tally_deltas (location, kind, objects, bytes)
    SELECT o.location, o.state, -count(*), CAST(-sum(b.size) AS BIGINT)
    FROM gone o JOIN blobs b ON b.id = o.blob GROUP BY o.location, o.state;
    changed := ARRAY(SELECT DISTINCT o.blob FROM gone o WHERE o.state = 'verified');
  ELSE
    -- What verification writes changes no count; most updates end here.
    changed := ARRAY(
      SELECT DISTINCT n.blob FROM arrived n JOIN gone o ON o.blob = n.blob AND o.location = n.location
      WHERE o.state <> n.state);
    IF cardinality(changed) = 0 THEN RETURN NULL; END IF;
    INSERT INTO tally_deltas (location, kind, objects, bytes)
    SELECT c.location, c.state, sum(c.sign), CAST(sum(c.sign * b.size) AS BIGINT) FROM (
      SELECT location, state, blob, 1 AS sign FROM arrived UNION ALL SELECT location, state, blob, -1 FROM gone
    ) c JOIN blobs b ON b.id = c.blob GROUP BY c.location, c.state HAVING sum(c.sign) <> 0 OR sum(c.sign * b.size) <> 0;
  END IF;
  IF cardinality(changed) = 0 THEN RETURN NULL; END IF;

  -- First the rows, then the count: it sees what whoever held them has committed.
  PERFORM 1 FROM unnest(changed) c (id) JOIN blobs b ON b.id = c.id ORDER BY b.id FOR NO KEY UPDATE OF b;
  -- ("Not quarantined" is verified, said so that only the primary key can answer it.)
  WITH counted AS MATERIALIZED (
    SELECT b.id, b.sole_location AS before, (
      SELECT min(p.location) FROM placements p WHERE p.blob = b.id AND p.state <> 'quarantined' HAVING count(*) = 1
    ) AS after
    FROM unnest(changed) c (id) JOIN blobs b ON b.id = c.id
  ), moved AS (
    UPDATE blobs SET sole_location = counted.after FROM counted
    WHERE blobs.id = counted.id AND counted.before IS DISTINCT FROM counted.after
    RETURNING blobs.size, counted.before, counted.after
  )
  INSERT INTO tally_deltas (location, kind, objects, bytes)
  SELECT c.location, 'sole', sum(c.sign), CAST(sum(c.sign * c.size) AS BIGINT) FROM (
    SELECT after AS location, size, 1 AS sign FROM moved UNION ALL SELECT before, size, -1 FROM moved
  ) c WHERE c.location IS NOT NULL GROUP BY c.location HAVING sum(c.sign) <> 0 OR sum(c.sign * c.size) <> 0;
  RETURN NULL;
END $$;
CREATE TRIGGER placements_tally_insert AFTER INSERT ON placements
  REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION tally_placements();
CREATE TRIGGER placements_tally_update AFTER UPDATE ON placements
  REFERENCING OLD TABLE AS gone NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION tally_placements();
CREATE TRIGGER placements_tally_delete AFTER DELETE ON placements
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION tally_placements();

CREATE FUNCTION tally_jobs() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO tally_deltas (location, kind, objects, bytes)
    SELECT n.target, k.kind, count(*), CAST(sum(n.size) AS BIGINT)
    FROM arrived n CROSS JOIN LATERAL job_tallies(n.state, n.lane, n.attempts) k (kind) GROUP BY 1, 2;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO tally_deltas (location, kind, objects, bytes)
    SELECT o.target, k.kind, -count(*), CAST(-sum(o.size) AS BIGINT)
    FROM gone o CROSS JOIN LATERAL job_tallies(o.state, o.lane, o.attempts) k (kind) GROUP BY 1, 2;
  ELSE
    INSERT INTO tally_deltas (location, kind, objects, bytes)
    SELECT c.target, k.kind, sum(c.sign), CAST(sum(c.sign * c.size) AS BIGINT) FROM (
      SELECT target, state, lane, attempts, size, 1 AS sign FROM arrived
      UNION ALL SELECT target, state, lane, attempts, size, -1 FROM gone
    ) c CROSS JOIN LATERAL job_tallies(c.state, c.lane, c.attempts) k (kind)
    GROUP BY c.target, k.kind HAVING sum(c.sign) <> 0 OR sum(c.sign * c.size) <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER jobs_tally_insert AFTER INSERT ON jobs
  REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION tally_jobs();
CREATE TRIGGER jobs_tally_update AFTER UPDATE ON jobs
  REFERENCING OLD TABLE AS gone NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION tally_jobs();
CREATE TRIGGER jobs_tally_delete AFTER DELETE ON jobs
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION tally_jobs();

INSERT INTO tallies (location, kind, objects, bytes)
  SELECT p.location, p.state, count(*), CAST(sum(b.size) AS BIGINT)
  FROM placements p JOIN blobs b ON b.id = p.blob GROUP BY p.location, p.state
  UNION ALL
  SELECT sole_location, 'sole', count(*), CAST(sum(size) AS BIGINT) FROM blobs
  WHERE sole_location IS NOT NULL GROUP BY sole_location
  UNION ALL
  SELECT j.target, k.kind, count(*), CAST(sum(j.size) AS BIGINT)
  FROM jobs j CROSS JOIN LATERAL job_tallies(j.state, j.lane, j.attempts) k (kind) GROUP BY 1, 2;

-- When an image (a manifest) became readable in full at a location; absent in `readable_at` until then. Written with
-- the manifest by a trigger, so that no statement can forget it. A location the namespace leaves out gets no row.
CREATE TABLE image_arrivals (
  manifest BIGINT NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
  location TEXT COLLATE "C" NOT NULL REFERENCES locations (id),
  readable_at BIGINT,
  PRIMARY KEY (manifest, location)
);
CREATE INDEX image_arrivals_pending ON image_arrivals (location, manifest) WHERE readable_at IS NULL;

CREATE FUNCTION expect_arrivals() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO image_arrivals (manifest, location)
  SELECT NEW.id, l.id FROM locations l JOIN repositories r ON r.id = NEW.repository
  WHERE l.state IN ('joining', 'active') AND NOT EXISTS (
    SELECT 1 FROM namespace_locations n WHERE n.namespace = r.namespace AND n.location = l.id AND n.is_required = 0);
  RETURN NULL;
END $$;
CREATE TRIGGER manifest_expected AFTER INSERT ON manifests FOR EACH ROW EXECUTE FUNCTION expect_arrivals();

-- Events to be sent to webhooks, written with what they tell of and gone once the receiver has taken them or they are
-- given up (`reason` in the log).
CREATE TABLE webhook_deliveries (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The receiver's name in the configuration.
  receiver TEXT NOT NULL,
  event TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  not_before BIGINT NOT NULL DEFAULT now_ms(),
  created_at BIGINT NOT NULL DEFAULT now_ms(),
  last_error TEXT
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (receiver, not_before, id);
