package corporate

import (
	"strings"
	"testing"
)

// Nothing behind the header is read, and what is read has a status of three digits.
func FuzzReadAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nVia: x\r\n\r\nrest")
	f.Add("HTTP/1.0 407\n\n")
	f.Add("HTTP/1.1 200 \r\n \n\n")
	f.Fuzz(func(t *testing.T, answer string) {
		r := strings.NewReader(answer)
		status, err := readAnswer(r)
		if err != nil {
			return
		}
		read := answer[:len(answer)-r.Len()]
		if status < 100 || status > 999 || !strings.HasPrefix(read, "HTTP/1.") || !strings.HasSuffix(read, "\n\r\n") && !strings.HasSuffix(read, "\n\n") {
			t.Errorf("%q: %d after %q", answer, status, read)
		}
		if i := strings.Index(answer, "\n\r\n"); i >= 0 && len(read) > i+3 {
			t.Errorf("%q: read beyond the header: %q", answer, read)
		}
	})
}
