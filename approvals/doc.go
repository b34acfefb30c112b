// Package approvals keeps proposals: who asks for which policy change, why, and what became of it.
//
// A proposal is a complete candidate policy bound to the revision it would
// change; its digest covers both. Filing one changes nothing, and nothing in
// this package can put one in force: that is package grant, which package cmd
// alone may import. What proposers write is kept apart from what is computed
// here, made harmless when it is filed, and shown last.
package approvals
