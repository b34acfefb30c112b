package credential

import (
	"fmt"
	"maps"
	"slices"
)

// Attachment is a provider of a sandbox and its secret.
type Attachment struct {
	Provider Provider
	Secret   Value
}

// Injector exchanges the placeholders of one sandbox. It is immutable and safe for concurrent use; a
// nil Injector has no providers.
type Injector struct {
	bindings []binding
}

// binding is one provider in one sandbox.
type binding struct {
	provider    Provider
	profile     Profile
	placeholder string
	secret      Value
}

// NewInjector makes the placeholders for the providers of one sandbox. Two providers that want the
// same variable are an error with a hint: one would silently hide the other.
func NewInjector(attached ...Attachment) (*Injector, error) {
	in, owner := &Injector{}, map[string]string{}
	for _, a := range attached {
		b, err := bind(a)
		if err != nil {
			return nil, err
		}
		for _, v := range a.Provider.Variables {
			if other, taken := owner[v]; taken {
				return nil, &Error{
					Text:   fmt.Sprintf("providers %q and %q both set %s", other, a.Provider.Name, v),
					Advice: "attach only one of them",
				}
			}
			owner[v] = a.Provider.Name
		}
		in.bindings = append(in.bindings, b)
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
	placeholder, err := profile.placeholder.new()
	return binding{a.Provider, profile, placeholder, a.Secret}, err
}

// Env returns the variables of the sandbox, each with its placeholder.
func (in *Injector) Env() map[string]string {
	env := map[string]string{}
	if in == nil {
		return env
	}
	for _, b := range in.bindings {
		for _, v := range b.provider.Variables {
			env[v] = b.placeholder
		}
	}
	return env
}

// Hosts returns the hosts that a credential may go to, sorted.
func (in *Injector) Hosts() []string {
	hosts := map[string]bool{}
	if in == nil {
		return nil
	}
	for _, b := range in.bindings {
		for _, h := range b.provider.Hosts {
			hosts[h] = true
		}
	}
	return slices.Sorted(maps.Keys(hosts))
}

func (b binding) owns(host string) bool { return slices.Contains(b.provider.Hosts, host) }
