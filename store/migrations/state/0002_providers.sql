-- Where a provider's secret came from, to fetch it again, and whether it is in the keyring of the desktop.
ALTER TABLE providers ADD COLUMN source TEXT NOT NULL DEFAULT '{}';
ALTER TABLE providers ADD COLUMN keyring INTEGER NOT NULL DEFAULT 0;
-- Of a login: whose it is.
ALTER TABLE providers ADD COLUMN account TEXT NOT NULL DEFAULT '';

-- The providers that a revision was signed for; null: those of the sandbox's spec.
ALTER TABLE revisions ADD COLUMN providers TEXT NOT NULL DEFAULT 'null';

-- Providers that were taken from a sandbox. Each counts up to its revision: a later one was signed for
-- those it names.
CREATE TABLE detached (
  sandbox  TEXT NOT NULL REFERENCES sandboxes (id) ON DELETE CASCADE,
  provider TEXT NOT NULL,
  revision INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (sandbox, provider)
) STRICT;
