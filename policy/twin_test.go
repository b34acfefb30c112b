package policy

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// FuzzDecide compares the engine with a twin that is written from the rules of
// the policy language and scans everything.
func FuzzDecide(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := generator{rand.New(rand.NewPCG(seed, 1))}
		p := g.policy()
		engine, problems := Compile(p, Options{})
		if engine == nil {
			t.Fatal(problems.Error())
		}
		for range 40 {
			compareDecision(t, p, engine, g.destination(), g.request())
		}
	})
}

func compareDecision(t *testing.T, p *Policy, engine *Engine, d Destination, r Request) {
	t.Helper()
	a := engine.Connect(d)
	got := a.Request(r)
	want := twin{p, d}.decide(r)
	same := got.Verdict == want.Verdict && got.Code == want.Code && got.Layer == want.Layer
	if !same || want.Verdict == Allowed && got.Policy != want.Policy {
		t.Errorf("%s\n%+v\n%+v\ngot  %+v\nwant %+v", p.Text(), d, r, got, want)
	}
	if got.Verdict == Allowed && (len(got.By) != 1 || got.By[0].Block != got.Policy || got.Reason != "") {
		t.Errorf("an allow explained as %+v", got)
	}
	if got.RuleMissing != "" && got.Verdict == Denied {
		checkMissing(t, p, d, r, got)
	}
}

// checkMissing adds what a denial says is missing and asks again.
func checkMissing(t *testing.T, p *Policy, d Destination, r Request, denial Decision) {
	t.Helper()
	missing := denial.RuleMissing
	if denial.Layer == layerRequest {
		missing = "allow_it: { endpoints: [" + missing + "], binaries: [{ path: " + d.Caller.Exe + " }] }"
	}
	added, problems := Parse("more.yaml", []byte("version: 1\nnetwork_policies:\n  "+missing+"\n"))
	if added == nil {
		t.Fatalf("%s\n%s", missing, problems.Error())
	}
	more := *p
	more.Blocks = append(slices.Clone(p.Blocks), added.Blocks...)
	engine, _ := Compile(&more, Options{})
	a := engine.Connect(d)
	got := a.Request(r)
	// What stood behind the first denial can forbid the request all the same.
	if got.Verdict == Denied && got.Code == CodePolicy && !strings.Contains(r.Query, "_method") {
		t.Errorf("%s\nadded to\n%s%+v %+v still gives %+v", missing, p.Text(), d, r, got)
	}
}

// twin decides the slow way.
type twin struct {
	p *Policy
	d Destination
}

func (w twin) decide(r Request) Decision {
	denied := func(layer string, code Code) Decision { return Decision{Verdict: Denied, Code: code, Layer: layer} }
	if w.d.Caller.Unknown != "" {
		return denied("l4", CodeIdentity)
	}
	inspected, key := false, ""
	for _, b := range w.p.Blocks {
		for _, e := range b.Endpoints {
			if !w.reaches(e) {
				continue
			}
			inspected = inspected || e.inspected()
			if !w.callers(b) {
				continue
			}
			if key == "" {
				key = b.Key
			}
		}
	}
	switch {
	case key == "":
		return denied("l4", CodePolicy)
	case !inspected:
		return Decision{Verdict: Allowed, Layer: "l4", Policy: key}
	case strings.Contains(r.Path, "%2e") || strings.Contains(r.Query, "%z"):
		return denied("l7", CodeMalformed)
	}
	first := w.judge(r)
	if first.Verdict != Denied && strings.Contains(r.Query, "_method=POST") {
		r.Method = "POST"
		if second := w.judge(r); second.Verdict != Allowed {
			return second
		}
	}
	return first
}

func (w twin) judge(r Request) Decision {
	r.Method = strings.ToUpper(r.Method)
	var allow, forbidden, audited, unread, auditor, ambiguous []string
	for _, b := range w.p.Blocks {
		for _, e := range b.Endpoints {
			if !w.reaches(e) || !w.callers(b) && !w.shuns(b) {
				continue
			}
			speaks := e.Path == "" || slowMatch(globPath, e.Path, r.Path)
			forbids := e.Path == "" || slowForms(e.Path, r.Path)
			switch {
			case e.Protocol == GraphQL && r.Unread[GraphQL] != "" && (forbids || speaks):
				unread = append(unread, b.Key)
			case forbids && w.denies(e, r) && e.Enforcement == Audit:
				audited = append(audited, b.Key)
			case forbids && w.denies(e, r):
				forbidden = append(forbidden, b.Key)
			}
			if !w.callers(b) || !speaks || strings.Contains(r.Path, "%2F") && !e.AllowEncodedSlash {
				continue
			}
			if e.Protocol != GraphQL && !exact(e) && (e.Path == "" && w.reads(r, false) || w.reads(r, true)) {
				continue
			}
			if e.Enforcement == Audit {
				auditor = append(auditor, b.Key)
			}
			switch yes, unsure := w.allows(e, r); {
			case yes:
				allow = append(allow, b.Key)
			case unsure:
				ambiguous = append(ambiguous, b.Key)
			}
		}
	}
	d := Decision{Verdict: Denied, Layer: "l7"}
	switch {
	case len(forbidden) > 0:
		d.Code = CodeDenyRule
	case len(unread) > 0:
		d.Code = CodeMalformed
	case len(allow) > 0 && len(audited) == 0:
		d.Verdict, d.Policy = Allowed, slices.Min(allow)
	case len(allow) > 0 || len(auditor) > 0 && len(audited) > 0:
		d.Verdict, d.Code = Audited, CodeDenyRule
	case len(auditor) > 0:
		d.Verdict, d.Code = Audited, CodePolicy
	case len(ambiguous) > 0:
		d.Code = CodeMalformed
	default:
		d.Code = CodePolicy
	}
	return d
}

