package override

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"sync"
)

// Unpacks reports a content coding that Packed can read (RFC 9110 8.4.1).
func Unpacks(coding string) bool { return unpackerOf(coding) != nil }

// Packed watches a compressed body as [Watch] does one that is not: by what a server unpacks from it. It passes the body on as
// it is, and its last byte only when all of it was looked through; one that cannot be unpacked ends with an *Error.
// Close has to be called unless the body was read to its end, and may be at any time.
func Packed(body io.Reader, coding, contentType string, asks func(method string) error) io.ReadCloser {
	from, into := io.Pipe()
	k := &packed{into: into, over: make(chan struct{})}
	k.in = bufio.NewReader(io.TeeReader(body, into))
	k.begin = sync.OnceFunc(func() {
		go k.look(from, func(packed io.Reader) io.Reader {
			return Watch(&legible{packed: packed, unpack: unpackerOf(coding)}, contentType, asks)
		})
	})
	return k
}

// packed is a compressed body on its way, and beside it what unpacks it.
type packed struct {
	in    *bufio.Reader
	into  *io.PipeWriter
	begin func()
	over  chan struct{} // closed when all was looked through
	wrong error         // what was found, written before over is closed
}

func (k *packed) Read(p []byte) (int, error) {
	k.begin()
	_, err := k.in.Peek(2)
	switch {
	case err == nil:
		return k.in.Read(p[:min(len(p), k.in.Buffered()-1)])
	case !errors.Is(err, io.EOF):
		return 0, err
	}
	k.into.Close()
	if <-k.over; k.wrong != nil {
		return 0, k.wrong
	}
	return k.in.Read(p)
}

// Close lets go of what unpacks the body.
func (k *packed) Close() error { return k.into.CloseWithError(errClosed) }

var errClosed = errors.New("the body was closed")

// look reads what the body holds to its end, and takes what is behind that: servers pass over it. A body over which an
// unpacker stumbles must not end the process.
func (k *packed) look(from *io.PipeReader, watch func(io.Reader) io.Reader) {
	defer close(k.over)
	defer func() {
		if recover() != nil {
			k.wrong = unreadable()
			from.CloseWithError(k.wrong)
		}
	}()
	if _, k.wrong = io.Copy(io.Discard, watch(from)); k.wrong == nil {
		_, k.wrong = io.Copy(io.Discard, from)
	}
	from.CloseWithError(k.wrong)
}

// legible is what a compressed body holds. It is an *Error that there is no such thing.
type legible struct {
	packed io.Reader
	unpack func(io.Reader) (io.Reader, error)
	reader io.Reader
}

func (l *legible) Read(p []byte) (n int, err error) {
	if l.reader == nil {
		l.reader, err = l.unpack(bufio.NewReader(l.packed))
	}
	if err == nil {
		n, err = l.reader.Read(p)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = &Error{"the body cannot be unpacked: " + err.Error()}
	}
	return n, err
}

// unpackerOf is nil for a coding that cannot be read.
func unpackerOf(coding string) func(io.Reader) (io.Reader, error) {
	switch strings.ToLower(coding) {
	case "gzip", "x-gzip":
		return func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case "deflate":
		return inflate
	}
	return nil
}

// inflate reads both of what is called so: with zlib's header, as RFC 9110 8.4.1.2 has it, and without, as many send it.
func inflate(r io.Reader) (io.Reader, error) {
	ahead := bufio.NewReader(r)
	head, err := ahead.Peek(2)
	switch {
	case len(head) == 0:
		return nil, err
	case len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0: // RFC 1950 2.2
		return zlib.NewReader(ahead)
	}
	return flate.NewReader(ahead), nil
}
