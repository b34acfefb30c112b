package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// keyType is the name of the key type in SSH's encoding of public keys (RFC 8709).
const keyType = "ssh-ed25519"

// Fingerprint names a public key: "SHA256:" and 43 characters of base64, which
// is what `ssh-keygen -l` prints for the same key.
func Fingerprint(public []byte) string {
	sum := sha256.Sum256(wire(public))
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// wire is the key in SSH's encoding: type and key, each after its length (RFC 4253, 6.6).
func wire(public []byte) []byte {
	var out []byte
	for _, field := range [][]byte{[]byte(keyType), public} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(field)))
		out = append(out, field...)
	}
	return out
}

func validPublic(public []byte) bool { return len(public) == ed25519.PublicKeySize }
