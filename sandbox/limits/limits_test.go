package limits_test

import (
	"strings"
	"testing"

	"exeat/sandbox/limits"
	"exeat/store"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"8g": 8 << 30, "512m": 512 << 20, "1K": 1024, "2T": 2 << 40, "8388607t": 8388607 << 40} {
		if got, err := limits.ParseSize(text); got != want || err != nil {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "g", "8", "8gb", "8 g", "-8g", "+8g", "1.5g", "0g", "8388608t", "99999999999999999999g", "8\xe7", "٨g", "0x8g", "1_0g", "8p"} {
		if got, err := limits.ParseSize(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	f.Add("8g")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := limits.ParseSize(text)
		if err == nil && (n <= 0 || n%1024 != 0) {
			t.Errorf("%q: got %d", text, n)
		}
	})
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 3 << 29: "1.5 GiB", 20 << 30: "20 GiB", 5 << 50: "5120 TiB"} {
		if got := limits.Size(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestFill(t *testing.T) {
	l, err := limits.Fill(store.Limits{Tmp: 1 << 20})
	if err != nil || l.Tmp != 1<<20 || l.Processes < 64 || l.Files < 64 || l.Memory < 64<<20 || l.Disk != 20<<30 || l.ProcessMemory != 0 {
		t.Errorf("got %+v, %v", l, err)
	}
	if err := limits.Check(l); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func TestCheck(t *testing.T) {
	for says, l := range map[string]store.Limits{
		"limit on processes: 1 is too little, the least is 64":          {Processes: 1},
		"limit on memory: 1 KiB is too little, the least is 64 MiB":     {Memory: 1024},
		"limit on open files: 3 is too little, the least is 64":         {Files: 3},
		"limit on open files: 2000000 is too much, the most is 1048576": {Files: 2_000_000},
	} {
		if err := limits.Check(l); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%+v: got %v, want %q", l, err, says)
		}
	}
}
