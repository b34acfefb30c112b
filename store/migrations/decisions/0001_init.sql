-- One file of one sandbox's decisions. Ids are given by the writer and go on from file to file.

CREATE TABLE decisions (
  id           INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  last_at      INTEGER NOT NULL,
  count        INTEGER NOT NULL,
  revision     INTEGER NOT NULL,
  exe          TEXT NOT NULL,
  pid          INTEGER NOT NULL,
  ancestors    TEXT,
  host         TEXT NOT NULL,
  port         INTEGER NOT NULL,
  layer        TEXT NOT NULL,
  protocol     TEXT NOT NULL,
  method       TEXT NOT NULL,
  target       TEXT NOT NULL,
  verdict      TEXT NOT NULL,
  policy       TEXT NOT NULL,
  code         TEXT NOT NULL,
  reason       TEXT NOT NULL,
  rule_missing TEXT NOT NULL,
  credential   TEXT NOT NULL,
  status       INTEGER NOT NULL,
  bytes_in     INTEGER NOT NULL,
  bytes_out    INTEGER NOT NULL,
  duration     INTEGER NOT NULL
) STRICT;

-- A page of denials must not cost a walk over all that was allowed. The row id is
-- the last column of every index, so this one is in order of id.
CREATE INDEX decisions_denied ON decisions (verdict) WHERE verdict = 'deny';
