package credential

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Profile is what a type of provider knows by itself.
type Profile struct {
	Type string
	// Variables are where programs look for the secret, the first one first; --from-existing reads them
	// in this order.
	Variables []string
	// Hosts are those of the service; empty where the user has to name them.
	Hosts []string

	headers     []string // that carry the secret; nil means any
	notGit      []string // of the hosts, those without git repositories
	git         bool     // the service speaks git over HTTPS
	placeholder shape
}

// shape is what the placeholder looks like, so that programs which check the form accept it.
type shape struct {
	prefix string
	random int // letters and digits after prefix and mark
	suffix string
}

// mark tells a human that this is not a secret.
const mark = "exeat"

func profiles() []Profile {
	return []Profile{
		{
			Type: "github", Variables: []string{"GITHUB_TOKEN", "GH_TOKEN"},
			Hosts:   []string{"github.com", "api.github.com", "uploads.github.com", "gist.github.com", "raw.githubusercontent.com"},
			headers: []string{"Authorization"},
			notGit:  []string{"api.github.com", "uploads.github.com", "raw.githubusercontent.com"},
			git:     true,
			// ghp_ and 36 characters. The last six of a real one are a checksum; ours are random, so that
			// scanners for leaked tokens do not take it for one.
			placeholder: shape{"ghp_", 31, ""},
		},
		{
			Type: "anthropic", Variables: []string{"ANTHROPIC_API_KEY"},
			Hosts:       []string{"api.anthropic.com"},
			headers:     []string{"X-Api-Key", "Authorization"},
			placeholder: shape{"sk-ant-api03-", 88, "AA"},
		},
		{Type: "generic", placeholder: shape{"", 35, ""}},
	}
}

// Types returns the types of providers there are.
func Types() []string {
	var names []string
	for _, p := range profiles() {
		names = append(names, p.Type)
	}
	return names
}

// ProfileOf returns the profile of a type. The error carries a hint with the types there are.
func ProfileOf(typ string) (Profile, error) {
	all := profiles()
	if i := slices.IndexFunc(all, func(p Profile) bool { return p.Type == typ }); i >= 0 {
		return all[i], nil
	}
	return Profile{}, &Error{
		Text:   fmt.Sprintf("there is no provider type %q", typ),
		Advice: "use one of: " + strings.Join(Types(), ", "),
	}
}

// new returns a placeholder that nobody can guess: who knew it in advance could have it written into a
// file that a program in the sandbox sends on.
func (s shape) new() (string, error) {
	const alphabet = digits + upper + lower
	var b strings.Builder
	b.WriteString(s.prefix + mark)
	for range s.random {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", fmt.Errorf("make a placeholder: %w", err)
		}
		b.WriteByte(alphabet[i.Int64()])
	}
	b.WriteString(s.suffix)
	return b.String(), nil
}
