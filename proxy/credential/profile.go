package credential

import (
	"fmt"
	"slices"
	"strings"
)

// Profile is what a type of provider knows by itself.
type Profile struct {
	Type string
	// Variables are where programs look for the secret, the first one first; --from-existing reads them
	// in this order.
	Variables []string
	// Hosts are those of the service, as HOST[:PORT][/PATH]; empty where the user has to name them.
	Hosts []string
	// Login is the file, below the home directory, in which the service's own program keeps its login,
	// and LoginKey the names that lead to the secret in its JSON. Empty: there is none.
	Login    string
	LoginKey []string
	// AccountKey leads to whose login it is, for a type whose programs need to know.
	AccountKey []string
	// Note is what a user should know about the type, as a sentence; mostly empty.
	Note string

	headers []string                                    // that carry the secret; nil means any
	query   []string                                    // parameters that carry it; where headers is nil, any
	notGit  []string                                    // of the hosts, those without git repositories
	git     bool                                        // the service speaks git over HTTPS
	shapes  []shape                                     // of its kinds of secrets; the first is that of any other
	login   func(token, account string) ([]byte, error) // the login file of a sandbox; nil: variables are enough
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
