package native

import (
	"bufio"
	"fmt"
)

// isRedis finds a command as an array of RESP, which is how clients send them.
func isRedis(said []byte) bool {
	return len(said) > 1 && said[0] == '*' && '1' <= said[1] && said[1] <= '9'
}

// refuseRedis answers every command with the error until the client leaves: many begin with commands of their own, whose
// errors they pass over (Redis documentation, "Redis serialization protocol specification").
func refuseRedis(c *client, reason Reason) error {
	kind := "ERR"
	if reason.Denied {
		kind = "NOPERM"
	}
	for n := 0; ; n++ {
		err := skipCommand(c.said)
		switch {
		case err != nil && n > 0:
			return nil // it was told
		case err != nil:
			return err
		}
		if _, err := fmt.Fprintf(c, "-%s %s\r\n", kind, reason.Text); err != nil {
			return err
		}
	}
}

// skipCommand reads one array of strings.
func skipCommand(r *bufio.Reader) error {
	count, err := prefixed(r, '*')
	for range count {
		var length int
		if length, err = prefixed(r, '$'); err == nil {
			_, err = r.Discard(length + len("\r\n"))
		}
		if err != nil {
			return err
		}
	}
	return err
}

// prefixed reads a line with a number behind the sign of its type.
func prefixed(r *bufio.Reader, sign byte) (n int, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Sscanf(string(line), string(sign)+"%d\r\n", &n); err != nil || n < 0 || n > maxAsked {
		return 0, fmt.Errorf("%q is not RESP", line)
	}
	return n, nil
}
