package confine

import (
	"errors"
	"os"

	"exeat/sandbox/reexec"
)

// contentsMax bounds the contents of all Files together.
const contentsMax = 64 << 20

// order is what init was told to make.
type order struct {
	spec     *Spec
	contents [][]byte // of spec.Files, in their order
}

// readOrder takes apart the first message.
func readOrder(r request, files []*os.File) (order, error) {
	if r.Kind != kindSpec || r.Spec == nil || len(files) != 1+len(r.Trees) || len(r.Sizes) != len(r.Spec.Files) {
		return order{}, reexec.ErrMalformed
	}
	for i, m := range r.Trees {
		if m < 0 || m >= len(r.Spec.Mounts) {
			return order{}, reexec.ErrMalformed
		}
		r.Spec.Mounts[m].Tree = files[1+i]
	}
	contents, err := split(files[0], r.Sizes)
	return order{r.Spec, contents}, err
}

func split(f *os.File, sizes []int) ([][]byte, error) {
	defer f.Close()
	all, err := reexec.ReadMemory(f, contentsMax)
	if err != nil {
		return nil, err
	}
	parts := make([][]byte, 0, len(sizes))
	for _, n := range sizes {
		if n < 0 || n > len(all) {
			return nil, errors.New("contents of files are incomplete")
		}
		parts, all = append(parts, all[:n]), all[n:]
	}
	return parts, nil
}
