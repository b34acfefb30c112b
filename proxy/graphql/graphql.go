// Package graphql reads which operations a GraphQL request asks for.
//
// It answers for what a server could execute, which is more than what the request says it wants: every operation of a
// document counts, a field counts by the name that the schema has for it, and a directive takes nothing
// away. What two servers could read differently is an error.
package graphql

import (
	"fmt"
	"mime"
	"strings"

	"exeat/proxy/strictjson"
)

// maxOperations bounds what one request may ask for: the elements of a batch, and all operations in them.
const maxOperations = 64

// Operation is one operation that a server could execute.
type Operation struct {
	Type string // query, mutation or subscription
	Name string // "" for none
	// Fields are the root fields as the schema names them, sorted, each once: aliases are resolved and fragments
	// expanded, whatever type they are on.
	Fields []string
}

// Registry has the operations of persisted queries. The key is the SHA-256 of the document in lower-case
// hexadecimal, or the id that a server knows it by.
type Registry map[string]Operation

// FromBody reads the body of a POST, which must have no content coding. contentType is the header's value.
// A JSON body is one request or a batch of them; application/graphql is a document alone.
func FromBody(contentType string, body []byte, registered Registry) ([]Operation, error) {
	media, err := mediaType(contentType)
	if err != nil {
		return nil, err
	}
	if media == "application/graphql" {
		return fromDocument(string(body))
	}
	return fromJSON(body, registered)
}

// mediaType is application/json or application/graphql. A parameter other than the charset is refused: some
// servers look for words such as multipart anywhere in the header, and in another charset the same bytes spell
// another key. With an asterisk (RFC 2231) it is one to servers in Python, while mime leaves it out without a word.
func mediaType(contentType string) (string, error) {
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || strings.Contains(contentType, "*") {
		return "", fmt.Errorf("the Content-Type %.80q of a GraphQL request cannot be read: send application/json", contentType)
	}
	switch media {
	case "application/json", "application/graphql":
		return media, checkParameters(parameters)
	case "application/x-www-form-urlencoded", "multipart/form-data":
		return "", fmt.Errorf("a GraphQL request as %s is not supported, because servers read forms differently: send application/json", media)
	}
	return "", fmt.Errorf("a GraphQL request cannot have the Content-Type %.80q: send application/json", contentType)
}

func checkParameters(parameters map[string]string) error {
	for name, value := range parameters {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return fmt.Errorf("the Content-Type of a GraphQL request has %.80q: only charset=utf-8 is read", name+"="+value)
		}
	}
	return nil
}

// fromJSON reads one request or a batch.
func fromJSON(body []byte, registered Registry) ([]Operation, error) {
	value, err := strictjson.Parse(body)
	if err != nil {
		return nil, err
	}
	if value.Kind() == strictjson.Array {
		return fromBatch(value, registered)
	}
	return FromPayload(value, registered)
}

// fromBatch reads the requests of a batch. The limit is on all of them together, so that a batch cannot
// multiply what one document may cost.
func fromBatch(batch strictjson.Value, registered Registry) ([]Operation, error) {
	if batch.Len() == 0 || batch.Len() > maxOperations {
		return nil, fmt.Errorf("a GraphQL batch has %d requests: from 1 to %d are read", batch.Len(), maxOperations)
	}
	var all []Operation
	for payload := range batch.Array() {
		some, err := FromPayload(payload, registered)
		if err != nil {
			return nil, err
		}
		if all = append(all, some...); len(all) > maxOperations {
			return nil, tooMany()
		}
	}
	return all, nil
}

func tooMany() error {
	return fmt.Errorf("a GraphQL request has more than %d operations", maxOperations)
}
