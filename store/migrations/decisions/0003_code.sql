-- A page of denials of a rare kind must not cost a walk over a flood of another.
CREATE INDEX decisions_code ON decisions (code) WHERE verdict = 'deny';
