// Package grant turns a proposal into policy in force; only package cmd may import it.
//
// It works in two steps with the human between them. [Prepare] finds out what
// is in force, from the supervisor where one runs, verifies the record up to
// there, and makes the review. [Pending.Commit] takes the open key, signs
// exactly what was reviewed, stores it, and returns when the supervisor has it
// loaded. A policy file given by a human takes the same way as a proposal.
//
// The package asks nobody anything and reads no terminal; that a human holds
// the key is what the passphrase is for.
package grant
