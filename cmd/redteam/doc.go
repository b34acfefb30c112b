// Package redteam attacks sandboxes of the unmodified binary; its one table of attacks is what `make redteam` prints.
package redteam
