// Package risk says in words what a policy change would newly allow.
//
// It reads structure: every endpoint, rule and binary of the candidate that
// the base does not have, in the effective reading. It errs to one side only:
// what the base allows in other words may be listed as new, but nothing new is
// left out. It decides nothing and refuses nothing.
package risk
