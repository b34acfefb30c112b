package credential

import (
	"fmt"
	"slices"
	"strconv"
)

// Setting is one line of git configuration.
type Setting struct{ Key, Value string }

// GitConfig returns the settings that make git use the providers' credentials, so that a push works
// without the agent doing anything. Helpers set elsewhere are switched off for these hosts: they would
// ask for, and store, something that is not in the sandbox.
func (in *Injector) GitConfig() []Setting {
	var settings []Setting
	for _, b := range in.bindings() {
		if b.detached || !b.profile.git || len(b.provider.Variables) == 0 {
			continue
		}
		for _, p := range b.places {
			if slices.Contains(b.profile.notGit, p.host) {
				continue
			}
			key := "credential.https://" + p.authority() + ".helper"
			settings = append(settings, Setting{key, ""}, Setting{key, gitHelper(b.provider.Variables[0])})
		}
	}
	return settings
}

// gitHelper is a credential helper for the shell that git runs it in. It reads the variable when it is
// asked, so a user's own export in the sandbox counts.
func gitHelper(variable string) string {
	return fmt.Sprintf(`!f() { test "$1" = get && printf 'username=x-access-token\npassword=%%s\n' "$%s"; }; f`, variable)
}

// GitEnv returns settings as the variables that git reads them from (GIT_CONFIG_COUNT, git-config(1)).
// No file is written and none can be forgotten.
func GitEnv(settings []Setting) map[string]string {
	env := map[string]string{}
	if len(settings) == 0 {
		return env
	}
	env["GIT_CONFIG_COUNT"] = strconv.Itoa(len(settings))
	for i, s := range settings {
		env["GIT_CONFIG_KEY_"+strconv.Itoa(i)] = s.Key
		env["GIT_CONFIG_VALUE_"+strconv.Itoa(i)] = s.Value
	}
	return env
}
