package seal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exeat/approvals/seal"
	"exeat/store"
)

var want = seal.Expect{Sandbox: "box", PolicyDigest: "p", AuthorityDigest: "a"}

func sign(t *testing.T, signer *seal.Signer, change func(*seal.Statement)) (text, signature []byte) {
	t.Helper()
	s := seal.Statement{Sandbox: "box", Sequence: 1, Policy: "p", Authority: "a", Time: time.Unix(1_800_000_000, 0)}
	change(&s)
	text, signature, err := signer.Sign(s)
	if err != nil {
		t.Fatal(err)
	}
	return text, signature
}

func TestChainRefuses(t *testing.T) {
	ada, eve := seal.NewTestSigner(t, "ada"), seal.NewTestSigner(t, "eve")
	first, firstSignature := sign(t, ada, func(*seal.Statement) {})
	head := seal.Digest(first)
	past := time.Now().Add(-time.Minute)
	for _, test := range []struct {
		name   string
		signer *seal.Signer
		change func(*seal.Statement)
		want   error
	}{
		{"the next", ada, func(*seal.Statement) {}, nil},
		{"another sandbox", ada, func(s *seal.Statement) { s.Sandbox = "other" }, seal.ErrSandbox},
		{"the first again", ada, func(s *seal.Statement) { s.Sequence, s.Previous = 1, "" }, seal.ErrSequence},
		{"one number ahead", ada, func(s *seal.Statement) { s.Sequence = 3 }, seal.ErrSequence},
		{"another parent", ada, func(s *seal.Statement) { s.Previous = "x" }, seal.ErrPrevious},
		{"another policy", ada, func(s *seal.Statement) { s.Policy = "x" }, seal.ErrPolicy},
		{"another authority", ada, func(s *seal.Statement) { s.Authority = "x" }, seal.ErrAuthority},
		{"an expired one", ada, func(s *seal.Statement) { s.NotAfter = past }, seal.ErrExpired},
		{"another key", eve, func(*seal.Statement) {}, seal.ErrUnknownApprover},
	} {
		chain := seal.NewChain([]store.Approver{ada.Approver()})
		if err := chain.Accept(first, firstSignature, want); err != nil {
			t.Fatal(err)
		}
		text, signature := sign(t, test.signer, func(s *seal.Statement) {
			s.Sequence, s.Previous = 2, head
			test.change(s)
		})
		err := chain.Accept(text, signature, want)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		if n, digest := chain.Head(); test.want != nil && (n != 1 || digest != head) {
			t.Errorf("%s: refused, but the chain moved to %d", test.name, n)
		}
	}
}

func TestChainRefusesAlteredBytes(t *testing.T) {
	ada := seal.NewTestSigner(t, "ada")
	pinned := []store.Approver{ada.Approver()}
	text, signature := sign(t, ada, func(*seal.Statement) {})
	widened := []byte(strings.Replace(string(text), `"policy":"p"`, `"policy":"q"`, 1))
	wide := want
	wide.PolicyDigest = "q"
	if err := seal.NewChain(pinned).Accept(widened, signature, wide); !errors.Is(err, seal.ErrSignature) {
		t.Errorf("altered statement: %v", err)
	}
	for i := range signature {
		bad := append([]byte(nil), signature...)
		bad[i] ^= 1
		if err := seal.NewChain(pinned).Accept(text, bad, want); !errors.Is(err, seal.ErrSignature) {
			t.Fatalf("signature with byte %d flipped: %v", i, err)
		}
	}
	if err := seal.NewChain(pinned).Accept(text, nil, want); !errors.Is(err, seal.ErrSignature) {
		t.Errorf("no signature: %v", err)
	}
	if err := seal.NewChain(nil).Accept(text, signature, want); !errors.Is(err, seal.ErrFrozen) {
		t.Errorf("no approver: %v", err)
	}
}

// A record that calls eve's key by ada's name is not ada.
func TestVerifyComputesFingerprints(t *testing.T) {
	ada, eve := seal.NewTestSigner(t, "ada"), seal.NewTestSigner(t, "eve")
	text, signature := sign(t, eve, func(*seal.Statement) {})
	lying := ada.Approver()
	lying.Fingerprint = eve.Approver().Fingerprint
	if _, err := seal.Verify(text, signature, []store.Approver{lying}); !errors.Is(err, seal.ErrUnknownApprover) {
		t.Errorf("got %v", err)
	}
	short := eve.Approver()
	short.Public = short.Public[:31] // ed25519.Verify panics on this
	if _, err := seal.Verify(text, signature, []store.Approver{short}); !errors.Is(err, seal.ErrUnknownApprover) {
		t.Errorf("short key: %v", err)
	}
}

// Of many who offer the same next statement at once, one moves the chain.
func TestChainMovesOnce(t *testing.T) {
	ada := seal.NewTestSigner(t, "ada")
	chain := seal.NewChain([]store.Approver{ada.Approver()})
	text, signature := sign(t, ada, func(*seal.Statement) {})
	var accepted atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if chain.Accept(text, signature, want) == nil {
				accepted.Add(1)
			}
		})
	}
	wg.Wait()
	if got := accepted.Load(); got != 1 {
		t.Errorf("accepted %d times", got)
	}
}

func TestSignerKeepsItsSecret(t *testing.T) {
	ada := seal.NewTestSigner(t, "ada")
	holder := struct{ s *seal.Signer }{ada}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		printed := fmt.Sprintf(verb, ada) + fmt.Sprintf(verb, *ada) + fmt.Sprintf(verb, holder)
		if len(printed) > 2000 {
			t.Errorf("%s prints %d bytes", verb, len(printed))
		}
	}
	if text, err := json.Marshal([]any{ada}); err != nil || string(text) != "[{}]" {
		t.Errorf("JSON: %s, %v", text, err)
	}
	ada.Close()
	if _, _, err := ada.Sign(seal.Statement{}); !errors.Is(err, seal.ErrClosed) {
		t.Errorf("sign after Close: %v", err)
	}
}

// What was signed for another message with the same key is no statement.
func FuzzVerify(f *testing.F) {
	f.Add([]byte(`{}`), []byte("x"))
	f.Fuzz(func(t *testing.T, text, signature []byte) {
		ada := seal.NewTestSigner(t, "ada")
		if _, err := seal.Verify(text, signature, []store.Approver{ada.Approver()}); err == nil {
			t.Errorf("%q verifies under a fresh key", text)
		}
	})
}
