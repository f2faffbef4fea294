-- Meridian, schema version 1.
-- Times are BIGINT milliseconds since the epoch by the clock of the database (now_ms). Names, digests and keys compare
-- bytewise (COLLATE "C"). A column without NOT NULL may be absent by design; the comment says when.

CREATE FUNCTION now_ms() RETURNS BIGINT LANGUAGE SQL STABLE
  AS $$ SELECT CAST(extract(epoch FROM statement_timestamp()) * 1000 AS BIGINT) $$;

-- The stores, by their configured name. A removed one keeps its row, so that its name never comes to mean another store.
CREATE TABLE locations (
  id TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  engine TEXT NOT NULL CHECK (length(engine) BETWEEN 1 AND 64),
  state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('joining', 'active', 'draining', 'read-only', 'removed')),
  created_at BIGINT NOT NULL DEFAULT now_ms()
);

CREATE TABLE repositories (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 255),
  namespace TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL DEFAULT now_ms()
);

CREATE TABLE blobs (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(digest) BETWEEN 71 AND 135),
  size BIGINT NOT NULL CHECK (size >= 0),
  created_at BIGINT NOT NULL DEFAULT now_ms()
);

-- I2: a verified row means matching bytes at that key, at every instant. The row goes before the object does, so
-- nothing here cascades.
CREATE TABLE placements (
  blob BIGINT NOT NULL REFERENCES blobs (id),
  location TEXT COLLATE "C" NOT NULL REFERENCES locations (id),
  object_key TEXT COLLATE "C" NOT NULL CHECK (length(object_key) BETWEEN 1 AND 1024),
  state TEXT NOT NULL DEFAULT 'verified' CHECK (state IN ('verified', 'quarantined')),
  verified_at BIGINT NOT NULL DEFAULT now_ms(),
  -- Why it is quarantined; absent otherwise.
  reason TEXT,
  -- The key of the quarantined copy this one took the place of when it was last written to; absent otherwise.
  replaced_key TEXT COLLATE "C",
  PRIMARY KEY (blob, location),
  -- D2: a key belongs to one blob for ever.
  UNIQUE (location, object_key)
);

-- I5: the durable intent to have one blob at one location; written in the transaction that makes it necessary (D1).
CREATE TABLE jobs (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  blob BIGINT NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
  target TEXT COLLATE "C" NOT NULL REFERENCES locations (id),
  -- 0 urgent, 1 normal, 2 backfill: the order of service.
  lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 2),
  -- The blob's size again, so that an index can put the smallest first.
  size BIGINT NOT NULL CHECK (size >= 0),
  -- A worker claims only the versions it knows (I14).
  version SMALLINT NOT NULL DEFAULT 1 CHECK (version >= 1),
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'leased', 'done', 'parked', 'source_lost')),
  -- Failures that were reported; releases and lost leases do not count.
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  -- Times it was taken over from a worker that went silent.
  rescues INTEGER NOT NULL DEFAULT 0 CHECK (rescues >= 0),
  not_before BIGINT NOT NULL DEFAULT now_ms(),
  created_at BIGINT NOT NULL DEFAULT now_ms(),
  -- The lease: present exactly while the state is leased.
  lease_token TEXT,
  leased_until BIGINT,
  worker TEXT,
  -- The last failure; absent before the first and after success.
  last_error TEXT,
  -- The copy: present once done by a worker.
  done_at BIGINT,
  source TEXT COLLATE "C",
  bytes_read BIGINT,
  duration_ms BIGINT,
  UNIQUE (blob, target),
  CHECK ((state = 'leased') = (lease_token IS NOT NULL AND leased_until IS NOT NULL AND worker IS NOT NULL))
);
-- The order of the claim; not_before stands last so that jobs not yet due are passed over inside the index.
CREATE INDEX jobs_due ON jobs (target, lane, size, id, not_before) WHERE state = 'queued';
CREATE INDEX jobs_leased ON jobs (target, leased_until) WHERE state = 'leased';
CREATE INDEX jobs_troubled ON jobs (target, state) WHERE state IN ('parked', 'source_lost');

-- What a repository may refer to. The link also keeps garbage collection away until leased_until (I7).
CREATE TABLE repository_blobs (
  repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
  blob BIGINT NOT NULL REFERENCES blobs (id),
  leased_until BIGINT NOT NULL,
  created_at BIGINT NOT NULL DEFAULT now_ms(),
  PRIMARY KEY (repository, blob)
);
CREATE INDEX repository_blobs_by_blob ON repository_blobs (blob);

CREATE TABLE manifests (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
  digest TEXT COLLATE "C" NOT NULL CHECK (length(digest) BETWEEN 71 AND 135),
  media_type TEXT NOT NULL CHECK (length(media_type) BETWEEN 1 AND 255),
  -- For the list of referrers: absent where the manifest has none.
  artifact_type TEXT,
  subject_digest TEXT COLLATE "C",
  annotations TEXT NOT NULL DEFAULT '{}',
  bytes BYTEA NOT NULL,
  size BIGINT NOT NULL CHECK (size >= 0),
  created_at BIGINT NOT NULL DEFAULT now_ms(),
  UNIQUE (repository, digest),
  UNIQUE (id, repository)
);
CREATE INDEX manifests_by_subject ON manifests (repository, subject_digest, digest) WHERE subject_digest IS NOT NULL;

