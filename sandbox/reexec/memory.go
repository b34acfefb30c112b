package reexec

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Memory makes an anonymous file holding data, to be handed to another
// process (memfd_create(2)).
func Memory(name string, data []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := f.Write(data); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// ReadMemory reads a file made by [Memory] from its start; more than limit
// bytes are an error.
func ReadMemory(f *os.File, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.NewSectionReader(f, 0, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrMalformed, limit)
	}
	return data, nil
}
