package supervisor

import (
	"fmt"
	"slices"
	"strings"

	"exeat/policy"
)

// gitConfig is the system configuration of git inside. It ranks below the
// user's and the repository's, so anything in it can be overridden there.
func gitConfig(name, email string, hosts []string) []byte {
	var b strings.Builder
	b.WriteString("[include]\n\tpath = /etc/gitconfig\n")
	// A workdir of another owner is the normal case for a root caller.
	b.WriteString("[safe]\n\tdirectory = *\n")
	// There is no SSH out of a sandbox; the same repository is there over HTTPS.
	for _, host := range hosts {
		fmt.Fprintf(&b, "[url %s]\n\tinsteadOf = git@%s:\n\tinsteadOf = ssh://git@%s/\n", gitQuote("https://"+host+"/"), host, host)
	}
	if name != "" {
		fmt.Fprintf(&b, "[user]\n\tname = %s\n", gitQuote(name))
	}
	if email != "" {
		fmt.Fprintf(&b, "[user]\n\temail = %s\n", gitQuote(email))
	}
	return []byte(b.String())
}

// forges are where repositories are in general.
var forges = []string{"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"}

// gitHosts are the forges, and every host the policy lets somebody reach by
// HTTPS: a company's own forge is one of those.
func gitHosts(p *policy.Policy) []string {
	hosts := slices.Clone(forges)
	for _, block := range p.Blocks {
		for _, e := range block.Endpoints {
			if isName(e.Host) && slices.Contains(e.Ports, 443) && !slices.Contains(hosts, e.Host) {
				hosts = append(hosts, e.Host)
			}
		}
	}
	return hosts
}

// isName says whether a policy's host is one name: no wildcard, no address, and
// nothing that a configuration file could take for anything else.
func isName(host string) bool {
	return strings.ContainsAny(host, "abcdefghijklmnopqrstuvwxyz") && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

// gitQuote writes a value as git-config(1) reads it back.
func gitQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s) + `"`
}
