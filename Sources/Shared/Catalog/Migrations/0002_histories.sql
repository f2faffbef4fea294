-- Meridian, schema version 2: the history of tags, repeated ends of uploads, indexes that may be sparse.

-- Every creation, move and deletion of a tag, oldest first by id. Written by triggers, so that no statement can forget
-- it, in the transaction of the change itself. Without references on purpose: it outlives what it tells of.
CREATE TABLE tag_history (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  repository BIGINT NOT NULL,
  tag TEXT COLLATE "C" NOT NULL,
  change TEXT NOT NULL CHECK (change IN ('created', 'moved', 'deleted')),
  -- What it pointed to before; absent where it was created.
  old_digest TEXT COLLATE "C",
  -- What it points to since; absent where it was deleted.
  new_digest TEXT COLLATE "C",
  changed_at BIGINT NOT NULL DEFAULT now_ms(),
  CHECK ((change = 'created') = (old_digest IS NULL)),
  CHECK ((change = 'deleted') = (new_digest IS NULL))
);
CREATE INDEX tag_history_by_tag ON tag_history (repository, tag, id);

CREATE FUNCTION record_tag_created() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tag_history (repository, tag, change, new_digest)
  SELECT NEW.repository, NEW.name, 'created', m.digest FROM manifests m WHERE m.id = NEW.manifest;
  RETURN NULL;
END $$;

CREATE FUNCTION record_tag_moved() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tag_history (repository, tag, change, old_digest, new_digest)
  SELECT NEW.repository, NEW.name, 'moved', earlier.digest, later.digest
  FROM manifests earlier CROSS JOIN manifests later WHERE earlier.id = OLD.manifest AND later.id = NEW.manifest;
  RETURN NULL;
END $$;

CREATE FUNCTION record_tag_deleted() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tag_history (repository, tag, change, old_digest)
  SELECT OLD.repository, OLD.name, 'deleted', m.digest FROM manifests m WHERE m.id = OLD.manifest;
  RETURN OLD;
END $$;

-- The tags of a manifest go before it does, while their history can still say what they pointed to.
CREATE FUNCTION delete_tags_of_manifest() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM tags WHERE manifest = OLD.id;
  RETURN OLD;
END $$;

CREATE TRIGGER tag_created AFTER INSERT ON tags FOR EACH ROW EXECUTE FUNCTION record_tag_created();
CREATE TRIGGER tag_moved AFTER UPDATE OF manifest ON tags FOR EACH ROW
  WHEN (OLD.manifest <> NEW.manifest) EXECUTE FUNCTION record_tag_moved();
CREATE TRIGGER tag_deleted BEFORE DELETE ON tags FOR EACH ROW EXECUTE FUNCTION record_tag_deleted();
CREATE TRIGGER manifest_deleted BEFORE DELETE ON manifests FOR EACH ROW EXECUTE FUNCTION delete_tags_of_manifest();

-- The tags there are already begin their history where it is first known.
INSERT INTO tag_history (repository, tag, change, new_digest, changed_at)
  SELECT t.repository, t.name, 'created', m.digest, t.updated_at FROM tags t JOIN manifests m ON m.id = t.manifest
  ORDER BY t.updated_at, t.repository, t.name;

-- Sessions that ended as a blob, for as long as that blob is surely linked: a client whose 201 was lost asks again.
CREATE TABLE finished_uploads (
  id TEXT COLLATE "C" PRIMARY KEY,
  repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
  principal TEXT NOT NULL,
  blob BIGINT NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
  expires_at BIGINT NOT NULL
);
CREATE INDEX finished_uploads_by_expiry ON finished_uploads (expires_at);
CREATE INDEX finished_uploads_by_repository ON finished_uploads (repository);
CREATE INDEX finished_uploads_by_blob ON finished_uploads (blob);

-- How many sessions a principal has open is counted whenever one is begun.
CREATE INDEX upload_sessions_by_principal ON upload_sessions (principal);

-- The manifests a sparse index lists and the repository lacks; one that comes later becomes a child (I4).
CREATE TABLE manifest_missing_children (
  manifest BIGINT NOT NULL,
  repository BIGINT NOT NULL,
  digest TEXT COLLATE "C" NOT NULL,
  size BIGINT NOT NULL,
  PRIMARY KEY (manifest, digest),
  FOREIGN KEY (manifest, repository) REFERENCES manifests (id, repository) ON DELETE CASCADE
);
CREATE INDEX manifest_missing_children_by_digest ON manifest_missing_children (repository, digest);
