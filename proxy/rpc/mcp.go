package rpc

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"exeat/proxy/strictjson"
)

// Options says what of MCP is accepted.
type Options struct {
	Versions        []string // revisions; nil: every one from 2024-11-05 to 2026-07-28, empty: none
	StrictToolNames bool     // names of 1 to 128 ASCII letters, digits and _ - . only (2025-11-25, Tool Names)
}

// ReadMCP reads the body of a POST to an MCP server (Streamable HTTP) as [Read] does, and refuses headers
// that name another revision, method or name than the body. Gateways route by the headers, servers
// act by the body, and only one of the two was judged. Headers that repeat arguments (Mcp-Param-*) are
// not compared: which argument each of them repeats is written in the server's schema of the tool.
func ReadMCP(h http.Header, body []byte, o Options) (calls []Call, batch bool, err error) {
	if calls, batch, err = Read(body); err != nil {
		return nil, false, err
	}
	if err = o.check(h, calls, batch); err != nil {
		return nil, false, err
	}
	return calls, batch, nil
}

func (o Options) check(h http.Header, calls []Call, batch bool) error {
	revision, err := o.revision(h, calls)
	if err != nil {
		return err
	}
	if batch {
		return o.checkBatch(h, revision, calls)
	}
	if err := o.checkCall(revision, calls[0]); err != nil {
		return err
	}
	return checkNames(h, calls[0])
}

// checkBatch allows a batch where it exists, in one revision, which forbids initialize in it. One header
// cannot name what several calls do.
func (o Options) checkBatch(h http.Header, revision string, calls []Call) error {
	if revision == "" {
		revision = revisionMar
	}
	if revision != revisionMar || !o.allows(revisionMar) {
		return errors.New("MCP has batches in revision 2025-03-26 only: send one message a request")
	}
	for _, name := range []string{headerMethod, headerName} {
		if _, sent, err := field(h, name); sent || err != nil {
			return fmt.Errorf("the header %s cannot stand for a batch: leave it out", name)
		}
	}
	for i, c := range calls {
		if c.Method == "initialize" {
			return errors.New("initialize cannot be part of a batch: send it alone")
		}
		if err := o.checkCall(revision, c); err != nil {
			return fmt.Errorf("message %d of the batch: %w", i+1, err)
		}
	}
	return nil
}

// checkCall holds one message to what MCP adds to JSON-RPC.
func (o Options) checkCall(revision string, c Call) error {
	switch {
	case c.ID == "null":
		return errors.New("id is null, which MCP does not allow: use a string or an integer")
	case c.params.Kind() == strictjson.Array:
		return errors.New("params is an array, and MCP passes parameters by name: send an object")
	}
	if err := o.checkRevision(revision, c); err != nil {
		return err
	}
	if c.Method == "tools/call" {
		return o.checkTool(c.Tool)
	}
	return nil
}

func (o Options) checkTool(name string) error {
	switch {
	case name == "":
		return errors.New("tools/call needs params.name, a string with at least one character")
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("the tool's name %.80q has control characters in it", name)
	case o.StrictToolNames && (len(name) > 128 || strings.ContainsFunc(name, unusual)):
		return fmt.Errorf("the tool's name %.80q is not made of 1 to 128 ASCII letters, digits, dots, hyphens and underscores", name)
	}
	return nil
}

// unusual are the characters that a tool's name should not have.
func unusual(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.", r))
}

// allowed are the revisions for people.
func (o Options) allowed() string {
	if all := o.revisions(); len(all) > 0 {
		return strings.Join(all, ", ")
	}
	return "none at all of its endpoints there"
}

func (o Options) allows(revision string) bool {
	return slices.Contains(o.revisions(), revision)
}

func (o Options) revisions() []string {
	if o.Versions != nil {
		return o.Versions
	}
	return []string{revision2024, revisionMar, revisionJun, revisionNov, revision2026}
}
