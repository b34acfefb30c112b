package policy

import "strings"

// methodSet is a set of the methods presets and most rules are made of.
type methodSet uint16

const (
	methodGet methodSet = 1 << iota
	methodHead
	methodOptions
	methodPost
	methodPut
	methodPatch
	methodDelete
	methodTrace

	methodsReadOnly  = methodGet | methodHead | methodOptions
	methodsReadWrite = methodsReadOnly | methodPost | methodPut | methodPatch
)

// methodBit is the set of one method, empty for the uncommon ones.
func methodBit(method string) methodSet {
	switch method {
	case "GET":
		return methodGet
	case "HEAD":
		return methodHead
	case "OPTIONS":
		return methodOptions
	case "POST":
		return methodPost
	case "PUT":
		return methodPut
	case "PATCH":
		return methodPatch
	case "DELETE":
		return methodDelete
	case "TRACE":
		return methodTrace
	default:
		return 0
	}
}

// methods says which methods a rule speaks of.
type methods struct {
	any   bool
	known methodSet
	other string // one that methodBit does not know
}

// compileMethods reads the method of a rule. GET covers HEAD, which asks for
// the same without the body.
func compileMethods(method string) methods {
	if method == "" || method == "*" {
		return methods{any: true}
	}
	method = strings.ToUpper(method)
	known := methodBit(method)
	if known == 0 {
		return methods{other: method}
	}
	if known == methodGet {
		known |= methodHead
	}
	return methods{known: known}
}

func (m *methods) has(j *judged) bool {
	return m.any || m.known&j.bit != 0 || m.other != "" && m.other == j.method
}

// isToken reports a method as RFC 9110 section 9.1 spells one.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9') &&
			strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
