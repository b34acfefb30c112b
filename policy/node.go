package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxProblems bounds what a hostile document can make us print.
const maxProblems = 100

// walker visits a document strictly: what it does not know is a problem, and it
// goes on after one, so that a single run reports them all. It works on yaml
// nodes because decoding into Go values loses columns, forgets duplicate keys,
// and panics on "{{},<<}" (go-yaml/yaml#460), which an agent could propose.
type walker struct {
	file     string
	problems Problems
}

// place is where a problem is reported: a node of the document and its path.
type place struct {
	node *yaml.Node
	path string
}

// visit reads one value of a mapping.
type visit func(at place)

func (w *walker) add(at place, severity Severity, message, hint string) {
	switch {
	case len(w.problems) > maxProblems:
		return
	case len(w.problems) == maxProblems:
		message, hint, severity = "too many problems; the rest is not shown", "", SeverityError
	}
	w.problems = append(w.problems, Problem{
		File: w.file, Position: position(at.node), Path: at.path,
		Message: message, Hint: hint, Severity: severity,
	})
}

// fail reports an error; hint may be empty.
func (w *walker) fail(at place, hint, format string, args ...any) {
	w.add(at, SeverityError, fmt.Sprintf(format, args...), hint)
}

// warn reports what does not stop the policy from loading.
func (w *walker) warn(at place, hint, format string, args ...any) {
	w.add(at, SeverityWarning, fmt.Sprintf(format, args...), hint)
}

func position(n *yaml.Node) Position {
	if n == nil {
		return Position{}
	}
	return Position{Line: n.Line, Column: n.Column}
}

// object is a visited mapping: where it stands and where its fields stand.
type object struct {
	place
	read   bool // it is a mapping
	fields map[string]place
	meant  []string // known fields that unknown ones were taken for
}

func (o object) has(field string) bool {
	_, ok := o.fields[field]
	return ok
}

// lacks says whether a field is absent, and not only misspelt.
func (o object) lacks(field string) bool { return !o.has(field) && !slices.Contains(o.meant, field) }

// at is the place of a field's value, or of the whole object where it is absent.
func (o object) at(field string) place {
	if at, ok := o.fields[field]; ok {
		return at
	}
	return o.place
}

// object visits the pairs of a mapping, reporting keys that known does not have
// and keys that occur twice.
func (w *walker) object(at place, known map[string]visit) object {
	o := object{place: at, fields: map[string]place{}}
	o.read = w.pairs(at, func(key *yaml.Node, value place) {
		read, ok := known[key.Value]
		if !ok {
			o.meant = append(o.meant, w.unknown(place{key, value.path}, key.Value, known))
			return
		}
		o.fields[key.Value] = value
		read(value)
	})
	return o
}

// pairs visits the pairs of a mapping whose keys are names of the author's own.
func (w *walker) pairs(at place, each func(key *yaml.Node, value place)) bool {
	if !w.is(at, yaml.MappingNode, "a mapping") {
		return false
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(at.node.Content); i += 2 {
		key, value := at.node.Content[i], at.node.Content[i+1]
		inner := place{value, join(at.path, key.Value)}
		if !w.key(place{key, at.path}) {
			continue
		}
		if line, twice := seen[key.Value]; twice {
			w.fail(place{key, inner.path}, "", "already set on line %d", line)
			continue
		}
		seen[key.Value] = key.Line
		each(key, inner)
	}
	return true
}

// key tells a plain name from the keys YAML also allows.
func (w *walker) key(at place) bool {
	switch {
	case at.node.Tag == "!!merge" || at.node.Value == "<<":
		w.fail(at, "write the fields out", "merge keys are not allowed in a policy")
		return false
	case !w.plain(at):
		return false
	case at.node.Kind != yaml.ScalarNode:
		w.fail(at, "", "want a name as key, got %s", kindName(at.node))
		return false
	}
	return true
}

// unknown reports a key nobody reads: one that is never supported, or a typing
// mistake; then it returns the known name that was probably meant.
func (w *walker) unknown(at place, name string, known map[string]visit) string {
	if why, ok := neverSupported[name]; ok {
		w.fail(at, why.hint, "is not supported: %s", why.reason)
		return ""
	}
	names := slices.Sorted(maps.Keys(known))
	meant := nearest(name, names)
	if meant == "" {
		w.fail(at, "known are "+strings.Join(names, ", "), "unknown field")
	} else {
		w.fail(at, didYouMean(name, names), "unknown field")
	}
	return meant
}

// maxItems bounds a list, since some are compared item by item with another.
const maxItems = 4096

// list visits the items of a sequence.
func (w *walker) list(at place, each func(at place)) {
	if !w.is(at, yaml.SequenceNode, "a list") {
		return
	}
	if len(at.node.Content) > maxItems {
		w.fail(at, "", "the list has %d items, more than %d", len(at.node.Content), maxItems)
		return
	}
	for i, item := range at.node.Content {
		each(place{item, at.path + "[" + strconv.Itoa(i) + "]"})
	}
}

// is checks the kind of a node, and that it is nothing clever.
func (w *walker) is(at place, kind yaml.Kind, want string) bool {
	if !w.plain(at) {
		return false
	}
	if at.node.Kind != kind {
		w.fail(at, "", "want %s, got %s", want, kindName(at.node))
		return false
	}
	return true
}

// plain refuses what makes one text mean another: aliases (a few lines can
// stand for gigabytes), anchors and explicit tags.
func (w *walker) plain(at place) bool {
	switch {
	case at.node.Kind == yaml.AliasNode || at.node.Anchor != "":
		w.fail(at, "write the value out", "anchors and aliases are not allowed in a policy")
		return false
	case at.node.Style&yaml.TaggedStyle != 0:
		w.fail(at, "", "tags such as %s are not allowed in a policy", strconv.QuoteToASCII(shorten(at.node.Tag)))
		return false
	}
	return true
}
