-- A file of the agent's own whose code ran in the program.
ALTER TABLE decisions ADD COLUMN tainted TEXT NOT NULL DEFAULT '';
