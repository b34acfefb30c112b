package proxy

import (
	"errors"
	"io"
)

// noticed is a reader whose end, where that is an E, goes through a function first.
type noticed[E error] struct {
	io.Reader
	as func(error) error
}

func (n noticed[E]) Read(p []byte) (int, error) {
	count, err := n.Reader.Read(p)
	if _, ok := errors.AsType[E](err); ok {
		err = n.as(err)
	}
	return count, err
}

// endedBy remembers why a body was ended.
func (x *exchange) endedBy(refusal func(error) *refusal) func(error) error {
	return func(err error) error {
		x.ended.Store(refusal(err))
		return err
	}
}
