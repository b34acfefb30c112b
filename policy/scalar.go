package policy

import (
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// text reads a string. A number or truth value is refused rather than
// turned into one, since YAML has already changed it ("1e3", "0x10").
func (w *walker) text(dst *string) visit {
	return func(at place) { *dst, _ = w.scalar(at) }
}

func (w *walker) scalar(at place) (string, bool) {
	if !w.is(at, yaml.ScalarNode, "a string") {
		return "", false
	}
	switch at.node.ShortTag() {
	case "!!str":
		return at.node.Value, true
	case "!!null":
		w.fail(at, "", "want a string, got nothing")
	default:
		w.fail(at, "write it in quotes", "want a string, got %s", kindName(at.node))
	}
	return "", false
}

func (w *walker) flag(dst *bool) visit {
	return func(at place) {
		if !w.is(at, yaml.ScalarNode, "true or false") {
			return
		}
		switch at.node.Value {
		case "true", "false":
			if at.node.ShortTag() == "!!bool" {
				*dst = at.node.Value == "true"
				return
			}
		}
		w.fail(at, "", "want true or false, got %s", kindName(at.node))
	}
}

// number reads a decimal number between least and most.
func (w *walker) number(dst *int, what string, least, most int) visit {
	return func(at place) {
		if !w.is(at, yaml.ScalarNode, what) {
			return
		}
		n, err := strconv.Atoi(at.node.Value)
		if err != nil || at.node.ShortTag() != "!!int" || strconv.Itoa(n) != at.node.Value {
			w.fail(at, "", "want %s, got %s", what, kindName(at.node))
			return
		}
		if n < least || n > most {
			w.fail(at, "", "%d is out of range: want %s from %d to %d", n, what, least, most)
			return
		}
		*dst = n
	}
}

// texts reads a list of strings, none of them twice.
func (w *walker) texts(dst *[]string) visit {
	return func(at place) {
		w.list(at, func(item place) {
			s, ok := w.scalar(item)
			switch {
			case !ok:
			case slices.Contains(*dst, s):
				w.fail(item, "", "%s is listed twice", strconv.Quote(shorten(s)))
			default:
				*dst = append(*dst, s)
			}
		})
	}
}

// matcher reads what query values and tool names are matched with: one glob, or
// {any: [globs]}.
func (w *walker) matcher(at place) []string {
	if at.node.Kind == yaml.SequenceNode {
		w.fail(at, "write { any: [...] }", "want a pattern or any of several, got a list")
		return nil
	}
	if at.node.Kind != yaml.MappingNode {
		if s, ok := w.scalar(at); ok {
			return []string{s}
		}
		return nil
	}
	var globs []string
	o := w.object(at, map[string]visit{"any": w.texts(&globs)})
	if len(globs) == 0 && !w.failedWithin(at.path) {
		w.fail(o.at("any"), "", "needs at least one pattern, else it matches nothing")
	}
	return globs
}

// failedWithin says whether something below path has been reported already, so
// that one mistake is not reported as two.
func (w *walker) failedWithin(path string) bool {
	return slices.ContainsFunc(w.problems, func(p Problem) bool {
		rest, ok := strings.CutPrefix(p.Path, path)
		return ok && p.Severity == SeverityError && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// oneOf checks a word against the words that mean something.
func (w *walker) oneOf(at place, what, got string, known ...string) bool {
	if slices.Contains(known, got) {
		return true
	}
	hint := didYouMean(got, known)
	if hint == "" {
		hint = "one of " + strings.Join(known, ", ")
	}
	w.fail(at, hint, "unknown %s %s", what, strconv.Quote(shorten(got)))
	return false
}
