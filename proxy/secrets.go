package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"

	"exeat/policy"
	"exeat/proxy/credential"
)

// maxFilled bounds a body into which secrets are put, in bytes. It is OpenShell's.
const maxFilled = 256 << 10

// addCredentials cleans the header and puts secrets in, only where the way out is verified TLS.
func (x *exchange) addCredentials() *refusal {
	cleanRequest(x.r.Header)
	if x.request.Upgrade {
		x.r.Header.Set("Connection", "Upgrade")
		x.r.Header.Set("Upgrade", "websocket")
	}
	secrets := x.server.cfg.Credentials
	if secrets == nil {
		return nil
	}
	to := x.flow.authority(true)
	if err := secrets.Foreign(to, x.r.Header, x.target); err != nil {
		return refuse(http.StatusForbidden, codeForeign, err.Error())
	}
	used, err := secrets.Apply(to, x.flow.secure, x.r.Header, x.target)
	if err != nil {
		return misused(err)
	}
	x.secrets = used
	if r := x.fillBody(secrets, to); r != nil {
		return r
	}
	if x.masked = len(x.secrets) > 0 || secrets.Exposed(to, x.server.cfg.Snapshot().Engine.Fills()); x.masked {
		wantWhole(x.r.Header)
	}
	return nil
}

// misused refuses a placeholder where it must not go.
func misused(err error) *refusal {
	code := policy.CodeCredential
	if misuse, ok := errors.AsType[*credential.Misuse](err); ok && misuse.Detached {
		code = codeDetached
	}
	return refuse(http.StatusForbidden, code, err.Error())
}

// wantWhole asks for an answer in which what repeats a secret can be found: it is not compressed, and nobody chooses
// ranges of which each has a part (RFC 9110 14.2: a server may ignore them).
func wantWhole(h http.Header) {
	h.Set("Accept-Encoding", "identity")
	h.Del("Range")
	h.Del("If-Range")
}

// fillBody puts secrets into the body where the policy asks for it. Elsewhere, and in what is too long to
// be held, a placeholder ends the request before its last byte leaves.
func (x *exchange) fillBody(secrets Credentials, to string) *refusal {
	switch {
	case x.r.ContentLength == 0:
		return nil
	case !x.read.reads.RewriteBody || !x.read.whole || x.unreadable() != nil:
		x.r.Body = replayed{noticed[*credential.Misuse]{secrets.Watch(x.r.Body), x.endedBy(misused)}, x.r.Body}
		return nil
	}
	body, used, err := secrets.Body(to+x.request.Path, x.flow.secure, x.r.Header.Get("Content-Type"), x.read.body)
	if err != nil {
		return misused(err)
	}
	x.secrets = append(x.secrets, used...)
	x.r.Body, x.r.ContentLength = replayed{bytes.NewReader(body), x.r.Body}, int64(len(body))
	return nil
}

// recordEnd records why a body was ended whose answer came all the same, before all of it was sent.
func (x *exchange) recordEnd() {
	if r := x.ended.Load(); r != nil && r.id == 0 {
		x.fault = r.decision.Code
		_, _ = x.server.record(x.ending(r.decision, x.answer.status))
	}
}

// mask takes secrets from an answer: those that went out with the request, and those that the host may have kept. Where a
// masked text may have another length, a short answer is held to count it, and a long one is sent in chunks.
func (x *exchange) mask(resp *http.Response) {
	secrets := x.server.cfg.Credentials
	secrets.MaskHeader(resp.Header)
	defer func() { secrets.MaskHeader(resp.Trailer) }() // whose names are announced; to hold a body reads them
	if x.r.Method == http.MethodHead {
		return
	}
	unpack(resp)
	length := resp.ContentLength
	resp.Body = secrets.Mask(resp.Body)
	switch {
	case length <= 0, secrets.MaskKeepsLength():
	case length > maxFilled, !x.reserve(length):
		resp.ContentLength = -1
		resp.Header.Del("Content-Length")
	default:
		x.hold(resp)
	}
}

// firstRoom is how many bytes are made room for because an origin says that they come.
const firstRoom = 8 << 10

// hold reads a short answer to know its length. One that breaks off breaks off for the client too.
func (x *exchange) hold(resp *http.Response) {
	body := &bytes.Buffer{}
	body.Grow(int(min(resp.ContentLength, firstRoom)))
	_, err := body.ReadFrom(resp.Body)
	rest := io.Reader(body)
	if err != nil {
		rest = io.MultiReader(rest, broken{err})
	} else {
		resp.ContentLength = int64(body.Len())
		resp.Header.Set("Content-Length", strconv.Itoa(body.Len()))
	}
	resp.Body = replayed{rest, resp.Body}
}

// broken is what is left of a body that ended in an error.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
