PRAGMA journal_mode = WAL;
BEGIN;
PRAGMA application_id = 1702388993;
PRAGMA user_version = 2;
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
CREATE UNIQUE INDEX revisions_number ON revisions (sandbox, number) WHERE status <> 'failed';
CREATE INDEX revisions_sandbox ON revisions (sandbox, number);
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
INSERT INTO sandboxes VALUES ('0123456789abcdef', 'demo', 1800000000000000005, '{"workdir":"/home/me/work","command":["claude","--yes"],"no_keep":true,"env_names":["A","B"],"providers":[{"name":"my-github","type":"github","hosts":["github.com"],"variables":["GH_TOKEN"]}],"approvers":[{"name":"me","fingerprint":"f","strength":"passphrase","public":"AQI="}],"host_uid":1000,"host_gid":1001,"program":{"source":"/home/me/bin/claude","link":"claude"}}', 'stopped', 17, NULL, 0, 0);
INSERT INTO revisions VALUES (1, '0123456789abcdef', 1, 'digest 1', '', X'76657273696F6E3A20310A', NULL, NULL, '', '', 'test', 'pending', '', 1800000004000000005);
INSERT INTO revisions VALUES (2, '0123456789abcdef', 2, 'digest 2', '', X'76657273696F6E3A20310A', X'7B2273657175656E6365223A327D', X'010203', 'me', 'passphrase', 'proposal 1', 'loaded', '', 1800000004000000005);
INSERT INTO proposals VALUES (1, '0123456789abcdef', 1, 'digest 1', 'digest 2', X'76657273696F6E3A20310A', NULL, 'to push', '[2]', 'mcp', 'applied', '', 2, 1800000003000000005, 1800000600000000005, 1800000004000000005);
INSERT INTO providers VALUES ('my-github', 'github', '["GITHUB_TOKEN"]', '["github.com","api.github.com"]', 'f', 1800000000000000005);
INSERT INTO audit VALUES (1, 1800000001000000005, 'me', 'create', 'demo', NULL, '', '25060e5ac4bd460bd41eb733c61265fab5cd5560b770a1388585eebfbe201eae');
INSERT INTO audit VALUES (2, 1800000002000000005, 'me', 'approve', 'proposal 1', X'7B227265766973696F6E223A327D', '25060e5ac4bd460bd41eb733c61265fab5cd5560b770a1388585eebfbe201eae', '6651cfb4d931d13079cce7c7de0910f62fe022012d4cac59e919a82b847de510');
CREATE TRIGGER audit_keep BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
ALTER TABLE providers ADD COLUMN source TEXT NOT NULL DEFAULT '{}';
ALTER TABLE providers ADD COLUMN keyring INTEGER NOT NULL DEFAULT 0;
ALTER TABLE providers ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE revisions ADD COLUMN providers TEXT NOT NULL DEFAULT 'null';
CREATE TABLE detached (
  sandbox  TEXT NOT NULL REFERENCES sandboxes (id) ON DELETE CASCADE,
  provider TEXT NOT NULL,
  revision INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (sandbox, provider)
) STRICT;
UPDATE providers SET source = '{"kind":"command","command":["gh","auth","token"]}', keyring = 1;
UPDATE revisions SET providers = '[{"name":"my-github","type":"github"}]' WHERE number = 2;
INSERT INTO detached VALUES ('0123456789abcdef', 'my-github', 2, 1800000003000000005);
COMMIT;
