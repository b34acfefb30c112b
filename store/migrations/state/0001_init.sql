-- Times are nanoseconds since 1970 in UTC, 0 for never. Lists are JSON.

CREATE TABLE sandboxes (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  spec       TEXT NOT NULL,
  state      TEXT NOT NULL,
  pid        INTEGER NOT NULL,
  exit_code  INTEGER,
  started_at INTEGER NOT NULL,
  stopped_at INTEGER NOT NULL
) STRICT;

CREATE TABLE revisions (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  sandbox       TEXT NOT NULL REFERENCES sandboxes (id) ON DELETE CASCADE,
  number        INTEGER NOT NULL,
  digest        TEXT NOT NULL,
  parent_digest TEXT NOT NULL,
  text          BLOB NOT NULL,
  statement     BLOB,
  signature     BLOB,
  approver      TEXT NOT NULL,
  strength      TEXT NOT NULL,
  source        TEXT NOT NULL,
  status        TEXT NOT NULL CHECK (status IN ('pending', 'loaded', 'failed')),
  problem       TEXT NOT NULL,
  created_at    INTEGER NOT NULL
) STRICT;

-- A failed revision frees its number; any other keeps it.
CREATE UNIQUE INDEX revisions_number ON revisions (sandbox, number) WHERE status <> 'failed';
CREATE INDEX revisions_sandbox ON revisions (sandbox, number);

-- AUTOINCREMENT: "approve 3" must never come to mean another proposal.
CREATE TABLE proposals (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  sandbox       TEXT NOT NULL REFERENCES sandboxes (id) ON DELETE CASCADE,
  base_revision INTEGER NOT NULL,
  base_digest   TEXT NOT NULL,
  digest        TEXT NOT NULL,
  text          BLOB NOT NULL,
  operations    BLOB,
  reason        TEXT NOT NULL,
  denial_ids    TEXT NOT NULL,
  proposer      TEXT NOT NULL,
  status        TEXT NOT NULL,
  comment       TEXT NOT NULL,
  revision      INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  decided_at    INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX proposals_pending ON proposals (sandbox, base_revision, base_digest, digest) WHERE status = 'pending';
CREATE INDEX proposals_sandbox ON proposals (sandbox, status);

CREATE TABLE providers (
  name        TEXT PRIMARY KEY,
  type        TEXT NOT NULL,
  variables   TEXT NOT NULL,
  hosts       TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
  n       INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  action  TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail  BLOB,
  prev    TEXT NOT NULL,
  hash    TEXT NOT NULL
) STRICT;

-- Against our own mistakes; against anybody else there is the chain of hashes.
CREATE TRIGGER audit_keep BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
