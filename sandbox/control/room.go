package control

// What one user's runaway scripts can hold open: calls, which end by themselves, and apart
// from them what lasts, programs and waiters, so that these never keep a sandbox from being stopped.
const (
	maxCalls   = 128
	maxLasting = 128
)

// room bounds how many are in it.
type room chan struct{}

func (r room) enter() bool {
	select {
	case r <- struct{}{}:
		return true
	default:
		return false
	}
}

func (r room) leave() { <-r }

func busy() reply {
	return reply{Error: Errorf(CodeBusy, "the supervisor serves as many connections as it can").WithHint("end programs that run in the sandbox, and try again")}
}
