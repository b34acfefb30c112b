-- Why what was allowed got no answer of its origin's. That is seldom, so the table of what was allowed has no column
-- for it: a row that failed moves to the other one.
ALTER TABLE decisions ADD COLUMN failed TEXT NOT NULL DEFAULT '';
