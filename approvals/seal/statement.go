package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// version is the only version of statements there is.
const version = 1

// maxStatement bounds what is decoded; a statement has about 700 bytes.
const maxStatement = 16 << 10

// Statement is what an approver signs: that in this sandbox, after the
// statement Previous and nothing else, this policy has this authority.
type Statement struct {
	Version     int       `json:"version"`
	Sandbox     string    `json:"sandbox"`            // the sandbox's id, not its name
	Sequence    int       `json:"sequence"`           // the revision's number, from 1
	Previous    string    `json:"previous"`           // Digest of the statement before; empty in the first
	Policy      string    `json:"policy"`             // policy.Policy.Digest
	Authority   string    `json:"authority"`          // Authority.Digest
	AuditLength int64     `json:"audit_length"`       // entries of the audit log when it was signed
	AuditHead   string    `json:"audit_head"`         // hash of the last of them
	Approver    string    `json:"approver"`           // fingerprint of the key that signs
	Time        time.Time `json:"time,omitzero"`      // UTC, whole seconds
	NotAfter    time.Time `json:"not_after,omitzero"` // not taken from then on; zero: no end
}

// Bytes is the canonical form: what is signed, stored and hashed. Times are
// rounded down to seconds of UTC.
func (s Statement) Bytes() []byte {
	s.Time = canonicalTime(s.Time)
	s.NotAfter = canonicalTime(s.NotAfter)
	text, err := json.Marshal(s)
	if err != nil {
		panic("seal: statement cannot be encoded: " + err.Error()) // a year beyond 9999
	}
	return text
}

func canonicalTime(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// Decode reads a statement in canonical form and refuses every other spelling
// of it: two texts with one meaning would have two digests.
func Decode(text []byte) (Statement, error) {
	if len(text) > maxStatement {
		return Statement{}, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, maxStatement)
	}
	var s Statement
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return Statement{}, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	if s.Version != version {
		return Statement{}, fmt.Errorf("%w: version %d, want %d", ErrMalformed, s.Version, version)
	}
	if !bytes.Equal(s.Bytes(), text) {
		return Statement{}, fmt.Errorf("%w: not in canonical form", ErrMalformed)
	}
	return s, nil
}

// Digest names a statement in the one after it: lower hex SHA-256 of its bytes.
func Digest(statement []byte) string {
	sum := sha256.Sum256(statement)
	return hex.EncodeToString(sum[:])
}
