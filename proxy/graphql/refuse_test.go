package graphql_test

import (
	"fmt"
	"strings"
	"testing"

	"exeat/proxy/graphql"
)

func TestFromBodyRefuses(t *testing.T) {
	jsonBody, plain := "application/json", "application/graphql"
	var fields strings.Builder
	for i := range 501 {
		fmt.Fprintf(&fields, " f%d", i)
	}
	for name, row := range map[string]struct{ contentType, body, reason string }{
		"form":                         {"application/x-www-form-urlencoded", "query={a}", "servers read forms differently"},
		"multipart upload":             {"multipart/form-data; boundary=x", "--x--", "servers read forms differently"},
		"no Content-Type":              {"", `{"query":"{a}"}`, "cannot be read"},
		"text":                         {"text/plain", `{"query":"{a}"}`, "cannot have the Content-Type"},
		"two types in one header":      {"application/json, multipart/form-data", `{}`, "cannot be read"},
		"another charset":              {"application/json; charset=utf-7", `{"query":"{a}"}`, "only charset=utf-8"},
		"charset of RFC 2231":          {"application/json; charset*=utf-7''utf-7", `{"query":"{a}"}`, "cannot be read"},
		"two charsets, one of those":   {"application/json; charset=utf-8; charset*=utf-7''utf-7", `{"query":"{a}"}`, "cannot be read"},
		"multipart as a parameter":     {`application/json; x="multipart/form-data"`, `{"query":"{a}"}`, "only charset=utf-8"},
		"key twice":                    {jsonBody, `{"query":"{a}","query":"mutation{b}"}`, "stands twice"},
		"key twice, once escaped":      {jsonBody, `{"query":"{a}","\u0071uery":"mutation{b}"}`, "stands twice"},
		"case twin":                    {jsonBody, `{"query":"{a}","Query":"mutation{b}"}`, "ignore case"},
		"other case alone, beside id":  {jsonBody, `{"id":"44","Query":"mutation{b}"}`, `the key "Query"`},
		"unknown key":                  {jsonBody, `{"query":"{a}","queryHash":"9"}`, `the key "queryHash"`},
		"trailing data":                {jsonBody, `{"query":"{a}"}{"query":"mutation{b}"}`, "something follows"},
		"query is an object":           {jsonBody, `{"query":{"a":1}}`, "query of a GraphQL request is an object"},
		"a string":                     {jsonBody, `"{a}"`, "is a string: it must be an object"},
		"nothing asked":                {jsonBody, `{"variables":{}}`, "neither a query nor a persisted query"},
		"empty batch":                  {jsonBody, `[]`, "a GraphQL batch has 0 requests"},
		"batch of 65":                  {jsonBody, "[" + strings.Repeat(body("{a}")+",", 64) + body("{a}") + "]", "has 65 requests"},
		"batch of 33 by two":           {jsonBody, "[" + strings.Repeat(body("{a}query B{b}")+",", 32) + body("{a}query B{b}") + "]", "more than 64 operations"},
		"batch in a batch":             {jsonBody, `[[{"query":"{a}"}]]`, "is an array: it must be an object"},
		"65 operations":                {plain, strings.Repeat("{a}", 65), "more than 64 operations"},
		"1,002 root fields":            {plain, "{...F} {...F} fragment F on Q {" + fields.String() + "}", "more than 1000 root fields"},
		"operationName of none":        {jsonBody, `{"query":"query A{a}","operationName":"B"}`, "0 operations with its operationName"},
		"operationName of two":         {jsonBody, `{"query":"query A{a} mutation A{b}","operationName":"A"}`, "2 operations with its operationName"},
		"unregistered id":              {jsonBody, `{"id":"99"}`, `persisted query "99" is not registered`},
		"id as a number":               {jsonBody, `{"id":42}`, "id of a GraphQL request is a number"},
		"one of two ids unregistered":  {jsonBody, `{"id":"42","documentId":"99"}`, `persisted query "99" is not registered`},
		"unregistered hash":            {jsonBody, `{"extensions":{"persistedQuery":{"sha256Hash":"ab"}}}`, `persisted query "ab" is not registered`},
		"hash of another document":     {jsonBody, `{"query":"{a}","extensions":{"persistedQuery":{"sha256Hash":"` + hashOf("{b}") + `"}}}`, "does not hash to"},
		"hash under another key":       {jsonBody, `{"query":"{a}","extensions":{"persistedQuery":{"md5":"x"}}}`, "has no sha256Hash"},
		"hash in another case":         {jsonBody, `{"query":"{a}","extensions":{"persistedQuery":{"sha256hash":"x"}}}`, "some servers take for"},
		"persistedQuery in other case": {jsonBody, `{"query":"{a}","extensions":{"persistedquery":{"sha256Hash":"x"}}}`, "some servers take for"},
		"extensions in a string":       {jsonBody, `{"query":"{a}","extensions":"{\"persistedQuery\":{}}"}`, "extensions of a GraphQL request is a string"},
		"id of something else":         {jsonBody, `{"query":"{viewer}","id":"43"}`, `not what the persisted query "43" is registered as`},
		"id in the extensions":         {jsonBody, `{"query":"{viewer}","extensions":{"operationId":"app/drop"}}`, `persisted query "app/drop" is not registered`},
		"the same in another case":     {jsonBody, `{"query":"{viewer}","extensions":{"operationID":"app/drop"}}`, "some servers take for"},
		"the same as a number":         {jsonBody, `{"query":"{viewer}","extensions":{"operationId":9}}`, "operationId of a GraphQL request is a number"},
		"unregistered id with a query": {jsonBody, `{"query":"{viewer}","id":"99"}`, `persisted query "99" is not registered`},
		"persisted, other name":        {jsonBody, `{"id":"44","operationName":"Drop"}`, `registered with the name ""`},
		"only fragments":               {plain, `fragment F on Query { a }`, "has no operation"},
		"empty document":               {plain, " \n# nothing", "has no operation"},
		"schema definition":            {plain, `type A { a: Int }`, "Unexpected"},
		"no fields":                    {plain, `{ }`, "expected at least one definition"},
		"unknown fragment":             {plain, `{ ...F }`, `does not define the fragment "F"`},
		"unknown fragment, deep":       {plain, `{ a { b { ...F } } }`, `does not define the fragment "F"`},
		"fragment in itself":           {plain, `{ ...F } fragment F on Query { a ...F }`, "inside itself"},
		"fragments in a circle":        {plain, `{ a } fragment F on Q { b { ...G } } fragment G on Q { ... { ...F } }`, "inside itself"},
		"fragment twice":               {plain, `{ ...F } fragment F on Q { a } fragment F on Q { b }`, `the fragment "F" twice`},
		"not UTF-8":                    {plain, "{ a # \xff\n}", "not UTF-8"},
		"NUL":                          {plain, "{ a }\x00", "U+0000"},
		"carriage return in a comment": {plain, "{ a # \r b\n}", "carriage return"},
		"line separator in a comment":  {plain, "{ a } # \u2028 mutation { b }", "U+2028"},
		"next line in a comment":       {plain, "{ a } # \u0085 mutation { b }", "U+0085"},
		"byte order mark inside":       {plain, "{ a \uFEFF }", "U+FEFF"},
		"quotes at a block's end":      {plain, `{ a(x: ["""""""""]) b } mutation { c(x: [""" ""])}`, "quotation mark in the block string"},
		"quote in a block string":      {plain, `{ a(x: """ " ]) } mutation { c(x: " """) }`, "quotation mark in the block string"},
		"escape in a block string":     {plain, `{ a(x: """ \""" """) }`, "quotation mark in the block string"},
		"string without an end":        {plain, "{ a(x: \"\n\") }", "Unterminated"},
		"letters beyond ASCII":         {plain, "{ \u0430 }", "Cannot parse"},
		"too many tokens":              {plain, "{" + strings.Repeat("a ", 20_000) + "}", "more than 20000 tokens"},
		"too many comments":            {plain, strings.Repeat("#\n", 20_001) + "{a}", "more than 20000 tokens"},
		"100,000 levels":               {plain, strings.Repeat("{a", 100_000), "more than 20000 tokens"},
		"6,000 levels of fields":       {plain, strings.Repeat("{a", 6_000) + strings.Repeat("}", 6_000), "nesting depth"},
		"6,000 levels of fragments":    {plain, strings.Repeat("{...", 6_000), "nesting depth"},
		"6,000 levels of lists":        {plain, "{a(x:" + strings.Repeat("[", 6_000), "nesting depth"},
		"6,000 levels of types":        {plain, "query($x:" + strings.Repeat("[", 6_000), "nesting depth"},
		"100,000 levels of JSON":       {jsonBody, `{"variables":` + strings.Repeat("[", 100_000), "inside one another"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := graphql.FromBody(row.contentType, []byte(row.body), registered())
			if err == nil || !strings.Contains(err.Error(), row.reason) {
				t.Fatalf("got %v and error %v, want an error about %q", got, err, row.reason)
			}
			if got != nil || len(err.Error()) > 400 {
				t.Errorf("operations %v beside an error of %d bytes", got, len(err.Error()))
			}
		})
	}
}
