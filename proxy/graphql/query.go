package graphql

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"exeat/policy/alike"
	"exeat/proxy/strictjson"
)

// FromQuery reads the query string of a GET, without the '?'. Where it has none of the parameters of a request there is
// no operation and no error. The query string of a POST must be read as well, for some servers prefer it to the body;
// one that has only an operationName or variables is an error.
func FromQuery(rawQuery string, registered Registry) ([]Operation, error) {
	parameters, err := readParameters(rawQuery)
	if err != nil || len(parameters) == 0 {
		return nil, err
	}
	r := request{query: parameters["query"], operationName: parameters["operationName"]}
	if text := parameters["extensions"]; text != "" {
		extensions, err := strictjson.Parse([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("extensions of a GraphQL request: %w", err)
		}
		if err = r.readExtensions(extensions); err != nil {
			return nil, err
		}
	}
	for _, key := range idKeys() {
		if id := parameters[key]; id != "" {
			r.ids = append(r.ids, id)
		}
	}
	return r.operations(registered)
}

// readParameters takes those of a request out of a query string; others are the server's own affair. A ';'
// is refused because some servers end a parameter there.
func readParameters(rawQuery string) (map[string]string, error) {
	if strings.Contains(rawQuery, ";") {
		return nil, fmt.Errorf("the query string of a GraphQL request has a ';', where some servers begin a parameter: write %%3B")
	}
	parameters := map[string]string{}
	for pair := range strings.SplitSeq(rawQuery, "&") {
		key, value, err := readPair(pair)
		if err != nil {
			return nil, err
		}
		if key == "" {
			continue
		}
		if _, twice := parameters[key]; twice {
			return nil, fmt.Errorf("the query string of a GraphQL request has %s twice", key)
		}
		parameters[key] = value
	}
	return parameters, nil
}

// readPair decodes one parameter; key is "" where it is none of a request's.
func readPair(pair string) (key, value string, err error) {
	rawKey, rawValue, _ := strings.Cut(pair, "=")
	if key, err = url.QueryUnescape(rawKey); err != nil {
		return "", "", fmt.Errorf("the query string of a GraphQL request has the key %.80q, which is not encoded as one", rawKey)
	}
	meant := parameterMeant(key)
	if meant == "" {
		return "", "", nil
	}
	if key != meant {
		return "", "", fmt.Errorf("the query string of a GraphQL request has %.80q, which some servers take for %q", key, meant)
	}
	if value, err = url.QueryUnescape(rawValue); err != nil || !utf8.ValidString(value) {
		return "", "", fmt.Errorf("the query string of a GraphQL request has a %s that is not encoded as UTF-8", key)
	}
	return key, value, nil
}

// parameterMeant is the parameter of a request that a key is, or is to the most liberal of servers.
func parameterMeant(key string) string {
	keys, meant := payloadKeys(), alike.Parameter(key)
	if i := slices.IndexFunc(keys, func(known string) bool { return alike.Parameter(known) == meant }); i >= 0 {
		return keys[i]
	}
	return ""
}
