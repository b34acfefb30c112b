package cmd

import (
	"encoding/json"
	"fmt"
	"strings"

	"exeat/proxy/credential"
	"exeat/store"
)

// loginSecret reads the secret out of the file in which a service's own program keeps its login, and
// whose it is.
func loginSecret(p *store.Provider) (credential.Value, error) {
	profile, err := credential.ProfileOf(p.Type)
	if err != nil {
		return credential.Value{}, err
	}
	path := p.Source.Path
	text, err := readSmall(path)
	if err != nil {
		return credential.Value{}, &hintError{err, "log in with " + p.Type + " on this machine first"}
	}
	var login any
	if json.Unmarshal(text, &login) != nil { // its error would quote the file
		return credential.Value{}, fmt.Errorf("%s is not JSON", path)
	}
	secret, ok := dig(login, profile.LoginKey)
	if !ok {
		return credential.Value{}, fmt.Errorf("%s has no %s", path, strings.Join(profile.LoginKey, "."))
	}
	if err := sameAccount(p, login, profile.AccountKey); err != nil {
		return credential.Value{}, err
	}
	return valueOf(path, secret)
}

// sameAccount notes whose login it is. Sandboxes were told, so that a login of somebody else is another
// provider.
func sameAccount(p *store.Provider, login any, key []string) error {
	if len(key) == 0 {
		return nil
	}
	account, ok := dig(login, key)
	if !ok {
		return fmt.Errorf("%s has no %s", p.Source.Path, strings.Join(key, "."))
	}
	if p.Account != "" && p.Account != account {
		return &hintError{
			fmt.Errorf("the login in %s is of another account than provider %q", p.Source.Path, p.Name),
			"make another provider: exeat provider create --name my-other-" + p.Type + " --type " + p.Type + " --from-existing",
		}
	}
	p.Account = account
	return nil
}

// dig follows names into nested JSON objects to a text.
func dig(node any, names []string) (string, bool) {
	for _, name := range names {
		object, _ := node.(map[string]any)
		node = object[name]
	}
	text, ok := node.(string)
	return text, ok && text != ""
}
