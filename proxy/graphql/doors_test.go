package graphql_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exeat/proxy/graphql"
)

func hashOf(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

func TestFromQuery(t *testing.T) {
	persisted := url.QueryEscape(`{"persistedQuery":{"version":1,"sha256Hash":"` + hashOf(document) + `"}}`)
	viewer := []graphql.Operation{op("query", "", "viewer")}
	for name, row := range map[string]struct {
		query  string
		want   []graphql.Operation
		reason string
	}{
		"nothing":                     {"", nil, ""},
		"nothing of a request":        {"access_token=x&a=%zz&a=2&queries=3&=", nil, ""},
		"document":                    {"query=%7Bviewer%7D&variables=%7B%7D", viewer, ""},
		"document with plus":          {"query=query+A+%7B+viewer+%7D&operationName=A", []graphql.Operation{op("query", "A", "viewer")}, ""},
		"mutation":                    {"query=mutation{x:drop}", []graphql.Operation{op("mutation", "", "drop")}, ""},
		"key escaped":                 {"%71uery=mutation{drop}", []graphql.Operation{op("mutation", "", "drop")}, ""},
		"by hash":                     {"extensions=" + persisted, viewer, ""},
		"by id":                       {"documentId=44", viewer, ""},
		"id of GraphQL Ruby":          {"operationId=43", []graphql.Operation{op("mutation", "Drop", "dropAll")}, ""},
		"the same in the extensions":  {`query={viewer}&extensions={"operationId":"43"}`, nil, `not what the persisted query "43" is registered as`},
		"unregistered id":             {"doc_id=99", nil, `"99" is not registered`},
		"document and another's hash": {"query={a}&extensions=" + persisted, nil, "does not hash"},
		"twice":                       {"query={a}&query=mutation{b}", nil, "query twice"},
		"twice, once escaped":         {"query={a}&quer%79=mutation{b}", nil, "query twice"},
		"twice, once empty":           {"id&id=44", nil, "id twice"},
		"other case":                  {"query={a}&Query=mutation{b}", nil, `some servers take for "query"`},
		"other case alone":            {"QUERY=mutation{b}", nil, `some servers take for "query"`},
		"split at a semicolon":        {"x=1;query=mutation{b}", nil, "';'"},
		"array of PHP and Rails":      {"query[]=mutation{b}", nil, `some servers take for "query"`},
		"nested by brackets":          {"query={a}&extensions%5BpersistedQuery%5D[sha256Hash]=x", nil, `some servers take for "extensions"`},
		"dot for underscore":          {"doc.id=43", nil, `some servers take for "doc_id"`},
		"space in front":              {"+query=mutation{b}", nil, `some servers take for "query"`},
		"NUL behind":                  {"query%00=mutation{b}", nil, `some servers take for "query"`},
		"key not encoded":             {"quer%y=1", nil, "not encoded"},
		"value not encoded":           {"query=%7", nil, "not encoded as UTF-8"},
		"value not UTF-8":             {"query=%ff", nil, "not encoded as UTF-8"},
		"operationName alone":         {"operationName=A", nil, "neither a query nor"},
		"extensions with a key twice": {"query={a}&extensions={\"a\":1,\"a\":2}", nil, "stands twice"},
		"batch in the query string":   {"query=[{a}]", nil, "Unexpected"},
		"operationName of none":       {"query={a}&operationName=B", nil, "0 operations with its operationName"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := graphql.FromQuery(row.query, registered())
			check(t, row.want, row.reason, got, err)
		})
	}
}

