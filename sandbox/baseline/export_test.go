package baseline

// SetMax lets a test come to the end of a search with fewer files.
func (t *Tree) SetMax(n int) { t.max = n }
