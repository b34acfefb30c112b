package policy

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// kindName says what a node is, for messages.
func kindName(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case n.ShortTag() == "!!null":
		return "nothing"
	case n.ShortTag() != "!!str":
		return shorten(n.Value)
	}
	return strconv.Quote(shorten(n.Value))
}

// shorten keeps messages readable whatever the document holds.
func shorten(s string) string {
	const most = 80
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return s
}

// join makes the path of a field; names that are not plain are quoted, so that
// a path cannot be mistaken for another or carry control characters.
func join(path, name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) }) || name == "" {
		name = strconv.QuoteToASCII(shorten(name))
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// isNameRune says whether r may stand in a block's key.
func isNameRune(r rune) bool {
	return r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
