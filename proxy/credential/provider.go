package credential

import (
	"fmt"
	"slices"
	"strings"
)

// Provider says what a secret is for. It never contains the secret.
type Provider struct {
	Name      string   // also the name of the secret's file
	Type      string   // one of Types
	Variables []string // set to the placeholder in the sandbox
	Account   string   // of a login: whose it is, which is no secret
	Hosts     []string // where the secret may be sent, as HOST[:PORT][/PATH]; without a port it is 443
}

// Equal tells whether two are the same in every part.
func (p Provider) Equal(o Provider) bool {
	return p.Name == o.Name && p.Type == o.Type && p.Account == o.Account && slices.Equal(p.Variables, o.Variables) && slices.Equal(p.Hosts, o.Hosts)
}

// Options is what a user may say about a new provider beyond its name and type.
type Options struct {
	// Variable is the variable that the secret was read from, if the user named one.
	Variable string
	// Hosts replaces the hosts of the type: a token of another server must not be sent to the usual one.
	Hosts []string
}

// NewProvider returns a provider of a type. Errors carry a hint.
func NewProvider(name, typ string, o Options) (Provider, error) {
	if err := CheckName(name); err != nil {
		return Provider{}, err
	}
	p, err := ProfileOf(typ)
	if err != nil {
		return Provider{}, err
	}
	if len(o.Hosts) == 0 && len(p.Hosts) == 0 {
		return Provider{}, &Error{
			Text:   fmt.Sprintf("a provider of type %s needs the hosts its secret is for", typ),
			Advice: "name them: --host api.example.com   (with :PORT for another than 443, and /PATH to bind it to one)",
		}
	}
	if slices.Contains(signing, o.Variable) {
		return Provider{}, &Error{
			Text:   o.Variable + " signs requests to AWS (SigV4), and no placeholder can: the signature is made inside the sandbox",
			Advice: "use a bearer key of Bedrock: --type aws --credential AWS_BEARER_TOKEN_BEDROCK --host bedrock-runtime.REGION.amazonaws.com",
		}
	}
	if o.Variable == "" && len(p.Variables) == 0 && p.login == nil {
		return Provider{}, &Error{
			Text:   fmt.Sprintf("a provider of type %s needs the variable that holds its secret", typ),
			Advice: "name it: --credential API_KEY",
		}
	}
	return p.provider(name, o)
}

func (p Profile) provider(name string, o Options) (Provider, error) {
	variables, hosts := slices.Clone(p.Variables), slices.Clone(p.Hosts)
	if o.Variable != "" && !slices.Contains(variables, o.Variable) {
		variables = append(variables, o.Variable)
	}
	if len(o.Hosts) > 0 {
		hosts = nil
	}
	for _, h := range o.Hosts {
		if h = canonicalPlace(h); !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	n := Provider{Name: name, Type: p.Type, Variables: variables, Hosts: hosts}
	return n, n.check()
}

// CheckName refuses a provider name that could not be a file name everywhere. The error carries a hint.
func CheckName(name string) error {
	const inner = lower + digits + "._-"
	if consists(name, inner, 63) && strings.ContainsRune(lower+digits, rune(name[0])) {
		return nil
	}
	return &Error{
		Text:   fmt.Sprintf("%q is not a provider name", name),
		Advice: "use lower-case letters, digits, '.', '_' and '-', for example my-github",
	}
}

// reserved are variables that decide which programs run or what they trust: a placeholder there would
// break the sandbox in ways that are hard to see.
var reserved = []string{"PATH", "HOME", "SHELL", "USER", "TERM", "PWD", "LD_PRELOAD", "LD_LIBRARY_PATH", "SSL_CERT_FILE"}

// signing are variables whose secret never travels.
var signing = []string{"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"}

// check holds providers from a store to the same rules as new ones.
func (p Provider) check() error {
	if err := CheckName(p.Name); err != nil {
		return err
	}
	for _, v := range p.Variables {
		if !isVariable(v) || slices.Contains(reserved, v) || strings.HasPrefix(v, "GIT_CONFIG") {
			return &Error{
				Text:   fmt.Sprintf("provider %q: %q cannot be the variable of a secret", p.Name, v),
				Advice: "name a variable such as API_KEY; its value is read from the environment",
			}
		}
	}
	for _, h := range p.Hosts {
		if _, ok := parsePlace(h); !ok || h != canonicalPlace(h) {
			return &Error{
				Text:   fmt.Sprintf("provider %q: %q is not a host a secret can be for", p.Name, h),
				Advice: "name exact hosts, without scheme or wildcard: --host api.example.com, or api.example.com:8443/v1",
			}
		}
	}
	return nil
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// consists tells whether s has 1 to most bytes, all of them from set.
func consists(s, set string, most int) bool {
	return s != "" && len(s) <= most && strings.Trim(s, set) == ""
}

func isVariable(s string) bool {
	return consists(s, lower+upper+digits+"_", 128) && !strings.ContainsRune(digits, rune(s[0]))
}

// isHost accepts names in canonical form only.
func isHost(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if !consists(label, lower+digits+"_-", 63) || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return len(s) <= 253
}

// canonicalHost compares as policy does: lower case, no trailing dot.
func canonicalHost(h string) string {
	return strings.ToLower(strings.TrimSuffix(h, "."))
}