func TestMessage(t *testing.T) {
	for name, row := range map[string]struct {
		text   string
		want   []graphql.Operation
		reason string
	}{
		"subscribe": {
			`{"id":"1","type":"subscribe","payload":{"query":"subscription { ticks }"}}`,
			[]graphql.Operation{op("subscription", "", "ticks")},
			"",
		},
		"start":              {`{"type":"start","id":"1","payload":{"query":"mutation M { drop }","variables":null}}`, []graphql.Operation{op("mutation", "M", "drop")}, ""},
		"subscribe by id":    {`{"type":"subscribe","id":"1","payload":{"id":"44"}}`, []graphql.Operation{op("query", "", "viewer")}, ""},
		"connection_init":    {`{"type":"connection_init","payload":{"query":"mutation { a }"}}`, nil, ""},
		"ping":               {`{"type":"ping"}`, nil, ""},
		"complete":           {`{"id":"1","type":"complete"}`, nil, ""},
		"stop":               {`{"id":"1","type":"stop"}`, nil, ""},
		"terminate":          {`{"type":"connection_terminate","payload":null}`, nil, ""},
		"no payload":         {`{"type":"subscribe","id":"1"}`, nil, "is nothing: it must be an object"},
		"batch as payload":   {`{"type":"start","payload":[{"query":"{a}"}]}`, nil, "is an array"},
		"unknown type":       {`{"type":"subscription_start","query":"{a}"}`, nil, `the key "query"`},
		"type of the server": {`{"type":"next","payload":{}}`, nil, `the type "next"`},
		"type in other case": {`{"type":"Subscribe","payload":{"query":"{a}"}}`, nil, `the type "Subscribe"`},
		"key in other case":  {`{"type":"ping","Type":"subscribe","payload":{"query":"{a}"}}`, nil, "ignore case"},
		"no type":            {`{"payload":{"query":"{a}"}}`, nil, `the type ""`},
		"array":              {`[{"type":"start"}]`, nil, `the type ""`},
		"two messages":       {`{"type":"ping"}{"type":"start"}`, nil, "something follows"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := graphql.Message([]byte(row.text), registered())
			check(t, row.want, row.reason, got, err)
		})
	}
}

func check(t *testing.T, want []graphql.Operation, reason string, got []graphql.Operation, err error) {
	t.Helper()
	if reason == "" && err != nil || reason != "" && (err == nil || !strings.Contains(err.Error(), reason)) {
		t.Fatalf("error %v, want one about %q", err, reason)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations:\n%s", diff)
	}
}

// TestFragmentsExpandOnce has fragments that each spread the next one twice, in 64 operations: expanded by
// copying, the first field would be reached 2^1000 times.
func TestFragmentsExpandOnce(t *testing.T) {
	var text strings.Builder
	for i := range 64 {
		fmt.Fprintf(&text, "query Q%d { ...F0 } ", i)
	}
	for i := range 1000 {
		fmt.Fprintf(&text, "fragment F%d on Q { f ...F%d ...F%d } ", i, i+1, i+1)
	}
	text.WriteString("fragment F1000 on Q { last }")
	start := time.Now()
	got, err := graphql.FromBody("application/graphql", []byte(text.String()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got[63].Fields); n != 2 || time.Since(start) > 5*time.Second {
		t.Errorf("%d fields after %v, want 2", n, time.Since(start))
	}
}

// FuzzFromBody holds the answer to be one that a rule can judge, and the same one each time.
func FuzzFromBody(f *testing.F) {
	for _, document := range []string{
		document, "mutation A { x: drop(a: [1, {b: \"c\"}]) } query B { ...F }  fragment F on Q { d ...G } fragment G on Q { e }",
		"{ a(x: \"\"\"b\"\"\") @skip(if: true) { c } }", "{ ...F } fragment F on Q { ...F }", "\uFEFF# x\nsubscription { a }",
	} {
		f.Add("application/graphql", []byte(document))
		f.Add("application/json", []byte(body(document)))
	}
	f.Add("application/json", []byte(`[{"id":"42"},{"query":"{a}","extensions":{"persistedQuery":{"sha256Hash":"00"}}}]`))
	f.Fuzz(func(t *testing.T, contentType string, data []byte) {
		got, err := graphql.FromBody(contentType, data, registered())
		again, errAgain := graphql.FromBody(contentType, data, registered())
		if !reflect.DeepEqual(got, again) || (err == nil) != (errAgain == nil) {
			t.Fatalf("%v, %v and then %v, %v", got, err, again, errAgain)
		}
		if err != nil && got != nil || err == nil && len(got) == 0 {
			t.Fatalf("operations %v with error %v", got, err)
		}
		for _, o := range got {
			if !slices.Contains([]string{"query", "mutation", "subscription"}, o.Type) || len(o.Fields) == 0 ||
				!slices.IsSorted(o.Fields) || len(slices.Compact(slices.Clone(o.Fields))) != len(o.Fields) {
				t.Errorf("operation %+v", o)
			}
		}
	})
}
