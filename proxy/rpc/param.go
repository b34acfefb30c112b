package rpc

import (
	"strings"

	"exeat/proxy/strictjson"
)

// Bare is the call without its parameters, which take many times the bytes that they were read from.
func (c Call) Bare() Call {
	return Call{Method: c.Method, ID: c.ID, Tool: c.Tool}
}

// Param is the string at a dotted path, such as "params.name" or "params.arguments.repo.owner". ok is
// false where there is none, and where [Call.Unclear] says that servers may differ about it.
func (c Call) Param(path string) (value string, ok bool) {
	r := c.at(path)
	if r.others || len(r.texts) != 1 {
		return "", false
	}
	return r.texts[0], true
}

// Unclear reports whether a server may find something at path that [Call.Param] cannot give: another
// kind of value, a key in other letters ("Repo" for "repo", which encoding/json of Go accepts), the path
// as one key with dots in it, or parameters by position. A rule that denies by this parameter must take
// such a call as one that it denies, or it is evaded by writing the value in another way.
func (c Call) Unclear(path string) bool {
	r := c.at(path)
	return r.others || len(r.texts) > 1
}

// reading is what lies at a path, by every way of walking there.
type reading struct {
	texts  []string
	others bool
}

func (c Call) at(path string) *reading {
	r := &reading{}
	if below, ok := strings.CutPrefix(path, "params."); ok {
		r.walk(c.params, strings.Split(below, "."))
	}
	return r
}

// walk takes null for absent, as a parameter that is left out is often sent.
func (r *reading) walk(v strictjson.Value, path []string) {
	switch text, isText := v.Text(); {
	case v.Kind() == strictjson.Absent || v.Kind() == strictjson.Null:
	case isText && len(path) == 0:
		r.texts = append(r.texts, text)
	case len(path) == 0 || v.Kind() != strictjson.Object:
		r.others = true
	default:
		r.fields(v, path)
	}
}

// fields tries each beginning of path as a key: keys may have dots in them.
func (r *reading) fields(v strictjson.Value, path []string) {
	for n := 1; n <= len(path); n++ {
		key := strings.Join(path[:n], ".")
		if _, found := v.Twin(key); found {
			r.others = true
		}
		r.walk(v.Get(key), path[n:])
	}
}
