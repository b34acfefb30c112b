package netns_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"exeat/sandbox/netns"
)

// asker asks a table for addresses, and fails when an address is given to a second name.
type asker struct {
	t     *testing.T
	names *netns.Names
	given map[string]string // name by address
	news  int
}

func newAsker(t *testing.T, matches netns.Matcher) *asker {
	return &asker{t: t, names: netns.NewNames(matches), given: map[string]string{}}
}

// ask returns "" where the answer is SERVFAIL.
func (a *asker) ask(name string) string {
	a.t.Helper()
	m := reply(a.t, a.names, question(name+".", dnsmessage.TypeA, dnsmessage.ClassINET))
	address := addressOf(m)
	if (m.RCode == dnsmessage.RCodeServerFailure) != (address == "") {
		a.t.Fatalf("%s: got %v %q", name, m.RCode, address)
	}
	if before := a.given[address]; address != "" && before != "" && before != name {
		a.t.Fatalf("%s was given to %s and %s", address, before, name)
	}
	if address != "" {
		a.given[address] = name
	}
	return address
}

// flood asks for a hundred ever new names a second.
func (a *asker) flood(d time.Duration) {
	a.t.Helper()
	for range int(d.Seconds()) {
		time.Sleep(time.Second)
		for range 100 {
			a.news++
			a.ask(fmt.Sprintf("n%d.evil.example", a.news))
		}
	}
}

func (a *asker) name(address string) string {
	name, ok := a.names.Name(netip.MustParseAddr(address))
	if !ok {
		return "?"
	}
	return name
}

// Names that were handed out keep working while new ones are refused; a second later there is room again.
func TestNewNamesPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsker(t, noHost)
		first := a.ask("first.example")
		for i := range 150 {
			a.ask(fmt.Sprintf("n%d.example", i))
		}
		if len(a.given) != 100 || a.ask("first.example") != first {
			t.Errorf("got %d names, want 100 and the first still known", len(a.given))
		}
		time.Sleep(time.Second)
		if a.ask("later.example") == "" {
			t.Error("a second later there is no room")
		}
	})
}

// A program that asks for random names for hours crowds out no name of the policy: neither those that are
// known nor new ones, not even in the second of the flood. Other new names have a chance soon after it too.
func TestPolicyNamesAreNotCrowdedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsker(t, written(func(name string) bool { return strings.HasSuffix(name, ".policy.example") }))
		early := a.ask("early.policy.example")
		for i := range 3 {
			a.flood(20 * time.Minute)
			name := fmt.Sprintf("late%d.policy.example", i)
			if address := a.ask(name); address == "" || a.name(address) != name {
				t.Errorf("%s got %q", name, address)
			}
		}
		if a.name(early) != "early.policy.example" || a.ask("early.policy.example") != early {
			t.Error("a name of the policy was forgotten")
		}
		time.Sleep(time.Minute)
		if address := a.ask("other.example"); address == "" || a.name(address) != "other.example" {
			t.Errorf("another name got %q", address)
		}
	})
}

// Neither does one that a wildcard lets ask for names without end, and no burst is too large for what the policy spells out.
func TestWildcardsCrowdOutNoName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsker(t, func(name string) (matched, literally bool) {
			return strings.HasSuffix(name, ".example"), strings.HasSuffix(name, ".policy.example")
		})
		a.flood(10 * time.Minute)
		for i := range 500 {
			if name := fmt.Sprintf("n%d.policy.example", i); a.ask(name) == "" {
				t.Fatalf("%s has no address", name)
			}
		}
		if a.ask("other.test") == "" {
			t.Error("a name of no policy has no address")
		}
	})
}

// Of names that no policy has those used last are known. The address of one that is forgotten means no name
// any more, and never another.
func TestForgottenNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := ""
		a := newAsker(t, written(func(name string) bool { return name == policy }))
		idle, used, approved := a.ask("idle.example"), a.ask("used.example"), a.ask("approved.example")
		policy = "approved.example" // a new revision
		for range 5 {
			a.flood(9 * time.Second)
			if got := a.name(used); got != "used.example" {
				t.Fatalf("a name in use is %q", got)
			}
		}
		a.flood(9 * time.Second)
		if got := a.name(idle); got != netns.ForgottenName {
			t.Errorf("an idle name is %q, want %q", got, netns.ForgottenName)
		}
		if got := a.name(approved); got != "approved.example" {
			t.Errorf("a name that a policy has got is %q", got)
		}
		time.Sleep(time.Second)
		if again := a.ask("idle.example"); again == "" || again == idle {
			t.Errorf("asked for again it has %q, before %q", again, idle)
		}
		if got := a.name("198.19.250.1"); got != "?" {
			t.Errorf("an address that was never given is %q", got)
		}
	})
}
