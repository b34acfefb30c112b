package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"exeat/proxy/strictjson"
)

// read reads one message.
func read(v strictjson.Value) (Call, error) {
	if v.Kind() != strictjson.Object {
		return Call{}, fmt.Errorf("%v is no JSON-RPC message, which is an object", v.Kind())
	}
	if version, _ := v.Get("jsonrpc").Text(); version != "2.0" {
		return Call{}, errors.New(`jsonrpc must be "2.0"`)
	}
	if v.Get("method").Kind() == strictjson.Absent {
		return readResponse(v)
	}
	return readRequest(v)
}

// readRequest reads a request or a notification (section 4).
func readRequest(v strictjson.Value) (Call, error) {
	if err := only(v, "jsonrpc", "id", "method", "params"); err != nil {
		return Call{}, err
	}
	method, err := readMethod(v.Get("method"))
	if err != nil {
		return Call{}, err
	}
	id, err := readID(v.Get("id"))
	if err != nil {
		return Call{}, err
	}
	call := Call{Method: method, ID: id, params: v.Get("params")}
	if k := call.params.Kind(); k != strictjson.Absent && k != strictjson.Object && k != strictjson.Array {
		return Call{}, fmt.Errorf("params is %v and must be an object or an array", k)
	}
	if method == "tools/call" {
		call.Tool, _ = call.Param("params.name")
	}
	return call, nil
}

// readResponse reads a client's answer to a request of the server's (section 5).
func readResponse(v strictjson.Value) (Call, error) {
	result, fault := v.Get("result").Kind(), v.Get("error").Kind()
	switch {
	case result == strictjson.Absent && fault == strictjson.Absent:
		return Call{}, errors.New("the message has neither method, result nor error")
	case result != strictjson.Absent && fault != strictjson.Absent:
		return Call{}, errors.New("the message has both result and error")
	case fault != strictjson.Absent && fault != strictjson.Object:
		return Call{}, fmt.Errorf("error is %v and must be an object", fault)
	}
	if err := only(v, "jsonrpc", "id", "result", "error"); err != nil {
		return Call{}, err
	}
	id, err := readID(v.Get("id"))
	if err == nil && id == "" && result != strictjson.Absent {
		err = errors.New("the result has no id")
	}
	return Call{ID: id}, err
}

// only refuses members besides those that are defined. A server could take "Method" for the method, or
// read a message with both method and result as the one or the other.
func only(v strictjson.Value, names ...string) error {
	for key := range v.Object() {
		if !slices.Contains(names, key) {
			return fmt.Errorf("the message has a member %.80q beside %s: leave it out", key, strings.Join(names, ", "))
		}
	}
	return nil
}

// readMethod takes printable ASCII only: NUL ends a name for servers written in C, and others fold or
// trim what lies beyond.
func readMethod(v strictjson.Value) (string, error) {
	method, ok := v.Text()
	if !ok || method == "" {
		return "", errors.New("method must be a string with at least one character")
	}
	if strings.ContainsFunc(method, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("method %.80q has characters other than printable ASCII", method)
	}
	return method, nil
}

// readID is an id as JSON. A fraction or an exponent is refused, for not every server echoes them as they were.
func readID(v strictjson.Value) (string, error) {
	text, isText := v.Text()
	number, isNumber := v.Number()
	switch {
	case v.Kind() == strictjson.Absent:
		return "", nil
	case v.Kind() == strictjson.Null:
		return "null", nil
	case isText:
		return string(encode(text)), nil
	case isNumber && !strings.ContainsAny(number.String(), ".eE"):
		return number.String(), nil
	}
	return "", errors.New("id must be a string or an integer")
}

// encode is v as JSON in which <, > and & stand for themselves.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // strings, numbers and what Read made of an id: nothing that has no JSON
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
