package supervisor

import (
	"slices"

	"exeat/policy"
	"exeat/sandbox/confine"
)

// baseline is what a program needs to run at all: the merged /usr and, of /etc,
// what loaders, resolvers, shells and TLS libraries read. None of it is secret.
var (
	baselineUsr = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}
	baselineEtc = []string{
		"/etc/alternatives", "/etc/bash.bashrc", "/etc/bash_completion.d", "/etc/ca-certificates",
		"/etc/ca-certificates.conf", "/etc/crypto-policies", "/etc/debian_version", "/etc/ethertypes", "/etc/fonts",
		"/etc/gitconfig", "/etc/host.conf", "/etc/inputrc", "/etc/java-17-openjdk", "/etc/ld.so.cache",
		"/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/locale.alias", "/etc/locale.conf", "/etc/localtime",
		"/etc/magic", "/etc/mime.types", "/etc/os-release", "/etc/perl", "/etc/pki/ca-trust/extracted",
		"/etc/pki/tls/certs", "/etc/profile", "/etc/profile.d", "/etc/protocols", "/etc/python3", "/etc/rpc",
		"/etc/services", "/etc/shells", "/etc/skel", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/terminfo",
		"/etc/timezone", "/etc/vim", "/etc/wgetrc", "/etc/xdg",
	}
)

func (v *view) addBaseline(fs policy.Filesystem) {
	paths := baselineUsr
	if !slices.Contains(fs.ReadOnly, "/etc") && !slices.Contains(fs.ReadWrite, "/etc") {
		paths = slices.Concat(baselineUsr, baselineEtc)
	}
	for _, name := range paths {
		v.mounts = append(v.mounts, confine.Mount{Source: name, Target: name, ReadOnly: true, Optional: true})
		v.landlock.ReadOnly = append(v.landlock.ReadOnly, name)
	}
}
