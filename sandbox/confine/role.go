package confine

import "os"

// role is the argument that makes this binary a sandbox's init.
const role = "init"

// init answers to the role before the packages that come after this one are
// initialised (package early has the only other function of its kind): those of
// the MCP library alone take longer than all of a sandbox's set-up, and init
// needs none of them. Packages are initialised in the order of their paths once
// what they import is (Go specification, "Package initialization"), so the
// saving depends on names; that Init runs at all does not.
func init() {
	if len(os.Args) > 1 && os.Args[1] == role {
		os.Exit(Init())
	}
}