func exact(e Endpoint) bool { return e.Path != "" && !strings.ContainsAny(e.Path, "*?[") }

// reads says that an endpoint which names the path reads bodies there; alone: and no other path.
func (w twin) reads(r Request, alone bool) bool {
	for _, b := range w.p.Blocks {
		for _, e := range b.Endpoints {
			if w.reaches(e) && (w.callers(b) || w.shuns(b)) && e.Protocol == GraphQL && e.Path != "" && (exact(e) || !alone) && slowForms(e.Path, r.Path) {
				return true
			}
		}
	}
	return false
}

func (w twin) reaches(e Endpoint) bool {
	return slices.Contains(e.Ports, w.d.Port) && slowMatch(globHost, e.Host, w.d.Host)
}

func (w twin) callers(b Block) bool {
	for _, bin := range b.Binaries {
		if bin.Untainted && w.d.Caller.Tainted != "" {
			continue
		}
		paths := []string{w.d.Caller.Exe}
		if bin.Descendants {
			paths = append(paths, w.d.Caller.Ancestors...)
		}
		for _, path := range paths {
			if slowMatch(globBinary, bin.Path, path) {
				return true
			}
		}
	}
	return false
}

// shuns says that only taint keeps the caller out.
func (w twin) shuns(b Block) bool {
	clean := w
	clean.d.Caller.Tainted = ""
	return !w.callers(b) && clean.callers(b)
}

func (w twin) allows(e Endpoint, r Request) (yes, unsure bool) {
	if e.Protocol == GraphQL {
		return (r.Method == "GET" || r.Method == "POST") && len(r.Actions) > 0 && !slices.ContainsFunc(r.Actions, func(a Action) bool {
			return e.Access == ReadOnly && a.Kind != "query" || e.Access == ReadWrite && a.Kind == "subscription" ||
				e.Access == "" && !slices.ContainsFunc(e.Rules, func(m Match) bool { return slowAction(m, a, false) })
		}), false
	}
	read := r.Method == "GET" || r.Method == "HEAD" || r.Method == "OPTIONS"
	write := r.Method == "POST" || r.Method == "PUT" || r.Method == "PATCH"
	switch {
	case !e.inspected():
		return read || r.Method == "POST" && strings.HasSuffix(r.Path, "/git-upload-pack"), false
	case e.Access == Full, e.Access == ReadOnly && read, e.Access == ReadWrite && (read || write):
		return true, false
	}
	for _, m := range e.Rules {
		if slowMethod(m, r) && slowMatch(globPath, m.Path, r.Path) && slowQuery(m, r.Query, true) {
			split := len(m.Query) > 0 && strings.Contains(r.Query, ";")
			yes, unsure = yes || !split, unsure || split
		}
	}
	return yes, unsure
}

// slowAction knows the generator's rules: a type, and perhaps fields.
func slowAction(m Match, a Action, deny bool) bool {
	kind, fields := m.Options["operation_type"][0], m.Options["fields"]
	named := func(f string) bool { return slices.Contains(fields, f) || slices.Contains(fields, "*") }
	switch {
	case kind != "*" && kind != a.Kind:
		return false
	case len(fields) == 0:
		return true
	case deny:
		return slices.ContainsFunc(a.Fields, named)
	}
	return len(a.Fields) > 0 && !slices.ContainsFunc(a.Fields, func(f string) bool { return !named(f) })
}

func (w twin) denies(e Endpoint, r Request) bool {
	if e.Protocol == GraphQL {
		return slices.ContainsFunc(e.DenyRules, func(m Match) bool {
			return slices.ContainsFunc(r.Actions, func(a Action) bool { return slowAction(m, a, true) })
		})
	}
	for _, m := range e.DenyRules {
		query := slowQuery(m, r.Query, false) || slowQuery(m, strings.ReplaceAll(r.Query, ";", "&"), false)
		if slowMethod(m, r) && slowForms(m.Path, r.Path) && query {
			return true
		}
	}
	return false
}

func slowMethod(m Match, r Request) bool {
	return m.Method == "*" || m.Method == r.Method || m.Method == "GET" && r.Method == "HEAD"
}

// slowForms knows the generator's paths and globs, whose letters are lower case.
func slowForms(glob, path string) bool {
	path = strings.ToLower(path)
	for _, path := range []string{path, strings.ReplaceAll(strings.ReplaceAll(path, "%2f", "/"), "%40", "@")} {
		for _, path := range []string{path, strings.ReplaceAll(strings.ReplaceAll(path, ";x", ""), ";y", ""), path[:strings.Index(path+";", ";")]} {
			if slowSlashes(glob, path) || strings.HasPrefix(path, "//") && slowSlashes(glob, slowAuthority.ReplaceAllString(path, "/")) {
				return true
			}
		}
	}
	return false
}

var slowAuthority = regexp.MustCompile("^/*[^/]*/?")

func slowSlashes(glob, path string) bool {
	merged := strings.ReplaceAll(strings.ReplaceAll(path, "//", "/"), "//", "/")
	return slices.ContainsFunc([]string{path, strings.TrimSuffix(path, "/"), merged, strings.TrimSuffix(merged, "/")}, func(form string) bool {
		return form != "" && slowMatch(globPath, glob, form)
	})
}

func slowQuery(m Match, query string, all bool) bool {
	query = strings.ReplaceAll(query, "%6b", "k")
	for key, globs := range m.Query {
		matched, failed := 0, 0
		for pair := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if name != key {
				continue
			}
			if slices.ContainsFunc(globs, func(g string) bool { return slowMatch(globValue, g, value) }) {
				matched++
			} else {
				failed++
			}
		}
		if matched == 0 || all && failed > 0 {
			return false
		}
	}
	return true
}
