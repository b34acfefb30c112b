package graphql

import (
	"fmt"
	"slices"

	"exeat/proxy/strictjson"
)

// payloadKeys are all that a request may have: those of GraphQL over HTTP, and those that name a persisted
// query. Any other is refused, for the server may know a key that names an operation and is not known here.
func payloadKeys() []string {
	return append([]string{"query", "operationName", "variables", "extensions"}, idKeys()...)
}

// idKeys are the names that servers use for the id of a persisted document: in GraphQL over HTTP, and those of Relay,
// GraphQL Ruby, LinkedIn and Instagram. A query string may have any of them beside a body with a document.
func idKeys() []string {
	return []string{"id", "documentId", "doc_id", "operationId", "queryId", "query_id", "query_hash"}
}

// request is what a payload says of its operations; "" stands for what it leaves out, as null does for servers.
type request struct {
	query, operationName, hash string
	ids                        []string
}

// FromPayload reads one request object, as it stands in a body, a batch or a WebSocket message.
func FromPayload(payload strictjson.Value, registered Registry) ([]Operation, error) {
	r, err := readRequest(payload)
	if err != nil {
		return nil, err
	}
	return r.operations(registered)
}

// readRequest takes the parts that decide what is executed out of a payload.
func readRequest(payload strictjson.Value) (request, error) {
	if payload.Kind() != strictjson.Object {
		return request{}, fmt.Errorf("a GraphQL request is %s: it must be an object", payload.Kind())
	}
	for key := range payload.Object() {
		if !slices.Contains(payloadKeys(), key) {
			return request{}, fmt.Errorf("a GraphQL request has the key %.80q: only %v are read", key, payloadKeys())
		}
	}
	var r request
	var err error
	if r.query, err = optional(payload, "query"); err != nil {
		return r, err
	}
	if r.operationName, err = optional(payload, "operationName"); err != nil {
		return r, err
	}
	if r.ids, err = readIDs(payload); err != nil {
		return r, err
	}
	return r, r.readExtensions(payload.Get("extensions"))
}

// readExtensions takes the hash of a persisted query, and its id where GraphQL Ruby looks for one.
func (r *request) readExtensions(extensions strictjson.Value) (err error) {
	if r.hash, err = readHash(extensions); err != nil {
		return err
	}
	if _, err = readObject(extensions, "extensions", "operationId"); err != nil {
		return err
	}
	id, err := optional(extensions, "operationId")
	if id != "" {
		r.ids = append(r.ids, id)
	}
	return err
}

// optional is a string that may be absent, null or "", all of which mean none.
func optional(object strictjson.Value, key string) (string, error) {
	value := object.Get(key)
	text, ok := value.Text()
	if !ok && value.Kind() != strictjson.Absent && value.Kind() != strictjson.Null {
		return "", fmt.Errorf("%s of a GraphQL request is %s: it must be a string", key, value.Kind())
	}
	return text, nil
}

func readIDs(payload strictjson.Value) ([]string, error) {
	var ids []string
	for _, key := range idKeys() {
		id, err := optional(payload, key)
		if err != nil {
			return nil, err
		}
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// readHash is the hash that extensions ask for by, as Apollo's automatic persisted queries do. A persistedQuery without
// one is refused: some server may know it by another key.
func readHash(extensions strictjson.Value) (string, error) {
	persisted, err := readObject(extensions, "extensions", "persistedQuery")
	if err != nil || persisted.Kind() == strictjson.Absent || persisted.Kind() == strictjson.Null {
		return "", err
	}
	if _, err := readObject(persisted, "extensions.persistedQuery", "sha256Hash"); err != nil {
		return "", err
	}
	hash, err := optional(persisted, "sha256Hash")
	if err == nil && hash == "" {
		err = fmt.Errorf("extensions.persistedQuery of a GraphQL request has no sha256Hash: only that kind of persisted query is read")
	}
	return hash, err
}

// readObject is the field key of an object that may be absent or null. It refuses a key that only some
// servers take for it, and an object written as a string, which some servers parse.
func readObject(object strictjson.Value, path, key string) (strictjson.Value, error) {
	if kind := object.Kind(); kind > strictjson.Null && kind != strictjson.Object {
		return strictjson.Value{}, fmt.Errorf("%s of a GraphQL request is %s: it must be an object", path, kind)
	}
	if twin, found := object.Twin(key); found {
		return strictjson.Value{}, fmt.Errorf("%s of a GraphQL request has the key %.80q, which some servers take for %q", path, twin, key)
	}
	return object.Get(key), nil
}
