package policy

import "math/bits"

// byteSet is a set of bytes.
type byteSet [4]uint64

var allBytes = byteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// anyExcept is every byte but sep; with sep 0, every byte.
func anyExcept(sep byte) byteSet {
	s := allBytes
	if sep != 0 {
		s.remove(sep)
	}
	return s
}

func (s *byteSet) add(c byte)     { s[c>>6] |= 1 << (c & 63) }
func (s *byteSet) remove(c byte)  { s[c>>6] &^= 1 << (c & 63) }
func (s byteSet) has(c byte) bool { return s[c>>6]>>(c&63)&1 != 0 }

// each calls do with every member.
func (s byteSet) each(do func(c byte)) {
	for word, members := range s {
		for ; members != 0; members &= members - 1 {
			do(byte(word<<6 + bits.TrailingZeros64(members)))
		}
	}
}

// fold makes a lower-case letter a member when either of its cases is one.
func (s *byteSet) fold() {
	for c := byte('A'); c <= 'Z'; c++ {
		if s.has(c) {
			s.add(c + 'a' - 'A')
		}
	}
}

// state is one state of a glob's automaton. From it a byte in loop leads back
// to it and a byte in advance to the next state. Without reading anything it
// leads to the next one (skip), and to the one after that (leap).
type state struct {
	loop, advance byteSet
	skip, leap    bool
}

func one(s byteSet) state  { return state{advance: s} }
func star(s byteSet) state { return state{loop: s, skip: true} }

// only is the set of c alone.
func only(c byte) byteSet {
	var s byteSet
	s.add(c)
	return s
}

// literal returns the one byte that leads on from s, if that is all s does.
func (s state) literal() (byte, bool) {
	if s.skip || s.loop != (byteSet{}) {
		return 0, false
	}
	for word, members := range s.advance {
		if members == 0 {
			continue
		}
		c := byte(word<<6 + bits.TrailingZeros64(members))
		return c, s.advance == only(c)
	}
	return 0, false
}

// folded is s reading lower-cased text instead.
func (s state) folded() state {
	if c, ok := s.literal(); ok && 'A' <= c && c <= 'Z' {
		return one(only(c + 'a' - 'A'))
	}
	s.advance.fold()
	s.loop.fold()
	return s
}
