package credential

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Attachment is a provider of a sandbox and its secret.
type Attachment struct {
	Provider Provider
	Secret   Value
}

// Injector exchanges the placeholders of one sandbox. It is safe for concurrent use; a request that is
// under way keeps the secrets it began with. A nil Injector has no providers.
type Injector struct {
	changing sync.Mutex // held while the next state is made
	now      atomic.Pointer[state]
}

// state is what an Injector knows at one moment; it never changes.
type state struct {
	bindings []binding
	signs    *signs // of placeholders, in what goes out
	swaps    *swaps // of secrets, in what comes back
}

// binding is one provider in one sandbox.
type binding struct {
	provider    Provider
	profile     Profile
	places      []place
	narrows     bool // it was detached, which nobody has to sign, so that no other credential may take its place
	placeholder string
	secret      Value
	past        []Value // the secrets before this one, which an answer may still repeat
	detached    bool
}

// NewInjector makes the placeholders for the providers of one sandbox. Two providers that want the
// same variable are an error with a hint: one would silently hide the other.
func NewInjector(attached ...Attachment) (*Injector, error) {
	in := &Injector{}
	in.now.Store(&state{})
	for _, a := range attached {
		if err := in.Attach(a); err != nil {
			return nil, err
		}
	}
	return in, nil
}

func bind(a Attachment) (binding, error) {
	if err := a.Provider.check(); err != nil {
		return binding{}, err
	}
	profile, err := ProfileOf(a.Provider.Type)
	if err != nil {
		return binding{}, err
	}
	if a.Secret.Reveal() == "" {
		return binding{}, fmt.Errorf("attach provider %q: %w", a.Provider.Name, ErrNoSecret)
	}
	b := binding{provider: a.Provider, profile: profile, secret: a.Secret}
	b.places = placesOf(a.Provider)
	b.placeholder, err = profile.shapeOf(a.Secret).new()
	return b, err
}

// placesOf are those of a provider that was checked.
func placesOf(p Provider) []place {
	var places []place
	for _, h := range p.Hosts {
		if one, ok := parsePlace(h); ok {
			places = append(places, one)
		}
	}
	return places
}

// bindings are those of the moment.
func (in *Injector) bindings() []binding { return in.state().bindings }

func (in *Injector) state() *state {
	if in == nil {
		return &state{}
	}
	return in.now.Load()
}

// Env returns the variables of the sandbox, each with its placeholder.
func (in *Injector) Env() map[string]string {
	env := map[string]string{}
	for _, b := range in.bindings() {
		if b.detached {
			continue
		}
		for _, v := range b.provider.Variables {
			env[v] = b.placeholder
		}
	}
	return env
}

// Hosts returns the names of the hosts that a credential may go to, sorted.
func (in *Injector) Hosts() []string {
	hosts := map[string]bool{}
	for _, b := range in.bindings() {
		if b.detached {
			continue
		}
		for _, p := range b.places {
			hosts[p.host] = true
		}
	}
	return slices.Sorted(maps.Keys(hosts))
}

// owns tells whether a request to d is one for the binding's secret.
func (b binding) owns(d destination) bool {
	return !b.detached && slices.ContainsFunc(b.places, func(p place) bool { return p.contains(d) })
}

// Exposed tells whether the host of to, HOST[:PORT], may show a secret to requests without one: because the provider's
// type puts it where servers keep what they are sent, or, with fills, because a policy has it put into bodies.
func (in *Injector) Exposed(to string, fills bool) bool {
	d := destinationOf(to, nil)
	return slices.ContainsFunc(in.bindings(), func(b binding) bool {
		return (fills || b.profile.headers == nil) && b.names(d.host)
	})
}

// names tells whether the host is the provider's, whatever port and path, or was before it was detached.
func (b binding) names(host string) bool {
	return slices.ContainsFunc(b.places, func(p place) bool { return p.host == host })
}

// guards tells whether no other credential may go to the host: while the provider is attached, and after it was detached.
func (b binding) guards(host string) bool {
	return b.names(host) && (!b.detached || b.narrows)
}
