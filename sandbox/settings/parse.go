package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// file is the document, with where its values stand.
type file struct{ proxy, caFile value }

// value is a text of the document; empty where it is absent.
type value struct {
	text         string
	line, column int
}

func (v value) wrong(path, text, way string) error {
	return &Error{File: path, Line: v.line, Column: v.column, Text: text, Way: way}
}

// parse reads the document strictly: what would be ignored is an error. It walks nodes, because
// decoding into Go values loses columns.
func parse(path string, src []byte) (file, error) {
	var f file
	root, err := document(path, src)
	if err != nil || root == nil {
		return f, err
	}
	if root.Kind != yaml.MappingNode {
		return f, at(root).wrong(path, "want a mapping: upstream_proxy, ca_file", "")
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if err := f.set(path, root.Content[i], root.Content[i+1]); err != nil {
			return f, err
		}
	}
	return f, nil
}

// set reads one pair.
func (f *file) set(path string, key, content *yaml.Node) (err error) {
	known := map[string]*value{"upstream_proxy": &f.proxy, "ca_file": &f.caFile}
	into, ok := known[key.Value]
	switch {
	case !ok || key.Kind != yaml.ScalarNode || key.Anchor != "":
		return at(key).wrong(path, fmt.Sprintf("unknown field %q: there are upstream_proxy and ca_file", key.Value), "")
	case into.line > 0:
		return at(key).wrong(path, fmt.Sprintf("%s is already set on line %d", key.Value, into.line), "")
	}
	*into, err = text(path, key.Value, content)
	return err
}

func at(n *yaml.Node) value { return value{line: n.Line, column: n.Column} }

// text reads one value.
func text(path, name string, n *yaml.Node) (value, error) {
	v := at(n)
	if n.Kind != yaml.ScalarNode || n.Anchor != "" || n.Tag != "!!str" || strings.TrimSpace(n.Value) == "" {
		return v, v.wrong(path, name+": want a text", "")
	}
	v.text = n.Value
	return v, nil
}

// document is the one document in src, or nil where there is none.
func document(path string, src []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	var first, second yaml.Node
	err := decoder.Decode(&first)
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, syntax(path, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, at(&second).wrong(path, "here starts a second document, which nobody would read", "")
	case !errors.Is(err, io.EOF):
		return nil, syntax(path, err)
	}
	root := first.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	return root, nil
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

// syntax reports an error of the YAML reader, which knows lines but no columns. Its words are left
// out: some of them repeat what stands there.
func syntax(path string, err error) error {
	v := value{line: 1, column: 1}
	if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
		v.line, _ = strconv.Atoi(found[1])
	}
	return v.wrong(path, "is not YAML", "write: upstream_proxy: http://proxy.example:3128")
}
