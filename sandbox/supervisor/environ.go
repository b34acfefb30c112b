package supervisor

import (
	"maps"
	"slices"
	"strings"
)

const (
	bundlePath = "/exeat/ca-bundle.pem"
	// execPath ends with /exeat/bin: nothing of ours shadows a program of the machine.
	execPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/sandbox/.local/bin:/exeat/bin"
)

// bundleVariables make the programs that do not read the machine's bundle read
// ours. Both are needed: wget knows only files, node only its variable.
var bundleVariables = []string{
	"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS",
	"PIP_CERT", "DENO_CERT", "AWS_CA_BUNDLE", "CARGO_HTTP_CAINFO", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
	"HTTPLIB2_CA_CERTS", "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
}

// environment is everything a program in the sandbox finds in its environment.
// It is built from nothing: what the user's shell has exported stays outside.
// Later layers win: --env over placeholders over the baseline.
func environment(name, shell string, layers ...map[string]string) []string {
	env := map[string]string{
		"PATH": execPath, "HOME": homePath, "USER": userName, "LOGNAME": userName, "SHELL": shell,
		"TERM": "xterm-256color", "LANG": "C.UTF-8", "EXEAT_SANDBOX": name,
		"GIT_CONFIG_SYSTEM": gitConfigPath,
	}
	for _, variable := range bundleVariables {
		env[variable] = bundlePath
	}
	for _, layer := range layers {
		maps.Copy(env, layer)
	}
	list := make([]string, 0, len(env))
	for _, variable := range slices.Sorted(maps.Keys(env)) {
		list = append(list, variable+"="+env[variable])
	}
	return list
}

// withExtra adds a program's own variables; TERM of the caller's terminal, for one.
func withExtra(env, extra []string) []string {
	merged := map[string]string{}
	for _, entry := range append(slices.Clone(env), extra...) {
		if variable, value, ok := strings.Cut(entry, "="); ok {
			merged[variable] = value
		}
	}
	list := make([]string, 0, len(merged))
	for _, variable := range slices.Sorted(maps.Keys(merged)) {
		list = append(list, variable+"="+merged[variable])
	}
	return list
}
