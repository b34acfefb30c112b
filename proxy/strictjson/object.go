package strictjson

import (
	"strings"
	"unicode"
)

// object reads what follows a '{'.
func (p *parser) object(depth int) (Value, error) {
	if p.skip('}') {
		return Value{kind: Object}, nil
	}
	in, seen := &inner{}, map[string]string{}
	for {
		if err := p.field(in, seen, depth); err != nil {
			return Value{}, err
		}
		if p.skip('}') {
			return Value{kind: Object, in: in}, nil
		}
		if !p.skip(',') {
			return Value{}, p.fail(p.at, "a ',' or the '}' of an object is missing")
		}
	}
}

// field reads a key and its value. seen has the keys of this object so far, by what they fold to.
func (p *parser) field(in *inner, seen map[string]string, depth int) error {
	key, err := p.key(seen)
	if err != nil {
		return err
	}
	if !p.skip(':') {
		return p.fail(p.at, "the ':' after a key is missing")
	}
	value, err := p.value(depth)
	in.keys, in.values = append(in.keys, key), append(in.values, value)
	return err
}

// key reads a key that no other of the object can be taken for. Of two equal ones some parsers take the
// first and some the last; NUL ends the key for those that are written in C.
func (p *parser) key(seen map[string]string) (string, error) {
	if p.peek() != '"' {
		return "", p.fail(p.at, "a key in double quotes is missing")
	}
	start := p.at
	key, err := p.text()
	if err != nil {
		return "", err
	}
	if strings.ContainsRune(key, 0) {
		return "", p.fail(start, "a key has a NUL in it")
	}
	if before, twice := seen[fold(key)]; twice && before == key {
		return "", p.fail(start, "the key %.80q stands twice in one object", key)
	} else if twice {
		return "", p.fail(start, "the keys %.80q and %.80q are the same to parsers that ignore case", before, key)
	}
	seen[fold(key)] = key
	return key, nil
}

// fold makes keys equal that encoding/json takes for one another: each character becomes the least of
// those that differ from it by case. That goes beyond ASCII, for the long s and the Kelvin sign fold to
// ASCII letters.
func fold(key string) string {
	return strings.Map(func(r rune) rune {
		for {
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, key)
}
