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

	Limits       store.Limits `json:"limits,omitzero"`
	AllowSockets bool         `json:"allow_sockets,omitempty"` // unix sockets of the host in mounted directories may be reached
	Observe      string       `json:"observe,omitempty"`       // which refused file accesses are recorded
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

		AllowSockets: spec.AllowSockets,
		Observe:      spec.Observe,
	}
	if spec.Program != nil {
		a.Program = spec.Program.Source + "\x00" + spec.Program.Link
	}
	for _, approver := range spec.Approvers {
		a.Approvers = append(a.Approvers, Fingerprint(approver.Public)+" "+approver.Strength)
	}
	slices.Sort(a.Approvers)
	return a
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
