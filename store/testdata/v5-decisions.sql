PRAGMA journal_mode = WAL;
BEGIN;
PRAGMA application_id = 1702388994;
PRAGMA user_version = 5;
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
  duration     INTEGER NOT NULL,
  tainted TEXT NOT NULL DEFAULT '', failed TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX decisions_denied ON decisions (verdict) WHERE verdict = 'deny';
CREATE INDEX decisions_code ON decisions (code) WHERE verdict = 'deny';
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

CREATE VIEW allowances AS
SELECT a.id, a.at, a.at AS last_at, 1 AS count, p.revision, p.exe, a.pid, p.ancestors, p.host, p.port, p.layer, p.protocol, p.method,
  a.target, 'allow' AS verdict, p.policy, '' AS code, a.reason, '' AS rule_missing, p.credential, a.status, a.bytes_in, a.bytes_out,
  a.duration, p.tainted
FROM allowed AS a CROSS JOIN parties AS p ON p.id = a.party;
INSERT INTO parties VALUES (1, 1, '/usr/bin/curl', '/usr/bin/bash
/usr/local/bin/claude', '', 'api.github.com', 443, 'l7', 'rest', 'GET', 'github_rest_api', '');
INSERT INTO allowed VALUES (1, 1800000000000000123, 1, 17, '/repos/acme/demo/contents/hello_world.py', '', 200, 1234, 56, 7890);
INSERT INTO decisions VALUES (2, 1800000000000000123, 1800000003000000005, 4, 1, '/usr/bin/curl', 17, '/usr/bin/bash
/usr/local/bin/claude', 'api.github.com', 443, 'l7', 'rest', 'GET', '/repos/acme/demo/contents/hello_world.py', 'deny', 'github_rest_api', 'policy_denied', 'GET /repos/acme/demo/contents/hello_world.py not permitted by policy', '- allow:
    method: GET
    path: /repos/acme/demo/contents/hello_world.py
', '', 0, 0, 0, 0, '/sandbox/evil.so', '');
COMMIT;
