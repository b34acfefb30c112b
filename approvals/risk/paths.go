package risk

import (
	"fmt"
	"slices"
	"strings"

	"exeat/policy"
)

// pathSentences say what files a change newly shows.
func pathSentences(base, candidate *policy.Policy) []string {
	readOnly, readWrite := policy.NewPaths(base, candidate)
	var out []string
	for _, name := range readOnly {
		out = append(out, fmt.Sprintf("every program may read %s and all below it, after a restart of the sandbox", name))
	}
	for _, name := range readWrite {
		out = append(out, fmt.Sprintf("every program may read and change %s and all below it, after a restart of the sandbox", name))
	}
	return out
}

// secretPlaces are names under which keys, tokens and passwords are kept. A path
// that leads to one, or lies in one, is what an attacker would ask for.
var secretPlaces = []string{
	".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".config", ".netrc", ".npmrc", ".pypirc", ".git-credentials",
	".password-store", ".mozilla", ".thunderbird", ".pki", ".local/share/keyrings", ".cargo/credentials.toml", ".terraform.d",
	".claude", ".codex", ".bash_history", ".zsh_history", "etc/shadow", "etc/sudoers", "etc/ssh", "etc/exeat",
}

// systemPlaces hold what belongs to no project.
var systemPlaces = []string{"/boot", "/etc", "/lib", "/opt", "/srv", "/usr", "/var"}

// paths looks at the files a change newly shows.
func (f *finder) paths() {
	readOnly, readWrite := policy.NewPaths(f.before, f.candidate)
	for _, name := range slices.Concat(readOnly, readWrite) {
		if place, ok := secretPlace(name); ok {
			f.add(SecretPath, High, "%s is where secrets are kept (%s): whatever is in it can be sent to every host that is allowed", name, place)
		}
		if slices.Contains(systemPlaces, name) {
			f.add(SystemPath, Medium, "%s is a directory of the system as a whole: name what is needed in it", name)
		}
	}
	for _, name := range readWrite {
		f.add(WritablePath, Medium, "the agent can change the files in %s; what the host runs or trusts there, it runs as you", name)
	}
}

func secretPlace(name string) (string, bool) {
	if user, ok := strings.CutPrefix(name, "/home/"); ok && !strings.Contains(user, "/") {
		return "a home directory", true
	}
	for _, place := range secretPlaces {
		if strings.Contains(name+"/", "/"+place+"/") {
			return place, true
		}
	}
	return "", false
}
