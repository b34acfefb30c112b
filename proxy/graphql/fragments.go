package graphql

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// check refuses a document that spreads a fragment it does not define, or one inside itself, at any depth.
// Servers must refuse both (GraphQL specification, section 5.5.2); one that does not has its own idea of what they mean.
func (fragments fragmentSet) check(document *ast.QueryDocument) error {
	c := &checker{fragments: fragments, state: map[string]progress{}}
	for _, operation := range document.Operations {
		if err := c.selections(operation.SelectionSet); err != nil {
			return err
		}
	}
	for name := range fragments {
		if err := c.spread(name); err != nil {
			return err
		}
	}
	return nil
}

// progress is how far a fragment has been walked.
type progress int

const (
	unvisited progress = iota
	entered
	done
)

// checker walks the graph of fragments depth first, each fragment once. How deep it recurses is bounded by
// the tokens of a document.
type checker struct {
	fragments fragmentSet
	state     map[string]progress
}

func (c *checker) selections(set ast.SelectionSet) error {
	for _, selection := range set {
		var err error
		switch s := selection.(type) {
		case *ast.Field:
			err = c.selections(s.SelectionSet)
		case *ast.InlineFragment:
			err = c.selections(s.SelectionSet)
		case *ast.FragmentSpread:
			err = c.spread(s.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) spread(name string) error {
	fragment := c.fragments[name]
	switch {
	case fragment == nil:
		return fmt.Errorf("the document of a GraphQL request does not define the fragment %.80q that it spreads", name)
	case c.state[name] == entered:
		return fmt.Errorf("the document of a GraphQL request spreads the fragment %.80q inside itself", name)
	case c.state[name] == done:
		return nil
	}
	c.state[name] = entered
	err := c.selections(fragment.SelectionSet)
	c.state[name] = done
	return err
}