-- I4: what a manifest refers to is linked in the same repository, and stays so while the manifest exists.
CREATE TABLE manifest_blobs (
  manifest BIGINT NOT NULL,
  repository BIGINT NOT NULL,
  blob BIGINT NOT NULL,
  PRIMARY KEY (manifest, blob),
  FOREIGN KEY (manifest, repository) REFERENCES manifests (id, repository) ON DELETE CASCADE,
  FOREIGN KEY (repository, blob) REFERENCES repository_blobs (repository, blob)
);
CREATE INDEX manifest_blobs_by_link ON manifest_blobs (repository, blob);

CREATE TABLE manifest_children (
  manifest BIGINT NOT NULL,
  repository BIGINT NOT NULL,
  child BIGINT NOT NULL,
  PRIMARY KEY (manifest, child),
  FOREIGN KEY (manifest, repository) REFERENCES manifests (id, repository) ON DELETE CASCADE,
  FOREIGN KEY (child, repository) REFERENCES manifests (id, repository)
);
CREATE INDEX manifest_children_by_child ON manifest_children (child, repository);

CREATE TABLE tags (
  repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
  name TEXT COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  manifest BIGINT NOT NULL,
  created_at BIGINT NOT NULL DEFAULT now_ms(),
  updated_at BIGINT NOT NULL DEFAULT now_ms(),
  PRIMARY KEY (repository, name),
  FOREIGN KEY (manifest, repository) REFERENCES manifests (id, repository) ON DELETE CASCADE
);
CREATE INDEX tags_by_manifest ON tags (manifest, repository);

-- An upload in progress, as any instance can continue it (D3).
CREATE TABLE upload_sessions (
  id TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) = 32),
  repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
  principal TEXT NOT NULL,
  location TEXT COLLATE "C" NOT NULL REFERENCES locations (id),
  object_key TEXT COLLATE "C" NOT NULL CHECK (length(object_key) BETWEEN 1 AND 1024),
  -- Absent until the store's multipart upload is begun.
  multipart_id TEXT,
  offset_bytes BIGINT NOT NULL DEFAULT 0 CHECK (offset_bytes >= 0),
  hash_state BYTEA NOT NULL,
  -- What is left below a part (D11); absent where nothing is.
  tail_key TEXT COLLATE "C",
  tail_size BIGINT CHECK (tail_size > 0),
  part_count INTEGER NOT NULL DEFAULT 0 CHECK (part_count >= 0),
  version BIGINT NOT NULL DEFAULT 0,
  -- The one writer, across all instances; absent while nobody writes.
  lock_token TEXT,
  locked_until BIGINT,
  created_at BIGINT NOT NULL DEFAULT now_ms(),
  -- How long it lives after it was last touched.
  lifetime_ms BIGINT NOT NULL CHECK (lifetime_ms > 0),
  expires_at BIGINT NOT NULL,
  CHECK ((tail_key IS NULL) = (tail_size IS NULL)),
  CHECK ((lock_token IS NULL) = (locked_until IS NULL))
);
CREATE INDEX upload_sessions_by_expiry ON upload_sessions (expires_at);
CREATE INDEX upload_sessions_by_repository ON upload_sessions (repository);

CREATE TABLE upload_parts (
  upload TEXT COLLATE "C" NOT NULL REFERENCES upload_sessions (id) ON DELETE CASCADE,
  number INTEGER NOT NULL CHECK (number >= 1),
  size BIGINT NOT NULL CHECK (size >= 0),
  tag TEXT NOT NULL CHECK (length(tag) BETWEEN 1 AND 1024),
  PRIMARY KEY (upload, number)
);

-- Objects and unfinished multipart uploads that nothing refers to any more. The row is written in the transaction that
-- takes the last reference away, and goes once the store has confirmed the deletion: a failure leaks nothing (I7).
CREATE TABLE object_deletions (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  location TEXT COLLATE "C" NOT NULL REFERENCES locations (id),
  object_key TEXT COLLATE "C" NOT NULL,
  -- The multipart upload to be aborted; empty for an object.
  multipart_id TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL,
  not_before BIGINT NOT NULL DEFAULT now_ms(),
  attempts INTEGER NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL DEFAULT now_ms(),
  UNIQUE (location, object_key, multipart_id)
);
CREATE INDEX object_deletions_due ON object_deletions (location, not_before, id);

CREATE TABLE configuration_fingerprints (
  region TEXT COLLATE "C" PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  seen_at BIGINT NOT NULL DEFAULT now_ms()
);

CREATE TABLE health_probes (
  prober TEXT COLLATE "C" PRIMARY KEY,
  written_at BIGINT NOT NULL DEFAULT now_ms()
);

CREATE TABLE region_health (
  region TEXT COLLATE "C" PRIMARY KEY,
  snapshot TEXT NOT NULL,
  published_at BIGINT NOT NULL DEFAULT now_ms()
);
