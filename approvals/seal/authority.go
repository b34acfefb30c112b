package seal

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"exeat/policy"
	"exeat/store"
)

// IsolationFull says that every mechanism is in force; nothing less can be asked for yet.
const IsolationFull = "full"

// Authority is everything a sandbox may do, of which its policy is one part.
// Its digest is signed, so that a signature for one set-up is worth nothing in
// another: the same policy with a second credential or another directory
// mounted is more than the approver saw.
type Authority struct {
	Policy    string     `json:"policy"` // policy.Policy.Digest
	Static    string     `json:"static"` // policy.Policy.StaticDigest
	Workdir   string     `json:"workdir"`
	Program   string     `json:"program"` // host path of the agent's program and the name it is linked as
	Env       []string   `json:"env"`     // names, sorted
	Providers []Provider `json:"providers"`
	HostPorts []int      `json:"host_ports"`
	Approvers []string   `json:"approvers"` // fingerprint and strength, sorted
	Frozen    bool       `json:"frozen"`
	Isolation string     `json:"isolation"`

	Limits store.Limits `json:"limits,omitzero"`
	// Tools are what was found below the home directory. The statements of
	// sandboxes without any stay what they were.
	Tools []store.Tool `json:"tools,omitempty"`
	// Repo is whose objects the sandbox reads. It is left out where there is none, as
	// it was before there could be one.
	Repo         *store.Repo `json:"repo,omitempty"`
	AllowSockets bool        `json:"allow_sockets,omitempty"` // unix sockets of the host in mounted directories may be reached
	Observe      string      `json:"observe,omitempty"`       // which refused file accesses are recorded
}

// Provider is a credential that reaches certain hosts.
type Provider struct {
	Name  string   `json:"name"`
	Type  string   `json:"type"`
	Hosts []string `json:"hosts"`
}

// AuthorityOf is the authority of a sandbox made to spec under policy p.
func AuthorityOf(spec store.Spec, p *policy.Policy) Authority {
	a := Authority{
		Policy:    p.Digest(),
		Static:    p.StaticDigest(),
		Workdir:   spec.Workdir,
		Env:       sorted(spec.EnvNames),
		Providers: providersOf(spec.Providers),
		HostPorts: sorted(spec.HostPorts),
		Approvers: []string{},
		Frozen:    spec.Frozen,
		Isolation: IsolationFull,
		Limits:    spec.Limits,
		Program:   programOf(spec.Program),
		Tools:     spec.Tools,
		Repo:      spec.Repo,

		AllowSockets: spec.AllowSockets,
		Observe:      spec.Observe,
	}
	for _, approver := range spec.Approvers {
		a.Approvers = append(a.Approvers, Fingerprint(approver.Public)+" "+approver.Strength)
	}
	slices.Sort(a.Approvers)
	return a
}

// programOf is everything about the program in one string; a part that is not
// there adds nothing, as in statements from before there were more than two.
func programOf(p *store.Program) string {
	if p == nil {
		return ""
	}
	text := p.Source + "\x00" + p.Link
	if len(p.Show)+len(p.Bin) > 0 || p.Interpreter+p.Runs != "" {
		text += "\x00show\x00" + strings.Join(p.Show, "\x00") + "\x00bin\x00" + strings.Join(p.Bin, "\x00") + "\x00run by\x00" + p.Interpreter + "\x00" + p.Runs
	}
	return text
}

// Digest is the lower hex SHA-256 of the authority in a fixed order.
func (a Authority) Digest() string {
	text, err := json.Marshal(a)
	if err != nil {
		panic("seal: authority cannot be encoded: " + err.Error()) // strings and numbers always can
	}
	return Digest(text)
}

func providersOf(refs []store.ProviderRef) []Provider {
	out := []Provider{}
	for _, ref := range refs {
		out = append(out, Provider{Name: ref.Name, Type: ref.Type, Hosts: sorted(ref.Hosts)})
	}
	slices.SortFunc(out, func(a, b Provider) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// sorted copies a list without repetitions; it is never nil, because an absent
// list and an empty one mean the same and must have one encoding.
func sorted[T cmp.Ordered](list []T) []T {
	out := append([]T{}, list...)
	slices.Sort(out)
	return slices.Compact(out)
}
