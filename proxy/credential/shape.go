package credential

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
)

// shape is what a kind of secret looks like, so that programs which check the form of a placeholder
// accept it. Letters and digits are part of the alphabet of every kind there is.
type shape struct {
	prefix string
	length int // of the whole, in characters
	suffix string
}

// mark tells a human that this is not a secret. Nothing here decides by it: a placeholder is known by
// all of its characters.
const mark = "exeat"

const alphabet = digits + upper + lower

// shapeOf is the shape of the kind of secret that the type has and this one is of.
func (p Profile) shapeOf(secret Value) shape {
	for _, s := range p.shapes {
		if strings.HasPrefix(secret.Reveal(), s.prefix) {
			return s
		}
	}
	return p.shapes[0]
}

// new returns a placeholder that nobody can guess: who knew it in advance could have it written into a
// file that a program in the sandbox sends on.
func (s shape) new() (string, error) {
	var b strings.Builder
	b.WriteString(s.prefix + mark)
	for b.Len() < s.length-len(s.suffix) {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", fmt.Errorf("make a placeholder: %w", err)
		}
		b.WriteByte(alphabet[i.Int64()])
	}
	b.WriteString(s.suffix)
	return b.String(), nil
}

// looksLikePlaceholder is for what a user gives as a secret by mistake.
func looksLikePlaceholder(s string) bool {
	for _, p := range profiles() {
		for _, k := range p.shapes {
			if strings.HasPrefix(s, k.prefix+mark) && len(s) == k.length {
				return true
			}
		}
	}
	return false
}
