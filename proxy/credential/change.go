package credential

import (
	"fmt"
	"slices"
)

// keptSecrets is how many earlier secrets of a provider are still masked: those of a stream that began under one and
// outlives it, where each lasts for an hour, say.
const keptSecrets = 16

// Attach adds a provider. Its placeholder is new; variables of programs that run already stay what
// they are. Errors carry a hint.
func (in *Injector) Attach(a Attachment) error {
	in.changing.Lock()
	defer in.changing.Unlock()
	var keep []string
	for _, p := range in.Providers() {
		keep = append(keep, p.Name)
	}
	commit, err := in.Prepare(keep, in.guarding(), a)
	if err == nil {
		commit()
	}
	return err
}

// Lends tells whether a provider of that name is attached.
func (in *Injector) Lends(name string) bool {
	return slices.ContainsFunc(in.bindings(), func(b binding) bool { return b.provider.Name == name && !b.detached })
}

// guarding are the detached providers whose hosts take no other credential.
func (in *Injector) guarding() []Provider {
	var gone []Provider
	for _, b := range in.bindings() {
		if b.narrows {
			gone = append(gone, b.provider)
		}
	}
	return gone
}

// collides refuses two providers that want the same name or variable.
func (b binding) collides(added binding) error {
	if b.detached {
		return nil
	}
	if b.provider.Name == added.provider.Name {
		return &Error{Text: fmt.Sprintf("provider %q is attached already", b.provider.Name)}
	}
	for _, v := range added.provider.Variables {
		if slices.Contains(b.provider.Variables, v) {
			return &Error{
				Text:   fmt.Sprintf("providers %q and %q both set %s", b.provider.Name, added.provider.Name, v),
				Advice: "attach only one of them",
			}
		}
	}
	return nil
}

// Rotate gives a provider another secret; the placeholder stays, so that running programs have the new
// one with their next request.
func (in *Injector) Rotate(name string, secret Value) error {
	return in.edit(name, func(b *binding) {
		if b.secret.Reveal() == secret.Reveal() {
			return
		}
		b.past = slices.Insert(slices.Clone(b.past), 0, b.secret)
		b.past, b.secret = b.past[:min(len(b.past), keptSecrets)], secret
	})
}

// Detach takes a provider's secret away. Its placeholder is refused everywhere from then on, and what
// its secret was is still masked. Nobody has to sign that, so it widens nothing: the provider's hosts take no other
// credential until a signature says so.
func (in *Injector) Detach(name string) error {
	return in.edit(name, func(b *binding) { b.detached, b.narrows = true, true })
}

// edit changes the binding of an attached provider.
func (in *Injector) edit(name string, f func(*binding)) error {
	return in.change(func(all []binding) ([]binding, error) {
		i := slices.IndexFunc(all, func(b binding) bool { return b.provider.Name == name && !b.detached })
		if i < 0 {
			return nil, &Error{Text: fmt.Sprintf("provider %q is not attached", name)}
		}
		f(&all[i])
		return all, nil
	})
}

// Providers are those attached now.
func (in *Injector) Providers() []Provider {
	var attached []Provider
	for _, b := range in.bindings() {
		if !b.detached {
			attached = append(attached, b.provider)
		}
	}
	return attached
}

// Prepare makes ready that of the providers attached now only those named stay, and that others join
// them. Gone are those that were signed for and detached since, see Detach. Nothing has changed until commit is called,
// which cannot fail; whoever calls keeps other changes from happening between the two.
func (in *Injector) Prepare(keep []string, gone []Provider, added ...Attachment) (commit func(), err error) {
	bindings := slices.Clone(in.bindings())
	for i, b := range bindings {
		if bindings[i].narrows = false; !b.detached && !slices.Contains(keep, b.provider.Name) {
			bindings[i].detached = true
		}
	}
	for _, p := range gone {
		if bindings, err = guard(bindings, p); err != nil {
			return nil, err
		}
	}
	for _, a := range added {
		b, err := bind(a)
		if err != nil {
			return nil, err
		}
		for _, other := range bindings {
			if err := other.collides(b); err != nil {
				return nil, err
			}
		}
		bindings = append(bindings, b)
	}
	next := newState(bindings)
	return func() { in.now.Store(next) }, nil
}

// guard keeps other credentials from the hosts of a provider that is detached, or was before this process began.
func guard(bindings []binding, p Provider) ([]binding, error) {
	for i, b := range bindings {
		if b.detached && b.provider.Equal(p) {
			bindings[i].narrows = true
			return bindings, nil
		}
	}
	nobodys, err := (shape{length: 40}).new()
	return append(bindings, binding{provider: p, places: placesOf(p), placeholder: nobodys, detached: true, narrows: true}), err
}

// change puts the next state in the place of the one before, with a copy to work on.
func (in *Injector) change(f func([]binding) ([]binding, error)) error {
	in.changing.Lock()
	defer in.changing.Unlock()
	bindings, err := f(slices.Clone(in.bindings()))
	if err != nil {
		return err
	}
	in.now.Store(newState(bindings))
	return nil
}

// maxDetached is how many detached providers are remembered: what each request is looked through for must not grow.
const maxDetached = 32

// forget drops the oldest detached providers beyond that.
func forget(bindings []binding) []binding {
	detached := 0
	for _, b := range bindings {
		if b.detached && !b.narrows {
			detached++
		}
	}
	return slices.DeleteFunc(bindings, func(b binding) bool {
		if !b.detached || b.narrows || detached <= maxDetached {
			return false
		}
		detached--
		return true
	})
}

func newState(bindings []binding) *state {
	bindings = forget(bindings)
	return &state{bindings: bindings, signs: signsOf(bindings...), swaps: swapsOf(bindings)}
}
