package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Text is the one canonical rendering of p: block style YAML in a fixed order,
// no comments. Parsing it gives p back. It is what is signed, stored and compared.
func (p *Policy) Text() []byte {
	var e emitter
	e.line(0, "version: "+strconv.Itoa(p.Version))
	e.static(p)
	e.list(0, "network_policies", len(p.Blocks), "{}")
	for i := range p.Blocks {
		e.block(&p.Blocks[i])
	}
	return e.buf.Bytes()
}

// Digest is the lower hex SHA-256 of Text.
func (p *Policy) Digest() string { return digest(p.Text()) }

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// emitter writes YAML. It is our own because what is signed must not change
// with a library's version.
type emitter struct{ buf bytes.Buffer }

// line writes one line, indented by depth levels.
func (e *emitter) line(depth int, text string) {
	e.buf.WriteString(strings.Repeat("  ", depth))
	e.buf.WriteString(text)
	e.buf.WriteByte('\n')
}

// field writes a scalar field, and nothing where it is empty.
func (e *emitter) field(depth int, name, value string) {
	if value != "" {
		e.line(depth, name+": "+quoted(value))
	}
}

// flag writes a truth value where it is not the default.
func (e *emitter) flag(depth int, name string, value, standard bool) {
	if value != standard {
		e.line(depth, name+": "+strconv.FormatBool(value))
	}
}

// list writes the head of a list or mapping of n items, whole where it is empty.
func (e *emitter) list(depth int, name string, n int, empty string) {
	if n == 0 {
		e.line(depth, name+": "+empty)
		return
	}
	e.line(depth, name+":")
}

// texts writes a list of strings, and nothing where it is empty.
func (e *emitter) texts(depth int, name string, values []string) {
	if len(values) == 0 {
		return
	}
	e.line(depth, name+":")
	e.items(depth+1, values)
}

func (e *emitter) items(depth int, values []string) {
	for _, value := range values {
		e.line(depth, "- "+quoted(value))
	}
}

func (e *emitter) static(p *Policy) {
	e.line(0, "filesystem_policy:")
	e.line(1, "include_workdir: "+strconv.FormatBool(p.Filesystem.IncludeWorkdir))
	e.texts(1, "read_only", p.Filesystem.ReadOnly)
	e.texts(1, "read_write", p.Filesystem.ReadWrite)
	e.texts(1, "handoff", p.Filesystem.Handoff)
	e.line(0, "landlock:")
	e.field(1, "compatibility", p.Landlock.Compatibility)
	e.line(0, "process:")
	e.field(1, "run_as_user", p.Process.RunAsUser)
	e.field(1, "run_as_group", p.Process.RunAsGroup)
}

func (e *emitter) block(b *Block) {
	e.line(1, quoted(b.Key)+":")
	e.field(2, "name", b.Name)
	e.line(2, "endpoints:")
	for i := range b.Endpoints {
		e.item(3, func() { e.endpoint(4, &b.Endpoints[i]) })
	}
	e.line(2, "binaries:")
	for _, binary := range b.Binaries {
		e.item(3, func() {
			e.line(4, "path: "+quoted(binary.Path))
			e.flag(4, "descendants", binary.Descendants, true)
			e.flag(4, "untainted", binary.Untainted, false)
		})
	}
}

// item writes the mapping that body writes as an item of a list: its first line
// gets the dash. Body indents by depth+1.
func (e *emitter) item(depth int, body func()) {
	start := e.buf.Len()
	body()
	if e.buf.Len() > start {
		e.buf.Bytes()[start+2*depth] = '-'
	}
}

func (e *emitter) endpoint(depth int, p *Endpoint) {
	e.line(depth, "host: "+quoted(p.Host))
	if len(p.Ports) == 1 {
		e.line(depth, "port: "+strconv.Itoa(p.Ports[0]))
	} else {
		e.line(depth, "ports:")
		for _, port := range p.Ports {
			e.line(depth+1, "- "+strconv.Itoa(port))
		}
	}
	e.field(depth, "path", p.Path)
	e.field(depth, "protocol", p.Protocol)
	e.field(depth, "tls", p.TLS)
	if p.inspected() || p.Enforcement != Enforce { // the latter is for Parse to refuse
		e.field(depth, "enforcement", p.Enforcement)
	}
	e.field(depth, "access", p.Access)
	if len(p.Rules) > 0 {
		e.line(depth, "rules:")
	}
	for i := range p.Rules {
		e.item(depth+1, func() {
			e.line(depth+2, "allow:")
			e.match(depth+3, &p.Rules[i])
		})
	}
	if len(p.DenyRules) > 0 {
		e.line(depth, "deny_rules:")
	}
	for i := range p.DenyRules {
		e.item(depth+1, func() { e.match(depth+2, &p.DenyRules[i]) })
	}
	e.texts(depth, "allowed_ips", p.AllowedIPs)
	e.flag(depth, "allow_encoded_slash", p.AllowEncodedSlash, false)
	e.options(depth, p.Options)
}

func (e *emitter) match(depth int, m *Match) {
	e.field(depth, "method", m.Method)
	e.field(depth, "path", m.Path)
	if len(m.Query) > 0 {
		e.line(depth, "query:")
	}
	for _, key := range slices.Sorted(maps.Keys(m.Query)) {
		e.matcher(depth+1, key, m.Query[key])
	}
	if m.Git != nil {
		e.line(depth, "git:")
		e.field(depth+1, "repo", m.Git.Repo)
		e.texts(depth+1, "push", m.Git.Push)
		e.flag(depth+1, "delete", m.Git.Delete, false)
		e.flag(depth+1, "create", m.Git.Create, false)
	}
	e.options(depth, m.Options)
}

// matcher writes one glob plainly, and several as {any: [...]}.
func (e *emitter) matcher(depth int, name string, globs []string) {
	if len(globs) == 1 {
		e.line(depth, quoted(name)+": "+quoted(globs[0]))
		return
	}
	e.line(depth, quoted(name)+":")
	e.texts(depth+1, "any", globs)
}
