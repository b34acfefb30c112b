package proxy

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"exeat/policy"
)

// inspectPush reads the commands at the head of a push and leaves the body as it was: a permitted pack
// of any size streams.
func (x *exchange) inspectPush() {
	if x.read.push == nil {
		rest := x.r.Body
		var head bytes.Buffer
		x.read.push = x.readPush(io.TeeReader(rest, &head))
		x.r.Body = replayed{io.MultiReader(&head, rest), rest}
	}
	err := x.read.push.unread
	if len(sent(x.r.Header, "Content-Encoding")) > 0 {
		err = errors.New("the commands of the push are encoded")
	}
	x.found(policy.Git, x.read.push.actions(), err)
}

func (p *pushCommands) actions() []policy.Action {
	var actions []policy.Action
	for _, c := range p.commands {
		actions = append(actions, policy.Action{Protocol: policy.Git, Kind: c.kind(), Name: c.ref})
	}
	return actions
}

// command is one change of a ref: "old new ref" (gitprotocol-pack, "Reference Update Request").
type command struct{ before, after, ref string }

// kind tells from the null object on either side what becomes of the ref.
func (c command) kind() string {
	switch {
	case isNull(c.after):
		return "delete"
	case isNull(c.before):
		return "create"
	}
	return "update"
}

func isNull(object string) bool { return strings.Trim(object, "0") == "" }
