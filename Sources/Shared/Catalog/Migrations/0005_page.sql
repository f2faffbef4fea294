-- Meridian, schema version 5: what the status page shows over time, and the verifications operators ask for.

-- How replication stood, a row for every location and minute; kept for a day and an hour (`Catalog.recordHistory`), so
-- the table holds 1,500 rows for each location at most. All health services write it and all show the same plot.
CREATE TABLE replication_history (
  location TEXT COLLATE "C" NOT NULL REFERENCES locations (id),
  -- The beginning of the minute.
  taken_at BIGINT NOT NULL,
  -- Copies queued or being made, and their bytes.
  pending BIGINT NOT NULL CHECK (pending >= 0),
  pending_bytes BIGINT NOT NULL CHECK (pending_bytes >= 0),
  -- The age of the oldest of them; 0 where there was none.
  lag_seconds BIGINT NOT NULL CHECK (lag_seconds >= 0),
  PRIMARY KEY (location, taken_at)
);
CREATE INDEX replication_history_by_time ON replication_history (taken_at);

-- A round of verification that an operator wants now, whatever the age of the copies: the workers of the location take
-- it up. One request for a location and depth; a new one takes the place of the last.
CREATE TABLE verification_requests (
  location TEXT COLLATE "C" NOT NULL REFERENCES locations (id),
  depth TEXT NOT NULL CHECK (depth IN ('presence', 'content')),
  requested_at BIGINT NOT NULL DEFAULT now_ms(),
  requested_by TEXT NOT NULL CHECK (length(requested_by) BETWEEN 1 AND 255),
  -- When a whole round that began after the request was completed; absent until then.
  done_at BIGINT,
  PRIMARY KEY (location, depth)
);

-- The last failures, however many copies have succeeded since.
CREATE INDEX job_attempts_failed ON job_attempts (id)
  WHERE outcome IN ('failed', 'parked', 'source_lost', 'rescued');
