package cmd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"exeat/policy"
	"exeat/store"
)

// check finds what contradicts itself, and gives the host the spelling that the record has.
func (o *logsOptions) check(tail bool) error {
	switch {
	case o.all && tail && !o.tail.all:
		return &usageError{err: errors.New("--all and --tail contradict each other")}
	case o.tail.count == 0 && !o.all && !o.tail.all && !o.follow:
		return &usageError{errors.New("--tail 0 shows nothing"), "with --follow it shows what is decided from now on"}
	}
	o.all = o.all || o.tail.all
	return o.checkHost()
}

func (o *logsOptions) checkHost() error {
	if o.host == "" {
		return nil
	}
	host, err := policy.CanonicalHost(o.host)
	if err != nil {
		return &usageError{fmt.Errorf("--host %q: %w", o.host, err), "want one name or address, without port and wildcard: --host api.github.com"}
	}
	o.host = host
	return nil
}

func (o *logsOptions) filter(now time.Time) store.DecisionFilter {
	f := store.DecisionFilter{Denied: o.denied, Since: o.since.from(now), Host: o.host, Policy: o.policy, Limit: max(o.tail.count, 1)}
	if o.all {
		f.Oldest, f.Limit = true, store.MaxPage
	}
	return f
}

func nothingYet(o logsOptions) string {
	what := "nothing"
	if o.host != "" || o.policy != "" || o.since.text != "" {
		what = "nothing like that"
	}
	if o.denied {
		return what + " was denied"
	}
	return what + " was asked for"
}

// tailFlag is how many of the last decisions are shown.
type tailFlag struct {
	count int
	all   bool
}

// Set implements pflag.Value.
func (t *tailFlag) Set(text string) error {
	n, err := strconv.Atoi(text)
	if t.all = text == "all"; t.all {
		return nil
	} else if err != nil || n < 0 || n > store.MaxPage {
		return fmt.Errorf("want a number from 0 to %d, or all", store.MaxPage)
	}
	t.count = n
	return nil
}

// String implements pflag.Value.
func (t *tailFlag) String() string {
	if t.all {
		return "all"
	}
	return strconv.Itoa(t.count)
}

// Type implements pflag.Value.
func (t *tailFlag) Type() string { return "count" }

// moment is a time, or how long ago it was.
type moment struct {
	text string
	age  time.Duration
	at   time.Time
}

// Set implements pflag.Value.
func (m *moment) Set(text string) error {
	m.text = text
	if age, err := age(text); err == nil && age > 0 {
		m.age = age
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			m.at = at
			return nil
		}
	}
	return errors.New("want how long ago, such as 10m, 2h or 1d, or a time: 2026-11-26T11:00:00Z, or \"2026-11-26 11:00\" of this machine's clock")
}

// maxDays is as many as a time.Duration has.
const maxDays = 100_000

// age reads a duration, which may begin with days: each of 24 hours.
func age(text string) (time.Duration, error) {
	count, rest, found := strings.Cut(text, "d")
	if !found {
		return time.ParseDuration(text)
	}
	days, err := strconv.ParseUint(count, 10, 32)
	if err != nil || days > maxDays {
		return 0, errors.New("want a number of days")
	}
	more := time.Duration(0)
	if rest != "" {
		more, err = time.ParseDuration(rest)
	}
	return time.Duration(days)*24*time.Hour + more, err
}

func (m *moment) from(now time.Time) time.Time {
	if m.age > 0 {
		return now.Add(-m.age)
	}
	return m.at
}

// String implements pflag.Value.
func (m *moment) String() string { return m.text }

// Type implements pflag.Value.
func (m *moment) Type() string { return "time" }
