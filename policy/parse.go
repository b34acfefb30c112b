package policy

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// MaxSize is the most bytes a policy document may have.
const MaxSize = 1 << 20

// Parse reads one policy document. File names it in problems. Every problem is
// reported in one run; the policy is nil if and only if one of them is an error.
func Parse(file string, src []byte) (*Policy, Problems) {
	w := &walker{file: file}
	root := w.document(src)
	if root == nil {
		return nil, w.problems
	}
	p := w.policy(place{root, ""})
	w.problems = w.problems.Sorted()
	if w.problems.HasErrors() {
		return nil, w.problems
	}
	return p, w.problems
}

// document is the one document in src, or nil with the reason reported.
func (w *walker) document(src []byte) *yaml.Node {
	if len(src) > MaxSize {
		w.fail(place{}, "", "the policy has %d bytes, more than %d", len(src), MaxSize)
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	var first, second yaml.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) || err == nil && isNothing(&first) {
		w.fail(place{}, "the first line is version: 1", "the policy is empty")
		return nil
	} else if err != nil {
		w.syntax(err)
		return nil
	}
	// A second document would be dropped in silence by whoever reads only the first.
	if err := decoder.Decode(&second); err == nil {
		w.fail(place{node: &second}, "", "a policy is one document; here starts a second one")
		return nil
	} else if !errors.Is(err, io.EOF) {
		w.syntax(err)
		return nil
	}
	return first.Content[0]
}

func isNothing(n *yaml.Node) bool {
	return len(n.Content) == 0 || n.Content[0].Kind == yaml.ScalarNode && n.Content[0].ShortTag() == "!!null"
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?:.*: line (\d+): )?`)

// syntax reports an error of the YAML reader, which knows lines but no columns.
func (w *walker) syntax(err error) {
	found := yamlLine.FindStringSubmatch(err.Error())
	message := err.Error()
	at := &yaml.Node{Column: 1}
	if found != nil {
		message = strings.TrimPrefix(message, found[0])
		at.Line, _ = strconv.Atoi(found[1] + found[2])
	}
	if at.Line == 0 {
		at = nil
	}
	if message == "found character that cannot start any token" {
		message = "a tab, or a character no value starts with (indent with spaces, and quote values that begin with @ or `)"
	}
	w.fail(place{node: at}, "", "not YAML: %s", message)
}

// policy reads the top of the document.
func (w *walker) policy(at place) *Policy {
	p := &Policy{
		Filesystem: Filesystem{IncludeWorkdir: true},
		Landlock:   Landlock{Compatibility: BestEffort},
		Process:    Process{RunAsUser: sandboxUser, RunAsGroup: sandboxUser},
	}
	o := w.object(at, map[string]visit{
		"version":           w.version(&p.Version),
		"filesystem_policy": w.filesystem(&p.Filesystem),
		"landlock":          w.landlock(&p.Landlock),
		"process":           w.process(&p.Process),
		"network_policies":  w.blocks(&p.Blocks),
	})
	if o.read && o.lacks("version") {
		w.fail(place{at.node, "version"}, "write version: 1 as the first line", "is missing")
	}
	w.acrossBlocks(o.at("network_policies"), p)
	return p
}

func (w *walker) version(dst *int) visit {
	return func(at place) {
		const only = 1
		if !w.is(at, yaml.ScalarNode, "1") {
			return
		}
		if at.node.Value != "1" || at.node.ShortTag() != "!!int" {
			w.fail(at, "", "want 1, the only version there is, got %s", kindName(at.node))
			return
		}
		*dst = only
	}
}
