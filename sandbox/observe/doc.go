// Package observe turns accesses to files that a sandbox's view refuses into denials for its record.
//
// It decides nothing: the view and Landlock do. A held call goes on as soon as
// its path was copied, and what became of it is worked out afterwards, from the
// same path and the sandbox's own root. So a record is evidence, not proof; and
// where calls come faster than they can be looked at, they go by and are counted.
package observe
