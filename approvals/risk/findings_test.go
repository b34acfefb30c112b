package risk_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/approvals/risk"
	"exeat/policy"
)

func TestFindings(t *testing.T) {
	rest := func(host, more string) string {
		return "{ host: '" + host + "', port: 443, protocol: rest, " + more + " }"
	}
	for _, test := range []struct {
		name  string
		added string
		want  []string // codes, in order
	}{
		{"nothing", "", nil},
		{"reading a known host", block("x", rest("github.com", "access: read-only"), git), nil},
		{"audit", block("x", rest("github.com", "enforcement: audit, access: read-only"), git), []string{risk.AuditPermits}},
		{"uninspected", block("x", "{ host: pypi.org, port: 8080 }", curl), []string{risk.Uninspected}},
		{"full", block("x", rest("github.com", "access: full"), git), []string{risk.AccessFull}},
		{"write", block("x", rest("github.com", "rules: [{ allow: { method: PUT, path: /x } }]"), git), []string{risk.WriteMethod}},
		{"push", block("x", rest("github.com", "rules: [{ allow: { git: { repo: a/b, push: ['refs/heads/agent/**'] } } }]"), git), []string{risk.WriteMethod}},
		{"push to every branch", block("x", rest("github.com", "rules: [{ allow: { git: { repo: a/b, push: ['refs/heads/**'] } } }]"), git), []string{risk.AnyPath}},
		{"fetch", block("x", rest("github.com", "rules: [{ allow: { git: { repo: a/b } } }]"), git), nil},
		{"write anywhere", block("x", rest("github.com", "rules: [{ allow: { method: PUT, path: /** } }]"), git), []string{risk.AnyPath}},
		{"new host", block("x", rest("a.example", "access: read-only"), git), []string{risk.NewHost}},
		{"wildcard", block("x", rest("*.a.example", "access: read-only"), git), []string{risk.WildcardHost, risk.NewHost}},
		{"one letter off", block("x", rest("githab.com", "access: read-only"), git), []string{risk.SimilarHost, risk.NewHost}},
		{"letters swapped", block("x", rest("gihtub.com", "access: read-only"), git), []string{risk.SimilarHost, risk.NewHost}},
		{"one letter more", block("x", rest("githubb.com", "access: read-only"), git), []string{risk.SimilarHost, risk.NewHost}},
		{"two letters off", block("x", rest("gitlob.com", "access: read-only"), git), []string{risk.NewHost}},
		{"mixed scripts", block("x", rest("g\u0456thub.com", "access: read-only"), git), []string{risk.Confusable, risk.NewHost}},
		{"international", block("x", rest("b\u00fccher.example", "access: read-only"), git), []string{risk.Confusable, risk.NewHost}},
		{"credential", block("x", rest("api.secret.example", "access: read-only"), git), []string{risk.Credentialed, risk.NewHost}},
		{"credential under a wildcard", block("x", rest("*.secret.example", "access: read-only"), git), []string{risk.Credentialed, risk.WildcardHost, risk.NewHost}},
		{"credential of a host that is not inspected", block("x", "{ host: api.secret.example, port: 443 }", git), []string{risk.Uninspected, risk.NewHost}},
		{"writable binary", block("x", rest("github.com", "access: read-only"), "{ path: /sandbox/bin/tool }"), []string{risk.WritableBinary}},
		{"writable by a glob", block("x", rest("github.com", "access: read-only"), "{ path: '/tmp/**' }"), []string{risk.WritableBinary}},
		{"shell", block("x", rest("github.com", "access: read-only"), "{ path: /bin/bash }"), []string{risk.Interpreter}},
		{"versioned interpreter", block("x", rest("github.com", "access: read-only"), "{ path: /usr/bin/python3.12, descendants: false }"), []string{risk.Interpreter}},
		{"any binary", block("x", rest("github.com", "access: read-only"), "{ path: '/usr/bin/*' }"), []string{risk.AnyBinary}},
		{"private literal", block("x", "{ host: 10.1.2.3, port: 443, protocol: rest, access: read-only }", git), []string{risk.PrivateNetwork, risk.NewHost}},
		{"own translator", block("x", "{ host: '[64:ff9b:1::1]', port: 443, protocol: rest, access: read-only }", git), []string{risk.PrivateNetwork, risk.NewHost}},
		{"private range", block("x", rest("github.com", "access: read-only, allowed_ips: [10.0.0.0/8]"), git), []string{risk.PrivateNetwork}},
		{"encoded slash", block("x", rest("github.com", "access: read-only, allow_encoded_slash: true"), git), []string{risk.EncodedSlash}},
	} {
		report := risk.Assess(parse(t, base), parse(t, base, test.added), "api.secret.example")
		var got []string
		for _, f := range report.Findings {
			if !slices.Contains(got, f.Code) {
				got = append(got, f.Code)
			}
			if f.Message == "" || f.Severity == "" {
				t.Errorf("%s: %+v", test.name, f)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// MX04: the rules of an endpoint in audit look narrow and permit everything, so
// that is said first, whatever else there is to say.
func TestAuditComesFirst(t *testing.T) {
	added := block("x", "{ host: 'x.example', port: 443 }, { host: '*.b.example', port: 443, protocol: rest, enforcement: audit, rules: [{ allow: { method: GET, path: /x } }] }", "{ path: /sandbox/x }")
	got := risk.Assess(parse(t, base), parse(t, base, added)).Findings
	if len(got) == 0 || got[0].Code != risk.AuditPermits || got[0].Severity != risk.High {
		t.Errorf("first finding: %+v", got)
	}
}

// A change that grants more than can be listed says so instead of leaving it out.
func TestTooLarge(t *testing.T) {
	var rules, binaries []string
	for i := range 400 {
		name := strings.Repeat("x", i+1)
		rules = append(rules, "{ allow: { method: POST, path: /"+name+" } }")
		binaries = append(binaries, "{ path: /usr/bin/"+name+" }")
	}
	added := block("x", "{ host: a.example, port: 443, protocol: rest, rules: ["+strings.Join(rules, ", ")+"] }", strings.Join(binaries, ", "))
	got := risk.Assess(parse(t, base), parse(t, base, added))
	if len(got.Permits) > 301 || !strings.HasSuffix(got.Permits[len(got.Permits)-1], "more") {
		t.Errorf("%d permits, the last %q", len(got.Permits), got.Permits[len(got.Permits)-1])
	}
	if got.Findings[0].Code != risk.TooLarge && got.Findings[0].Severity != risk.High {
		t.Errorf("findings: %v", got.Findings)
	}
}

// Files that a change newly shows are permits, and the places of secrets come first.
func TestPaths(t *testing.T) {
	before := parse(t, base)
	with := func(operations ...policy.Operation) risk.Report {
		after, err := policy.Apply(before, operations)
		if err != nil {
			t.Fatal(err)
		}
		return risk.Assess(before, after)
	}
	path := func(name, mode string) policy.Operation {
		return policy.Operation{Op: policy.OpAddPath, Path: name, Mode: mode}
	}
	for _, row := range []struct {
		name, mode string
		want       string // code of the first finding
	}{
		{"/opt/go", policy.ModeReadOnly, ""},
		{"/data/set", policy.ModeReadWrite, risk.WritablePath},
		{"/home/ada/.ssh", policy.ModeReadOnly, risk.SecretPath},
		{"/home/ada/.ssh/id_ed25519", policy.ModeReadWrite, risk.SecretPath},
		{"/home/ada", policy.ModeReadOnly, risk.SecretPath},
		{"/home/ada/work", policy.ModeReadOnly, ""},
		{"/srv", policy.ModeReadOnly, risk.SystemPath},
	} {
		report := with(path(row.name, row.mode))
		if len(report.Permits) != 1 || !strings.Contains(report.Permits[0], row.name+" ") || !strings.Contains(report.Permits[0], "after a restart") {
			t.Errorf("%s: permits %q", row.name, report.Permits)
		}
		first := ""
		if len(report.Findings) > 0 {
			first = report.Findings[0].Code
		}
		if first != row.want {
			t.Errorf("%s: got finding %q, want %q", row.name, first, row.want)
		}
	}
}
