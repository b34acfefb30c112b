package websocket

import (
	"crypto/sha1" // RFC 6455 section 4.2.2 names it; nothing secret hangs on it
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// acceptGUID is what a server appends to the key (RFC 6455 section 1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

const (
	fieldKey        = "Sec-WebSocket-Key"
	fieldAccept     = "Sec-WebSocket-Accept"
	fieldVersion    = "Sec-WebSocket-Version"
	fieldProtocol   = "Sec-WebSocket-Protocol"
	fieldExtensions = "Sec-WebSocket-Extensions"
)

// Prepare changes the header of an upgrade request before it is sent out: extensions are no longer offered, because permessage-deflate
// would hide messages from the judge, and Upgrade and Connection say exactly what is judged. It reports why the request is no valid
// upgrade (RFC 6455 section 4.1), and then changes nothing.
func Prepare(r *http.Request) error {
	if err := checkRequest(r); err != nil {
		return fmt.Errorf("this is no valid WebSocket upgrade: %w", err)
	}
	r.Header.Del(fieldExtensions)
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Connection", "Upgrade")
	return nil
}

func checkRequest(r *http.Request) error {
	switch {
	case r.Method != http.MethodGet:
		return errors.New("its method is not GET")
	case r.ProtoMajor != 1 || r.ProtoMinor != 1:
		return errors.New("it is not HTTP/1.1")
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		// One reader would take as a frame what another takes as the body.
		return errors.New("it has a body")
	case !isUpgrade(r.Header):
		return errors.New("it does not ask for websocket, and only that, in Upgrade and Connection")
	case !slices.Equal(r.Header.Values(fieldVersion), []string{"13"}):
		return errors.New(fieldVersion + " is not 13")
	case !isKey(r.Header.Values(fieldKey)):
		return errors.New(fieldKey + " is not 16 bytes in base64, once")
	}
	return nil
}

// isUpgrade reports whether a header switches to WebSocket and to nothing else.
func isUpgrade(h http.Header) bool {
	upgrade := tokens(h, "Upgrade")
	if len(upgrade) != 1 || !strings.EqualFold(upgrade[0], "websocket") {
		return false
	}
	return slices.ContainsFunc(tokens(h, "Connection"), func(t string) bool { return strings.EqualFold(t, "upgrade") })
}

func isKey(values []string) bool {
	if len(values) != 1 || len(values[0]) != 24 { // the decoder would skip line ends
		return false
	}
	key, err := base64.StdEncoding.Strict().DecodeString(values[0])
	return err == nil && len(key) == 16
}

// tokens are the elements of a list in a header, which may take several lines.
func tokens(h http.Header, name string) []string {
	var list []string
	for _, value := range h.Values(name) {
		for token := range strings.SplitSeq(value, ",") {
			if token = strings.Trim(token, " \t"); token != "" {
				list = append(list, token)
			}
		}
	}
	return list
}

// Check reports why the origin's answer to a prepared request is not to be relayed (RFC 6455 section 4.1): it does not switch, its
// Sec-WebSocket-Accept belongs to another key, it uses an extension, or a sub-protocol that was not offered.
func Check(request http.Header, response *http.Response) error {
	if err := checkResponse(request, response); err != nil {
		return fmt.Errorf("the server's answer to the WebSocket upgrade is not valid: %w", err)
	}
	return nil
}

func checkResponse(request http.Header, response *http.Response) error {
	h := response.Header
	switch {
	case response.StatusCode != http.StatusSwitchingProtocols:
		return fmt.Errorf("its status is %d, not 101", response.StatusCode)
	case !isUpgrade(h):
		return errors.New("it does not switch to websocket, and only that, in Upgrade and Connection")
	case !slices.Equal(h.Values(fieldAccept), []string{accept(request.Get(fieldKey))}):
		return errors.New(fieldAccept + " does not belong to the key of the request")
	case len(h.Values(fieldExtensions)) > 0:
		return errors.New("it uses an extension, and none was offered")
	}
	return checkProtocol(request, h.Values(fieldProtocol))
}

func checkProtocol(request http.Header, chosen []string) error {
	switch {
	case len(chosen) == 0:
		return nil
	case len(chosen) > 1:
		return errors.New("it chooses more than one sub-protocol")
	case !slices.Contains(tokens(request, fieldProtocol), chosen[0]):
		return fmt.Errorf("it chooses the sub-protocol %q, which was not offered", chosen[0])
	}
	return nil
}

// accept is what proves that a server read the request as a WebSocket upgrade (RFC 6455 section 4.2.2).
func accept(key string) string {
	sum := sha1.Sum([]byte(key + acceptGUID))
	return base64.StdEncoding.EncodeToString(sum[:])
}
