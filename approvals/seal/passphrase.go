package seal

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
)

const (
	consonants = "bdfghjklmnprstvz" // four bits each
	vowels     = "aiou"             // two bits each
)

// NewPassphrase makes a passphrase of four pronounceable words with 64 random
// bits, "lusab-babad-gutih-tugad": proquints (arXiv:0901.4016). Under scrypt
// that is out of reach for whoever copies the key file.
func NewPassphrase() string {
	var random [8]byte
	rand.Read(random[:]) // never fails, see crypto/rand
	var words [4]string
	for i := range words {
		words[i] = proquint(binary.BigEndian.Uint16(random[2*i:]))
	}
	return strings.Join(words[:], "-")
}

// proquint spells 16 bits as consonant, vowel, consonant, vowel, consonant.
func proquint(n uint16) string {
	return string([]byte{
		consonants[n>>12], vowels[n>>10&3], consonants[n>>6&15], vowels[n>>4&3], consonants[n&15],
	})
}

// normalize takes the words of a passphrase however they are separated: people
// type a space where a hyphen was printed.
func normalize(passphrase string) (string, error) {
	words := strings.FieldsFunc(passphrase, func(r rune) bool { return strings.ContainsRune(" \t\r\n-", r) })
	if len(words) == 0 {
		return "", ErrEmptyPassphrase
	}
	return strings.Join(words, "-"), nil
}
