package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Codes of the findings of Check.
const (
	FindingReadNarrower   = "read-narrower"   // uninspected beside inspected
	FindingAudit          = "audit"           // forwards what the rules would deny
	FindingWritableBinary = "writable-binary" // the agent can put any program there
	FindingUnreadRule     = "unread-rule"     // adds nothing where another endpoint reads what is asked for
)

// Check finds what a policy that loads should tell its reader: what is read more
// narrowly than written, what is only audited, what adds nothing, and which binaries stand for any program. Writable names
// directories the agent can write to besides those of the policy: its workdir.
// The findings are warnings; they name no file, see Problems.In.
func Check(p *Policy, writable ...string) Problems {
	c := &checker{policy: p, writable: writableGlobs(p, writable)}
	for _, block := range p.Blocks {
		for i := range block.Endpoints {
			c.endpoint(endpointPath(block.Key, i), &block.Endpoints[i])
			c.unread(endpointPath(block.Key, i), &block, &block.Endpoints[i])
		}
		for i := range block.Binaries {
			c.binary(fmt.Sprintf("%s.binaries[%d]", blockPath(block.Key), i), &block.Binaries[i])
		}
	}
	return c.found
}

// checker collects findings.
type checker struct {
	policy   *Policy
	writable []string
	found    Problems
}

func (c *checker) add(code, path string, pos Position, message string) *Problem {
	c.found = append(c.found, Problem{
		Position: pos, Path: path, Code: code, Message: message, Severity: SeverityWarning,
	})
	return &c.found[len(c.found)-1]
}

func blockPath(key string) string { return join("network_policies", key) }

func endpointPath(key string, i int) string {
	return blockPath(key) + ".endpoints[" + strconv.Itoa(i) + "]"
}

func (c *checker) endpoint(path string, e *Endpoint) {
	if e.inspected() && e.Enforcement == Audit {
		c.add(FindingAudit, path+".enforcement", e.Pos,
			"audit lets through and records what the rules would deny at "+e.destination()).
			Hint = "write enforcement: enforce"
	}
	if e.inspected() {
		return
	}
	if inspectors := c.policy.inspectors(e); len(inspectors) > 0 {
		c.add(FindingReadNarrower, path, e.Pos, fmt.Sprintf(
			"%s, so this is read as %s, and git fetch, there%s", strings.Join(inspectors, " and "), readOnlyInstead, e.carries())).
			Hint = insteadOf(e)
	}
}

// carries says what a native protocol meets where requests are read.
func (e *Endpoint) carries() string {
	if e.Protocol == TCP {
		return ": nothing but HTTP passes"
	}
	return ""
}

// maxInspectors is how many inspected places a finding names.
const maxInspectors = 4

// inspectors says which blocks inspect which hosts and ports that e leaves open.
func (p *Policy) inspectors(e *Endpoint) []string {
	var all []string
	for key, other := range p.inspecting(e, e.Ports) {
		if said := "block " + key + " inspects " + other.shared(e); !slices.Contains(all, said) {
			all = append(all, said)
		}
	}
	if more := len(all) - maxInspectors; more > 0 {
		all = append(all[:maxInspectors], fmt.Sprintf("%d more", more))
	}
	return all
}

const readOnlyInstead = "protocol: rest, access: read-only"

// insteadOf is the line to write for an endpoint that is read more narrowly.
func insteadOf(e *Endpoint) string {
	ports := "port: " + strconv.Itoa(e.Ports[0])
	if len(e.Ports) > 1 {
		ports = "ports: " + strings.ReplaceAll(fmt.Sprint(e.Ports), " ", ", ")
	}
	return fmt.Sprintf("write { host: %s, %s, protocol: rest, enforcement: enforce, access: read-only }, or access: full to allow everything",
		quoted(e.Host), ports)
}

// destination is host:port and the path selector, for people.
func (e *Endpoint) destination() string {
	var ports []string
	for _, port := range e.Ports {
		ports = append(ports, strconv.Itoa(port))
	}
	where := e.Host + ":" + strings.Join(ports, ",")
	if e.Path != "" {
		where += " " + e.Path
	}
	return where
}

func (c *checker) binary(path string, b *Binary) {
	for _, glob := range c.writable {
		if pathsMeet(globBinary, glob, b.Path) {
			c.add(FindingWritableBinary, path+".path", b.Pos, fmt.Sprintf(
				"the agent can write to %s and put any program there, so %s stands for any program",
				strings.TrimSuffix(glob, "/**"), b.Path)).
				Hint = "name a program in a read-only directory"
			return
		}
	}
}

// writableGlobs are globs over everything an agent can write: its home, /tmp,
// and what the policy and the caller add.
func writableGlobs(p *Policy, more []string) []string {
	var globs []string
	for _, dir := range slices.Concat([]string{"/sandbox", "/tmp"}, p.Filesystem.ReadWrite, more) {
		glob := strings.TrimSuffix(dir, "/") + "/**"
		if !slices.Contains(globs, glob) {
			globs = append(globs, glob)
		}
	}
	return globs
}
