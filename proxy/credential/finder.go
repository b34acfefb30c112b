package credential

import "bytes"

// finder looks for many texts at once. It looks at two bytes at the place where the shortest text would
// end, and skips as far as no text has these two (Wu and Manber 1994).
type finder struct {
	texts    [][]byte // the preferred ones first
	shortest int      // how much of each text is looked at, at least two
	longest  int
	skip     []uint8 // by two bytes
}

func newFinder(texts [][]byte) *finder {
	f := &finder{texts: texts, shortest: 255, skip: make([]uint8, 1<<16)}
	for _, text := range texts {
		f.shortest, f.longest = min(f.shortest, len(text)), max(f.longest, len(text))
	}
	for i := range f.skip {
		f.skip[i] = uint8(f.shortest - 1)
	}
	for _, text := range texts {
		for i := 1; i < f.shortest; i++ {
			at := &f.skip[pair(text, i)]
			*at = min(*at, uint8(f.shortest-1-i))
		}
	}
	return f
}

// pair is the two bytes that end at i.
func pair(text []byte, i int) int { return int(text[i-1])<<8 | int(text[i]) }

// find returns where the first text at or after from begins and which it is; of several there, the one
// that is preferred. There is none: it returns the window's length and -1.
func (f *finder) find(window []byte, from int) (start, text int) {
	for i := from + f.shortest - 1; i < len(window); {
		if skip := f.skip[pair(window, i)]; skip > 0 {
			i += int(skip)
			continue
		}
		start := i - f.shortest + 1
		for k, text := range f.texts {
			if bytes.HasPrefix(window[start:], text) {
				return start, k
			}
		}
		i++
	}
	return len(window), -1
}

// begun is where the first text begins that the window does not contain to its end.
func (f *finder) begun(window []byte) int {
	for i := max(0, len(window)-f.longest+1); i < len(window); i++ {
		for _, text := range f.texts {
			if len(text) > len(window)-i && text[0] == window[i] && bytes.HasPrefix(text, window[i:]) {
				return i
			}
		}
	}
	return len(window)
}
