-- Most decisions allow something, and most of such a decision is that of the one before: who asked, where, by which
-- rule. That is kept once, in parties, which nothing refers back to by a constraint: a row has to cost little.
CREATE TABLE parties (
  id         INTEGER PRIMARY KEY,
  revision   INTEGER NOT NULL,
  exe        TEXT NOT NULL,
  ancestors  TEXT,
  tainted    TEXT NOT NULL,
  host       TEXT NOT NULL,
  port       INTEGER NOT NULL,
  layer      TEXT NOT NULL,
  protocol   TEXT NOT NULL,
  method     TEXT NOT NULL,
  policy     TEXT NOT NULL,
  credential TEXT NOT NULL
) STRICT;

CREATE TABLE allowed (
  id        INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  party     INTEGER NOT NULL,
  pid       INTEGER NOT NULL,
  target    TEXT NOT NULL,
  reason    TEXT NOT NULL,
  status    INTEGER NOT NULL,
  bytes_in  INTEGER NOT NULL,
  bytes_out INTEGER NOT NULL,
  duration  INTEGER NOT NULL
) STRICT;

-- The same as decisions has it. CROSS JOIN keeps the order: by id, which pages are read in.
CREATE VIEW allowances AS
SELECT a.id, a.at, a.at AS last_at, 1 AS count, p.revision, p.exe, a.pid, p.ancestors, p.host, p.port, p.layer, p.protocol, p.method,
  a.target, 'allow' AS verdict, p.policy, '' AS code, a.reason, '' AS rule_missing, p.credential, a.status, a.bytes_in, a.bytes_out,
  a.duration, p.tainted
FROM allowed AS a CROSS JOIN parties AS p ON p.id = a.party;
