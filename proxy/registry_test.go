package proxy

import "testing"

// A review that was under way with the policy before must not end what the policy after it has granted.
func TestReviewOfAnOlderPolicy(t *testing.T) {
	var r registry
	ended := 0
	g := &grant{revision: 3, holds: func(Snapshot) bool { return false }, revoke: func(Snapshot) { ended++ }}
	r.add(g, func() Snapshot { return Snapshot{Revision: 3} })
	for _, tt := range []struct{ revision, want int }{{2, 0}, {3, 1}, {4, 2}} {
		if r.review(t.Context(), Snapshot{Revision: tt.revision}); ended != tt.want {
			t.Errorf("revision %d: ended %d times, want %d", tt.revision, ended, tt.want)
		}
	}
}
