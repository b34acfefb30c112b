package risk

import (
	"cmp"
	"fmt"
	"slices"

	"exeat/policy"
)

// Severity ranks findings; the highest come first.
type Severity string

// The severities.
const (
	High   Severity = "high"   // a way out that no rule narrows
	Medium Severity = "medium" // wider than it looks
	Low    Severity = "low"    // worth knowing
)

// Finding is one thing a reviewer should look at.
type Finding struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
}

// The codes of findings.
const (
	AuditPermits   = "audit"           // the rules only record; everything is forwarded
	Uninspected    = "uninspected"     // no request is read
	AccessFull     = "access-full"     // every method and path
	WritableBinary = "writable-binary" // the agent can put any program there
	PrivateNetwork = "private-network" // addresses of a local network
	Credentialed   = "credentialed"    // a secret is put into requests to this host
	WildcardHost   = "wildcard-host"   // names nobody listed
	Confusable     = "confusable-host" // a name that may look like another
	SimilarHost    = "similar-host"    // one edit from a host in force
	AnyPath        = "any-path"        // a write method on every path
	WriteMethod    = "write-method"    // requests that change things
	Interpreter    = "interpreter"     // a program that can start or be any other
	AnyBinary      = "any-binary"      // a binary pattern that names no program
	NewHost        = "new-host"        // a host the base does not name
	SecretPath     = "secret-path"     // a place where keys and tokens are kept
	WritablePath   = "writable-path"   // files of the host that the agent may change
	SystemPath     = "system-path"     // a directory of the system as a whole
	LostDenial     = "deny-rule-lost"  // something was forbidden and no longer is
	EncodedSlash   = "encoded-slash"   // %2F in paths
	SecretInBody   = "secret-in-body"  // a secret is put into bodies or messages
	LongBody       = "long-body"       // longer bodies than usual are read
	TooLarge       = "too-large"       // not everything is listed
)

// Report is what a change would newly allow.
type Report struct {
	Permits  []string  `json:"permits"`  // one sentence each
	Findings []Finding `json:"findings"` // the worst first
}

// maxPermits bounds the sentences: nobody reads more, and one who proposes
// that much should hear so.
const maxPermits = 300

// Assess compares candidate with base, the policy in force. Credentialed are
// the hosts for which the sandbox has credentials.
func Assess(base, candidate *policy.Policy, credentialed ...string) Report {
	before, beforeCut := grantsOf(base)
	after, afterCut := grantsOf(candidate)
	added := newGrants(before, after, readIn(base))
	lost := lostDenials(base, candidate)
	report := Report{Permits: slices.Concat(sentences(added), lost, libertySentences(base, candidate), pathSentences(base, candidate))}
	f := &finder{before: base, candidate: candidate, base: hostsOf(base), credentialed: credentialed}
	f.all(added, len(lost) > 0)
	if beforeCut || afterCut || len(report.Permits) > maxPermits {
		f.add(TooLarge, High, "this change is too large to list: more is permitted than the sentences say")
	}
	if len(report.Permits) > maxPermits {
		rest := len(report.Permits) - maxPermits
		report.Permits = append(report.Permits[:maxPermits:maxPermits], fmt.Sprintf("and %d more", rest))
	}
	report.Findings = f.sorted()
	return report
}

// severityOrder puts what no rule narrows before everything else.
var severityOrder = map[Severity]int{High: 0, Medium: 1, Low: 2}

// codeOrder ranks findings of one severity: audit first, since its rules read
// as if they were enforced.
var codeOrder = []string{
	AuditPermits, Uninspected, AccessFull, WritableBinary, TooLarge, PrivateNetwork,
	Credentialed, SecretInBody, WildcardHost, Confusable, SimilarHost, AnyPath, AnyBinary, Interpreter,
}

func (f *finder) sorted() []Finding {
	rank := func(code string) int {
		if i := slices.Index(codeOrder, code); i >= 0 {
			return i
		}
		return len(codeOrder)
	}
	slices.SortStableFunc(f.found, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(severityOrder[a.Severity], severityOrder[b.Severity]),
			cmp.Compare(rank(a.Code), rank(b.Code)),
			cmp.Compare(a.Code, b.Code),
		)
	})
	return slices.Compact(f.found)
}
