package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/scrypt"

	"exeat/store"
)

// Passphrase is the one strength that an approver can have: what a signature by it takes. It stops an agent that
// uses its tools, not hostile code of the same user.
const Passphrase = "passphrase"

// The cost of one guess: 256 MiB and most of a second (RFC 7914). It is fixed:
// a file that could lower it would make every later seal cheap to break.
const (
	scryptN = 1 << 18
	scryptR = 8
	scryptP = 1
)

// Key is an approver's key with its private half sealed under a passphrase.
type Key struct {
	file keyFile
}

// keyFile is a Key at rest.
type keyFile struct {
	Version  int    `json:"version"`
	Name     string `json:"name"`
	Strength string `json:"strength"`
	Public   []byte `json:"public"`
	KDF      string `json:"kdf"`
	Cipher   string `json:"cipher"`
	Salt     []byte `json:"salt"`
	Nonce    []byte `json:"nonce"`
	Box      []byte `json:"box,omitempty"` // the sealed private key; everything else is authenticated with it
}

const (
	kdfName    = "scrypt-n262144-r8-p1"
	cipherName = "chacha20-poly1305"
)

// Generate makes a key pair and seals it. It takes the better part of a second.
func Generate(name, passphrase string) (Key, store.Approver, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, store.Approver{}, fmt.Errorf("make an approver key: %w", err)
	}
	defer clear(private)
	key, err := sealKey(name, public, private.Seed(), passphrase)
	return key, key.Approver(), err
}

// Approver is the public side of the key.
func (k Key) Approver() store.Approver {
	return store.Approver{
		Name:        k.file.Name,
		Fingerprint: Fingerprint(k.file.Public),
		Strength:    k.file.Strength,
		Public:      append([]byte(nil), k.file.Public...),
	}
}

// Open unseals the key. The error is ErrPassphrase when that is what is wrong;
// a file that was changed looks the same. Close the signer soon.
func (k Key) Open(passphrase string) (*Signer, error) {
	seed, err := k.unseal(passphrase)
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	return newSigner(ed25519.NewKeyFromSeed(seed), k.Approver()), nil
}

// Reseal returns the same key under a new passphrase.
func (k Key) Reseal(old, passphrase string) (Key, error) {
	if _, err := normalize(passphrase); err != nil {
		return Key{}, err
	}
	seed, err := k.unseal(old)
	if err != nil {
		return Key{}, err
	}
	defer clear(seed)
	return sealKey(k.file.Name, k.file.Public, seed, passphrase)
}

func sealKey(name string, public, seed []byte, passphrase string) (Key, error) {
	file := keyFile{
		Version: version, Name: name, Strength: Passphrase, Public: public,
		KDF: kdfName, Cipher: cipherName,
		Salt: make([]byte, 16), Nonce: make([]byte, chacha20poly1305.NonceSize),
	}
	rand.Read(file.Salt)
	rand.Read(file.Nonce)
	secret, err := file.derive(passphrase)
	if err != nil {
		return Key{}, err
	}
	defer clear(secret)
	aead, err := chacha20poly1305.New(secret)
	if err != nil {
		return Key{}, err
	}
	file.Box = aead.Seal(nil, file.Nonce, seed, file.header())
	return Key{file}, nil
}

func (k Key) unseal(passphrase string) ([]byte, error) {
	secret, err := k.file.derive(passphrase)
	if errors.Is(err, ErrEmptyPassphrase) {
		return nil, ErrPassphrase
	}
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	aead, err := chacha20poly1305.New(secret)
	if err != nil {
		return nil, err
	}
	seed, err := aead.Open(nil, k.file.Nonce, k.file.Box, k.file.header())
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, ErrPassphrase
	}
	return seed, nil
}

func (f keyFile) derive(passphrase string) ([]byte, error) {
	words, err := normalize(passphrase)
	if err != nil {
		return nil, err
	}
	secret, err := scrypt.Key([]byte(words), f.Salt, scryptN, scryptR, scryptP, chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive the sealing key: %w", err)
	}
	return secret, nil
}

// header is what the seal authenticates beside the secret: a file in which the
// name, strength or public key was replaced does not open.
func (f keyFile) header() []byte {
	f.Box = nil
	text, err := json.Marshal(f)
	if err != nil {
		panic("seal: key cannot be encoded: " + err.Error()) // strings and bytes always can
	}
	return text
}
