-- Where a provider's secret came from, to fetch it again, and whether it is in the keyring of the desktop.
ALTER TABLE providers ADD COLUMN source TEXT NOT NULL DEFAULT '{}';
ALTER TABLE providers ADD COLUMN keyring INTEGER NOT NULL DEFAULT 0;

-- Providers that were taken from a sandbox, of those it was signed for.
CREATE TABLE detached (
  sandbox  TEXT NOT NULL REFERENCES sandboxes (id) ON DELETE CASCADE,
  provider TEXT NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (sandbox, provider)
) STRICT;
