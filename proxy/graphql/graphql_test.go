package graphql_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/proxy/graphql"
)

// op writes an operation in one line: type, name, fields.
func op(kind, name string, fields ...string) graphql.Operation {
	return graphql.Operation{Type: kind, Name: name, Fields: fields}
}

// body is a JSON request that has only this document.
func body(document string) string {
	text, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		panic(err) // a map of strings
	}
	return string(text)
}

// document is registered by its hash.
const document = "{ viewer { login } }"

func registered() graphql.Registry {
	return graphql.Registry{
		hashOf(document): op("query", "", "viewer"),
		"42":             op("query", "Feed", "viewer", "posts", "posts"),
		"43":             op("mutation", "Drop", "dropAll"),
		"44":             op("query", "", "viewer"),
	}
}

func TestFromBodyReads(t *testing.T) {
	for name, row := range map[string]struct {
		contentType, body string
		want              []graphql.Operation
	}{
		"gh repo view": {
			"application/json; charset=utf-8",
			`{"query":"query RepositoryInfo($owner: String!, $name: String!) {\n\t\trepository(owner: $owner, name: $name) {\n\t\t\tid\n` +
				`\t\t\tname\n\t\t\towner { login }\n\t\t\tparent { ...repo }\n\t\t}\n\t}\n\tfragment repo on Repository { id name }",` +
				`"variables":{"owner":"cli","name":"cli"}}`,
			[]graphql.Operation{op("query", "RepositoryInfo", "repository")},
		},
		"gh issue create": {
			"application/json",
			`{"query":"mutation IssueCreate($input: CreateIssueInput!) { createIssue(input: $input) { issue { id url } } }",` +
				`"variables":{"input":{"title":"mutation { x }"}}}`,
			[]graphql.Operation{op("mutation", "IssueCreate", "createIssue")},
		},
		"gh pr status, aliases and a fragment": {
			"application/json",
			body(`fragment prs on PullRequestConnection { totalCount }
				query PullRequestStatus($o: String!) {
					repository(owner: $o, name: "x") { defaultBranchRef { name } }
					viewerCreated: search(query: "a", type: ISSUE, first: 1) { ...prs }
					reviewRequested: search(query: "b", type: ISSUE, first: 1) { ...prs }
				}`),
			[]graphql.Operation{op("query", "PullRequestStatus", "repository", "search")},
		},
		"Apollo batch": {
			"application/json",
			`[{"operationName":"A","variables":{},"query":"query A { me { id __typename } }"},
			  {"operationName":"B","extensions":{"clientLibrary":{"name":"x"}},"query":"mutation B { like }"}]`,
			[]graphql.Operation{op("query", "A", "me"), op("mutation", "B", "like")},
		},
		"Relay persisted": {
			"application/json", `{"doc_id":"42","query":null,"variables":{"first":10}}`,
			[]graphql.Operation{op("query", "Feed", "posts", "viewer")},
		},
		"Apollo persisted, by hash alone": {
			"application/json", `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hashOf(document) + `"}}}`,
			[]graphql.Operation{op("query", "", "viewer")},
		},
		"Apollo persisted, with the document of the hash": {
			"application/json", `{"query":"{ other }","extensions":{"persistedQuery":{"sha256Hash":"` + hashOf("{ other }") + `"}}}`,
			[]graphql.Operation{op("query", "", "other")},
		},
		"id and the document it is registered as": {
			"application/json", `{"documentId":"44","query":"{ viewer }"}`,
			[]graphql.Operation{op("query", "", "viewer")},
		},
		"two ids: either could be executed": {
			"application/json", `{"id":"44","doc_id":"43"}`,
			[]graphql.Operation{op("query", "", "viewer"), op("mutation", "Drop", "dropAll")},
		},
		"application/graphql": {"application/graphql", "{ viewer { login } }", []graphql.Operation{op("query", "", "viewer")}},
		"byte order mark, comments, commas, block strings, descriptions": {
			"application/graphql",
			"\uFEFF# mutation { a }\r\n" + `"""what it does""" query Q { a(x: """ } mutation { b } """, y: "\"}") , c # }` + "\n}",
			[]graphql.Operation{op("query", "Q", "a", "c")},
		},
		"an alias does not hide a field": {
			"application/graphql", `mutation { viewer: deleteRepository(id: 1) { id } }`,
			[]graphql.Operation{op("mutation", "", "deleteRepository")},
		},
		"a second operation is not hidden by operationName": {
			"application/json", `{"operationName":"Nice","query":"query Nice { viewer } mutation Bad { dropAll }"}`,
			[]graphql.Operation{op("query", "Nice", "viewer"), op("mutation", "Bad", "dropAll")},
		},
		"fragment on Mutation, nested and inline": {
			"application/graphql",
			`mutation { ...A ... on Mutation { c } ... @include(if: false) { d ... { e } } } fragment A on Mutation { a ...B } fragment B on Other { b }`,
			[]graphql.Operation{op("mutation", "", "a", "b", "c", "d", "e")},
		},
		"skip and include remove nothing": {
			"application/graphql", `{ a @skip(if: true) b @include(if: false) ...F @skip(if: true) } fragment F on Query { c }`,
			[]graphql.Operation{op("query", "", "a", "b", "c")},
		},
		"introspection fields count": {
			"application/graphql", `{ __typename __schema { types { name } } __type(name: "x") { name } }`,
			[]graphql.Operation{op("query", "", "__schema", "__type", "__typename")},
		},
		"key with a Unicode escape": {
			"application/json", `{"\u0071uery":"mutation { \u0061 }"}`, []graphql.Operation{op("mutation", "", "a")},
		},
		"subscription": {"application/graphql", `subscription S { ticks }`, []graphql.Operation{op("subscription", "S", "ticks")}},
		"keywords are names as well": {
			"application/graphql", `query query { query mutation: fragment on }`,
			[]graphql.Operation{op("query", "query", "fragment", "on", "query")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := graphql.FromBody(row.contentType, []byte(row.body), registered())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("operations:\n%s", diff)
			}
		})
	}
}
