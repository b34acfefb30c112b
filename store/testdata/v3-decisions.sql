PRAGMA journal_mode = WAL;
BEGIN;
PRAGMA application_id = 1702388994;
PRAGMA user_version = 3;
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
  tainted TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX decisions_denied ON decisions (verdict) WHERE verdict = 'deny';
CREATE INDEX decisions_code ON decisions (code) WHERE verdict = 'deny';
INSERT INTO decisions VALUES (1, 1800000000000000123, 1800000000000000123, 1, 1, '/usr/bin/curl', 17, '/usr/bin/bash
/usr/local/bin/claude', 'api.github.com', 443, 'l7', 'rest', 'GET', '/repos/acme/demo/contents/hello_world.py', 'allow', 'github_rest_api', '', '', '', '', 200, 1234, 56, 7890, '');
INSERT INTO decisions VALUES (2, 1800000000000000123, 1800000003000000005, 4, 1, '/usr/bin/curl', 17, '/usr/bin/bash
/usr/local/bin/claude', 'api.github.com', 443, 'l7', 'rest', 'GET', '/repos/acme/demo/contents/hello_world.py', 'deny', 'github_rest_api', 'policy_denied', 'GET /repos/acme/demo/contents/hello_world.py not permitted by policy', '- allow:
    method: GET
    path: /repos/acme/demo/contents/hello_world.py
', '', 0, 0, 0, 0, '/sandbox/evil.so');
COMMIT;
