package graphql

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// operations are those of the document, where there is one, and otherwise those that are registered.
func (r request) operations(registered Registry) ([]Operation, error) {
	if r.query == "" {
		return r.persisted(registered)
	}
	if sum := sha256.Sum256([]byte(r.query)); r.hash != "" && r.hash != hex.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("a GraphQL request has a document that does not hash to its sha256Hash %.80q: "+
			"a server could execute the document of that hash", r.hash)
	}
	operations, err := fromDocument(r.query)
	if err != nil {
		return nil, err
	}
	if err := r.named(operations); err != nil {
		return nil, err
	}
	if err := r.agree(operations, registered); err != nil {
		return nil, err
	}
	return operations, nil
}

// persisted are the operations behind the hash and the ids of a request without a document. A server could execute
// any of them.
func (r request) persisted(registered Registry) ([]Operation, error) {
	keys := r.ids
	if r.hash != "" {
		keys = append([]string{r.hash}, r.ids...)
	}
	if len(keys) == 0 {
		return nil, errors.New("a GraphQL request has neither a query nor a persisted query")
	}
	var operations []Operation
	for _, key := range keys {
		operation, err := registered.find(key)
		if err != nil {
			return nil, err
		}
		if r.operationName != "" && r.operationName != operation.Name {
			return nil, fmt.Errorf("a GraphQL request asks for operationName %.80q of the persisted query %.80q, "+
				"which is registered with the name %q", r.operationName, key, operation.Name)
		}
		operations = append(operations, operation)
	}
	return operations, nil
}

// ErrNotRegistered is why a request for a persisted query cannot be read.
var ErrNotRegistered = errors.New("is not registered")

// find is a registered operation in the form that documents give.
func (registered Registry) find(key string) (Operation, error) {
	operation, ok := registered[key]
	if !ok {
		return Operation{}, fmt.Errorf("persisted query %.80q %w: register it in the policy or send the whole document", key, ErrNotRegistered)
	}
	operation.Fields = slices.Compact(slices.Sorted(slices.Values(operation.Fields)))
	return operation, nil
}

// named refuses an operationName that the document does not have exactly once: which operation a server
// then takes, if any, is up to it.
func (r request) named(operations []Operation) error {
	count := 0
	for _, operation := range operations {
		if operation.Name == r.operationName {
			count++
		}
	}
	if r.operationName != "" && count != 1 {
		return fmt.Errorf("the document of a GraphQL request has %d operations with its operationName %.80q: it must have one",
			count, r.operationName)
	}
	return nil
}

// agree holds a document to the ids sent with it: a server that knows an id could execute that instead.
func (r request) agree(operations []Operation, registered Registry) error {
	for _, id := range r.ids {
		known, err := registered.find(id)
		if err != nil {
			return err
		}
		if len(operations) != 1 || !operations[0].equal(known) {
			return fmt.Errorf("a GraphQL request has a document that is not what the persisted query %.80q is registered as", id)
		}
	}
	return nil
}

func (o Operation) equal(other Operation) bool {
	return o.Type == other.Type && o.Name == other.Name && slices.Equal(o.Fields, other.Fields)
}
