package supervisor

import (
	"fmt"
	"strings"
)

// gitConfig is the system configuration of git inside. It ranks below the
// user's and the repository's, so anything in it can be overridden there.
func gitConfig(name, email string) []byte {
	var b strings.Builder
	b.WriteString("[include]\n\tpath = /etc/gitconfig\n")
	// A workdir of another owner is the normal case for a root caller.
	b.WriteString("[safe]\n\tdirectory = *\n")
	// There is no SSH out of a sandbox; the same repository is there over HTTPS.
	b.WriteString("[url \"https://github.com/\"]\n\tinsteadOf = git@github.com:\n\tinsteadOf = ssh://git@github.com/\n")
	if name != "" {
		fmt.Fprintf(&b, "[user]\n\tname = %s\n", gitQuote(name))
	}
	if email != "" {
		fmt.Fprintf(&b, "[user]\n\temail = %s\n", gitQuote(email))
	}
	return []byte(b.String())
}

// gitQuote writes a value as git-config(1) reads it back.
func gitQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s) + `"`
}
