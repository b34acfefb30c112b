package policy

import "slices"

// automaton runs the states of a glob side by side, one bit each: every byte of
// the text costs the same few operations whatever came before, so no text
// however hostile makes it slow. The bit after the last state is acceptance.
type automaton struct {
	class    [256]uint8 // bytes that no state tells apart share a class
	words    int        // of 64 states
	advance  []uint64   // states that go on, by class and word
	loop     []uint64   // states that stay, by class and word
	skip     []uint64   // states that lead to the next without reading
	leap     []uint64   // states that lead to the one after that
	closures int        // how many times skip and leap can follow each other
	start    []uint64
	last     int // the accepting bit
}

// maxWords is enough for the states of the longest pattern.
const maxWords = (2*maxGlob + 2 + 63) / 64

func newAutomaton(states []state) *automaton {
	a := &automaton{words: len(states)/64 + 1, last: len(states)}
	a.skip = a.bits(states, func(s state) bool { return s.skip })
	a.leap = a.bits(states, func(s state) bool { return s.leap })
	a.closures = longestChain(states)
	a.classify(states)
	a.start = make([]uint64, a.words)
	a.start[0] = 1
	a.close(a.start)
	return a
}

// bits has a bit for each state that is so.
func (a *automaton) bits(states []state, is func(state) bool) []uint64 {
	set := make([]uint64, a.words)
	for i, s := range states {
		if is(s) {
			set[i/64] |= 1 << (i % 64)
		}
	}
	return set
}

// longestChain is the most steps in a row that read nothing.
func longestChain(states []state) int {
	from := make([]int, len(states)+2)
	for i := len(states) - 1; i >= 0; i-- {
		if states[i].skip {
			from[i] = 1 + from[i+1]
		}
		if states[i].leap {
			from[i] = max(from[i], 1+from[i+2])
		}
	}
	return slices.Max(from)
}

// classify fills the tables, giving bytes of equal effect one row.
func (a *automaton) classify(states []state) {
	var space [2 * 256]uint64 // enough for one word, which most globs need
	table := space[:]
	if a.words > 1 {
		table = make([]uint64, 2*256*a.words)
	}
	for i, s := range states {
		s.advance.each(func(c byte) { table[int(c)*2*a.words+i/64] |= 1 << (i % 64) })
		s.loop.each(func(c byte) { table[(int(c)*2+1)*a.words+i/64] |= 1 << (i % 64) })
	}
	row := func(c int) []uint64 { return table[c*2*a.words : (c+1)*2*a.words] }
	var known []int // a byte of each class
	for c := range 256 {
		if c > 0 && slices.Equal(row(c), row(c-1)) {
			a.class[c] = a.class[c-1]
			continue
		}
		class := slices.IndexFunc(known, func(k int) bool { return slices.Equal(row(k), row(c)) })
		if class < 0 {
			class = len(known)
			known = append(known, c)
			a.advance = append(a.advance, row(c)[:a.words]...)
			a.loop = append(a.loop, row(c)[a.words:]...)
		}
		a.class[c] = uint8(class)
	}
}

// match reports whether the whole of s is accepted.
func (a *automaton) match(s string) bool {
	if a.words == 1 {
		return a.matchWord(s)
	}
	var space [2][maxWords]uint64
	now, next := space[0][:a.words], space[1][:a.words]
	copy(now, a.start)
	for i := 0; i < len(s); i++ {
		a.step(next, now, int(a.class[s[i]])*a.words)
		a.close(next)
		now, next = next, now
	}
	return now[a.last/64]>>(a.last%64)&1 != 0
}

// step reads one byte whose class starts at row of the tables.
func (a *automaton) step(next, now []uint64, row int) {
	var carry uint64
	for w := range now {
		on := now[w] & a.advance[row+w]
		next[w] = now[w]&a.loop[row+w] | on<<1 | carry
		carry = on >> 63
	}
}

// close adds the states reached without reading.
func (a *automaton) close(set []uint64) {
	for range a.closures {
		var carry uint64
		for w := range set {
			skip, leap := set[w]&a.skip[w], set[w]&a.leap[w]
			set[w] |= skip<<1 | leap<<2 | carry
			carry = skip>>63 | leap>>62
		}
	}
}

// matchWord is match where all states fit in one word.
func (a *automaton) matchWord(s string) bool {
	now, skip, leap := a.start[0], a.skip[0], a.leap[0]
	for i := 0; i < len(s); i++ {
		row := a.class[s[i]]
		now = now&a.loop[row] | now&a.advance[row]<<1
		for range a.closures {
			now |= now&skip<<1 | now&leap<<2
		}
		if now == 0 {
			return false
		}
	}
	return now>>a.last&1 != 0
}
