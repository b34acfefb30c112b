package tool

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// schema is the part of a tool's JSON Schema that its arguments are held to.
type schema struct {
	Properties map[string]property `json:"properties"`
	Required   []string            `json:"required"`
}

// property is one argument.
type property struct {
	Type     string   `json:"type"`
	Enum     []string `json:"enum"`
	Minimum  *int64   `json:"minimum"`
	Maximum  *int64   `json:"maximum"`
	MaxItems *int     `json:"maxItems"`
}

// unknown names what there is where nothing of it was meant: an agent that has to guess calls again and again.
func (s schema) unknown(name string) *Error {
	known := slices.Sorted(maps.Keys(s.Properties))
	e := BadArgument("unknown argument %q", clip(name)).mean(name, known)
	if e.DidYouMean == "" && len(known) > 0 {
		e.NextStep = "call the tool again with arguments it has: " + strings.Join(known, ", ")
	}
	return e
}

// check finds what a call says wrongly. An argument nobody knows is a mistake
// the caller should hear of, not one that silently does something else; names
// count as they are written, where encoding/json would take SANDBOX as well.
func (s schema) check(raw json.RawMessage) *Error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return BadArgument("arguments: want an object")
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		known, ok := s.Properties[name]
		if !ok {
			return s.unknown(name)
		}
		if problem := known.check(name, given[name]); problem != nil {
			return problem
		}
	}
	for _, name := range s.Required {
		if value, ok := given[name]; !ok || isNull(value) {
			return BadArgument("argument %q is missing", name)
		}
	}
	return nil
}

func isNull(value json.RawMessage) bool { return string(bytes.TrimSpace(value)) == "null" }

// check holds a value to the property; null is the same as absent.
func (p property) check(name string, value json.RawMessage) *Error {
	if isNull(value) {
		return nil
	}
	switch p.Type {
	case "integer":
		return p.number(name, value)
	case "string":
		return p.text(name, value)
	case "array":
		var items []json.RawMessage
		if json.Unmarshal(value, &items) != nil {
			return BadArgument("argument %q: want a list", name)
		}
		if p.MaxItems != nil && len(items) > *p.MaxItems {
			return BadArgument("argument %q: want at most %d, got %d", name, *p.MaxItems, len(items))
		}
	}
	return nil
}

func (p property) number(name string, value json.RawMessage) *Error {
	n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
	switch {
	case err != nil:
		return BadArgument("argument %q: want a whole number, got %s", name, clip(string(value)))
	case p.Minimum != nil && n < *p.Minimum:
		return BadArgument("argument %q: want at least %d, got %d", name, *p.Minimum, n)
	case p.Maximum != nil && n > *p.Maximum:
		return BadArgument("argument %q: want at most %d, got %d", name, *p.Maximum, n)
	}
	return nil
}

func (p property) text(name string, value json.RawMessage) *Error {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return BadArgument("argument %q: want a string, got %s", name, clip(string(value)))
	}
	if len(p.Enum) > 0 && !slices.Contains(p.Enum, text) {
		return BadArgument("argument %q: want one of %s, got %q", name, strings.Join(p.Enum, ", "), clip(text)).mean(text, p.Enum)
	}
	return nil
}
