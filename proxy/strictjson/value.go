// Package strictjson decodes JSON that every parser must read alike.
//
// RFC 8259 leaves open what a parser makes of a key that stands twice, of text that is not Unicode, of
// what follows a value. Whoever judges a message by one reading lets through what the receiver does by
// another. [Parse] accepts only text that leaves no such choice, and says where the first choice is.
//
// Two things stay for callers to know. A receiver may be unable to hold a number that is valid here: [Value.Number] is
// the text of it. And a receiver may take a key in another case than the one its protocol names, even
// when that key stands alone: [Value.Twin] finds such a key.
package strictjson

import (
	"encoding/json"
	"iter"
	"slices"
)

// Kind is what a value is.
type Kind uint8

// The kinds of values. Absent is the kind of a value that is not there, and so of the zero Value.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String names a kind with its article, for sentences about a message.
func (k Kind) String() string {
	names := [...]string{"nothing", "null", "a boolean", "a number", "a string", "an array", "an object"}
	return names[k]
}

// Value is one JSON value with all that is in it. It does not change, so that goroutines may share it.
type Value struct {
	kind Kind
	text string // a string decoded, or a number or literal as written
	in   *inner // nil where an array or object is empty
}

// inner is what an array or an object holds, in the order of the text; an array has no keys.
type inner struct {
	keys   []string
	values []Value
}

// Kind says what the value is.
func (v Value) Kind() Kind { return v.kind }

// Text is a string without its quotes and escapes; ok is false for any other kind. It may hold NUL.
func (v Value) Text() (text string, ok bool) {
	if v.kind != String {
		return "", false
	}
	return v.text, true
}

// Number is a number as it was written; ok is false for any other kind.
func (v Value) Number() (number json.Number, ok bool) {
	if v.kind != Number {
		return "", false
	}
	return json.Number(v.text), true
}

// Bool is true or false; ok is false for any other kind.
func (v Value) Bool() (value, ok bool) {
	return v.kind == Bool && v.text == "true", v.kind == Bool
}

// Len counts the elements of an array or the fields of an object; any other kind has none.
func (v Value) Len() int {
	if v.in == nil {
		return 0
	}
	return len(v.in.values)
}

// Array yields the elements of an array in order, and nothing for any other kind.
func (v Value) Array() iter.Seq[Value] {
	if v.kind != Array || v.in == nil {
		return func(func(Value) bool) {}
	}
	return slices.Values(v.in.values)
}

// Object yields the fields of an object in the order of the text, and nothing for any other kind.
func (v Value) Object() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.kind != Object || v.in == nil {
			return
		}
		for i, key := range v.in.keys {
			if !yield(key, v.in.values[i]) {
				return
			}
		}
	}
}

// Get is the field of an object with exactly this key. Where there is none, and for any other kind, it
// is the zero Value: calls can be chained, and the last one's Kind is Absent.
func (v Value) Get(key string) Value {
	for k, field := range v.Object() {
		if k == key {
			return field
		}
	}
	return Value{}
}

// Twin finds a key of an object that is one of names in another case, as "Method" is for "method".
// encoding/json of Go and other parsers take it for the name, others ignore it: a message that has one
// must not be judged as if it had none. Cases are compared as encoding/json does, so that "taſk" is a twin
// of "task".
func (v Value) Twin(names ...string) (key string, found bool) {
	for k := range v.Object() {
		for _, name := range names {
			if k != name && fold(k) == fold(name) {
				return k, true
			}
		}
	}
	return "", false
}
