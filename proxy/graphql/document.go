package graphql

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// fromDocument lists the operations of a document in its order.
func fromDocument(text string) ([]Operation, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, maxTokens)
	if err != nil {
		return nil, syntaxError(err)
	}
	switch count := len(document.Operations); {
	case count == 0:
		return nil, errors.New("the document of a GraphQL request has no operation")
	case count > maxOperations:
		return nil, tooMany()
	}
	fragments, err := index(document.Fragments)
	if err != nil {
		return nil, err
	}
	if err := fragments.check(document); err != nil {
		return nil, err
	}
	operations := fragments.operations(document)
	fields := 0
	for _, o := range operations {
		if fields += len(o.Fields); fields > maxFields {
			return nil, fmt.Errorf("the operations of a GraphQL request have more than %d root fields", maxFields)
		}
	}
	return operations, nil
}

// maxFields bounds the root fields of a document, operation by operation: one fragment can stand for all of them in
// each, and rules are asked about every one.
const maxFields = 1000

// syntaxError says where a document stops being one, in bounded length: names in it are of any length.
func syntaxError(err error) error {
	var at *gqlerror.Error
	if errors.As(err, &at) && len(at.Locations) > 0 {
		return fmt.Errorf("the document of a GraphQL request, line %d: %.160q", at.Locations[0].Line, at.Message)
	}
	return fmt.Errorf("the document of a GraphQL request: %.160q", err.Error())
}

// fragmentSet has the fragments of a document by name.
type fragmentSet map[string]*ast.FragmentDefinition

// index refuses a name that stands twice: servers differ in which of the two they take.
func index(list ast.FragmentDefinitionList) (fragmentSet, error) {
	fragments := fragmentSet{}
	for _, fragment := range list {
		if fragments[fragment.Name] != nil {
			return nil, fmt.Errorf("the document of a GraphQL request defines the fragment %.80q twice", fragment.Name)
		}
		fragments[fragment.Name] = fragment
	}
	return fragments, nil
}

// operations makes the list out of a document that was checked.
func (fragments fragmentSet) operations(document *ast.QueryDocument) []Operation {
	var list []Operation
	for _, definition := range document.Operations {
		root := &rootFields{fragments: fragments, names: map[string]bool{}, seen: map[string]bool{}}
		root.add(definition.SelectionSet)
		list = append(list, Operation{
			Type:   string(definition.Operation),
			Name:   definition.Name,
			Fields: slices.Sorted(maps.Keys(root.names)),
		})
	}
	return list
}

// rootFields collects the names of one operation. It enters each fragment once: fragments that each spread the
// next one twice would double the work with every one of them.
type rootFields struct {
	fragments   fragmentSet
	names, seen map[string]bool
}

func (r *rootFields) add(selections ast.SelectionSet) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			r.names[s.Name] = true
		case *ast.InlineFragment:
			r.add(s.SelectionSet)
		case *ast.FragmentSpread:
			if !r.seen[s.Name] {
				r.seen[s.Name] = true
				r.add(r.fragments[s.Name].SelectionSet)
			}
		}
	}
}
