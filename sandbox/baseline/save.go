package baseline

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"os"
	"path/filepath"
)

// stored is a snapshot on disk. Gob, because paths are any bytes and JSON's are not.
type stored struct {
	Entries []Entry
	Globs   []string
	Cut     bool
	Taken   int64
	Content map[string][]byte
}

// Save writes the snapshot where only we can read it; half of it is never there.
func (s *Snapshot) Save(file string) error {
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(stored{s.Entries, s.Globs, s.Cut, s.Taken, s.content}); err != nil {
		return fmt.Errorf("encode baseline: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), ".baseline-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	defer temporary.Close()
	if _, err := temporary.Write(buf.Bytes()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}

// Load reads what Save wrote; os.ErrNotExist where nothing was.
func Load(file string) (*Snapshot, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var in stored
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&in); err != nil {
		return nil, fmt.Errorf("read baseline %s: %w", file, err)
	}
	return &Snapshot{Entries: in.Entries, Globs: in.Globs, Cut: in.Cut, Taken: in.Taken, content: in.Content}, nil
}
