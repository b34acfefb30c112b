package supervisor

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/pem"
	"strconv"
	"time"
	"unicode/utf16"
)

// keystores are the places where distributions keep the roots for the Java they
// ship, which reads neither the bundle nor a variable: Debian, Ubuntu and
// Alpine, Temurin's packages, Fedora and RHEL, openSUSE.
var keystores = []string{
	"/etc/ssl/certs/java/cacerts",
	"/etc/ssl/certs/adoptium/cacerts",
	"/etc/pki/ca-trust/extracted/java/cacerts",
	"/var/lib/ca-certificates/java-cacerts",
}

// Marks of a keystore in Java's own format, JKS: every Java since 1.2 tells it
// from PKCS #12 by itself.
const (
	keystoreMagic   = 0xFEEDFEED
	keystoreVersion = 2
	keystoreTrusted = 2 // an entry that is a trusted certificate
	// keystorePassword is everybody's. It hides nothing; some tools ask for it.
	keystorePassword = "changeit"
)

// keystore holds the certificates of a PEM bundle for Java to trust.
func keystore(bundle []byte, made time.Time) []byte {
	var entries []byte
	count := uint32(0)
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		count++
		entries = binary.BigEndian.AppendUint32(entries, keystoreTrusted)
		entries = appendText(entries, "exeat-"+strconv.Itoa(int(count)))
		entries = binary.BigEndian.AppendUint64(entries, uint64(made.UnixMilli()))
		entries = appendText(entries, "X.509")
		entries = binary.BigEndian.AppendUint32(entries, uint32(len(block.Bytes)))
		entries = append(entries, block.Bytes...)
	}
	out := binary.BigEndian.AppendUint32(nil, keystoreMagic)
	out = binary.BigEndian.AppendUint32(out, keystoreVersion)
	out = append(binary.BigEndian.AppendUint32(out, count), entries...)
	return append(out, keystoreDigest(out)...)
}

func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(text))), text...)
}

// keystoreDigest is the checksum that the format asks for. It is no signature:
// nobody but us can write the file.
func keystoreDigest(content []byte) []byte {
	h := sha1.New()
	for _, unit := range utf16.Encode([]rune(keystorePassword)) {
		h.Write([]byte{byte(unit >> 8), byte(unit)})
	}
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(content)
	return h.Sum(nil)
}
