package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Refusals become one record a minute at most, none is counted twice, and the
// sentence says when and how many. Rows are seconds at which one request was
// refused (negative: at which a record was written, if one was due).
func TestGap(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []int
		want  []string // what the records say and count
	}{
		{"none", []int{-1}, nil},
		{"one", []int{1, -2, -9}, []string{wrote(1, 1, 1, 1)}},
		{"an hour before the disk takes one", []int{1, 3601, -3602}, []string{wrote(1, 3601, 2, 2)}},
		{"more within the minute", []int{1, -2, 30, -31}, []string{wrote(1, 30, 2, 2)}},
		{"a minute later", []int{1, -2, 63, -64}, []string{wrote(1, 1, 1, 1), wrote(63, 63, 1, 1)}},
		{"not twice in a second", []int{1, -2, 2, -2}, []string{wrote(1, 1, 1, 1)}},
		{"the second is over", []int{1, -2, 2, -2, -3}, []string{wrote(1, 2, 2, 2)}},
	} {
		if diff := cmp.Diff(writeGap(test.steps), test.want); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func moment(second int) time.Time { return time.Unix(1_800_000_000+int64(second), 0) }

func wrote(from, to, total, count int) string {
	g := gap{from: moment(from), to: moment(to), total: total}
	return fmt.Sprintf("%s, counts %d", g.reason(), count)
}

// writeGap does with the records what the database does with rows of one id.
func writeGap(steps []int) (texts []string) {
	var g gap
	var records []Decision
	for _, second := range steps {
		if second > 0 {
			g.add(moment(second))
		} else if wait, open := g.due(moment(-second)); open && wait == 0 {
			e := g.entry(moment(-second), int64(len(records))+1)
			if int(e.ID) > len(records) {
				records = append(records, Decision{})
			}
			row := &records[e.ID-1]
			row.Reason, row.Count = e.Reason, row.Count+e.Count
		}
	}
	for _, r := range records {
		texts = append(texts, fmt.Sprintf("%s, counts %d", r.Reason, r.Count))
	}
	return texts
}
