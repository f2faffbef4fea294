-- Health (issue 6): what each health service last saw, and the operators' orders to send a region no traffic.

-- One row per health service. `region_health` of 0001 stays, with the last word of any of a region's services: the
-- registry API listens to that.
CREATE TABLE health_snapshots (
  region TEXT COLLATE "C" NOT NULL,
  instance TEXT COLLATE "C" NOT NULL,
  snapshot TEXT NOT NULL,
  published_at BIGINT NOT NULL DEFAULT now_ms(),
  PRIMARY KEY (region, instance)
);

-- At most one order a region; a new one takes the place of the last. Those whose end has passed are not in force.
CREATE TABLE region_drains (
  region TEXT COLLATE "C" PRIMARY KEY,
  direction TEXT NOT NULL CHECK (direction IN ('both', 'read', 'write')),
  reason TEXT NOT NULL,
  drained_by TEXT NOT NULL,
  since BIGINT NOT NULL DEFAULT now_ms(),
  until BIGINT
);
