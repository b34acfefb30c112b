package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// OperationError says which operation cannot be applied, why, and what to do instead.
type OperationError struct {
	Index   int // in the list given to Apply, from 0
	Op      string
	Message string
	hint    string
}

func (e *OperationError) Error() string {
	return fmt.Sprintf("operation %d (%s): %s", e.Index+1, e.Op, e.Message)
}

// Hint says what would work instead; it may be empty.
func (e *OperationError) Hint() string { return e.hint }

// Apply makes a new policy by applying ops in order; p stays as it is. The
// result is validated like a parsed one. The error is an *OperationError.
func Apply(p *Policy, ops []Operation) (*Policy, error) {
	changed := p.clone()
	for i, op := range ops {
		if err := changed.apply(op); err != nil {
			err.Index, err.Op = i, join("", op.Op)
			return nil, err
		}
	}
	// Parsing the text is the one way to a valid policy: what an operation
	// carries is judged by the rules for files, and comes out as it is stored.
	valid, problems := Parse("", changed.Text())
	if valid == nil {
		return nil, blame(p, ops, problems)
	}
	return valid, nil
}

// blame finds the operation after which the first problem of the result exists.
func blame(p *Policy, ops []Operation, problems Problems) *OperationError {
	first := problems[slices.IndexFunc(problems, func(p Problem) bool { return p.Severity == SeverityError })]
	changed := p.clone()
	for i, op := range ops {
		_ = changed.apply(op) // has worked before
		_, now := Parse("", changed.Text())
		if i == len(ops)-1 || slices.ContainsFunc(now, func(p Problem) bool { return p.Path == first.Path && p.Message == first.Message }) {
			return &OperationError{Index: i, Op: op.Op, Message: first.Path + ": " + first.Message, hint: first.Hint}
		}
	}
	return &OperationError{Message: first.String(), hint: first.Hint}
}

// refuse makes the error of an operation. What it quotes of the operation may
// hold anything, and must not move a terminal's cursor.
func refuse(hint, format string, args ...any) *OperationError {
	printable := func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}
	return &OperationError{Message: strings.Map(printable, fmt.Sprintf(format, args...)), hint: hint}
}

// apply does one operation; the result may be invalid.
func (p *Policy) apply(op Operation) *OperationError {
	if err := op.complete(); err != nil {
		return err
	}
	if op.changesPath() {
		return p.Filesystem.changePath(op)
	}
	if op.Op == OpAddBlock {
		return p.addBlock(op)
	}
	at := slices.IndexFunc(p.Blocks, func(b Block) bool { return b.Key == op.Block })
	if at < 0 {
		return refuse(p.blockHint(op.Block), "there is no block %s", join("", op.Block))
	}
	b := &p.Blocks[at]
	switch op.Op {
	case OpRemoveBlock:
		p.Blocks = slices.Delete(p.Blocks, at, at+1)
		return nil
	case OpAddBinary, OpRemoveBinary:
		return b.changeBinary(op)
	case OpAddEndpoint:
		return b.addEndpoint(op)
	}
	e, err := b.single(op)
	if err != nil {
		return err
	}
	if op.Op == OpRemoveEndpoint {
		b.Endpoints = slices.Delete(b.Endpoints, e, e+1)
		return nil
	}
	return b.Endpoints[e].change(op)
}

// blockHint names the block that was meant, or all of them.
func (p *Policy) blockHint(key string) string {
	var keys []string
	for _, b := range p.Blocks {
		keys = append(keys, b.Key)
	}
	if hint := didYouMean(key, keys); hint != "" || len(keys) == 0 {
		return hint
	}
	return "blocks: " + strings.Join(keys, ", ")
}

func (p *Policy) addBlock(op Operation) *OperationError {
	if slices.ContainsFunc(p.Blocks, func(b Block) bool { return b.Key == op.Block }) {
		return refuse("use add_endpoint, add_binary or add_rule", "there is already a block %s", op.Block)
	}
	b := Block{Key: op.Block}
	for _, spec := range op.Endpoints {
		b.Endpoints = append(b.Endpoints, spec.endpoint())
	}
	for _, spec := range op.Binaries {
		b.Binaries = append(b.Binaries, spec.binary())
	}
	p.Blocks = append(p.Blocks, b)
	slices.SortFunc(p.Blocks, func(a, b Block) int { return strings.Compare(a.Key, b.Key) })
	return nil
}

func (b *Block) changeBinary(op Operation) *OperationError {
	at := slices.IndexFunc(b.Binaries, func(have Binary) bool { return have.Path == op.Binary.Path })
	switch {
	case op.Op == OpAddBinary && at >= 0:
		return refuse("", "block %s already has the binary %s", b.Key, op.Binary.Path)
	case op.Op == OpAddBinary:
		b.Binaries = append(b.Binaries, op.Binary.binary())
	case at < 0:
		return refuse("", "block %s has no binary %s", b.Key, op.Binary.Path)
	default:
		b.Binaries = slices.Delete(b.Binaries, at, at+1)
	}
	return nil
}
