package policy

import "slices"

// alone is the request with those of its actions alone that would be denied by themselves: what is allowed among them
// is not what a reader has to know. With very many of them it is as it was.
func (a *Admission) alone(j *judged) judged {
	if len(j.actions) < 2 || len(j.actions) > maxSingled {
		return *j
	}
	only := *j
	only.actions = slices.DeleteFunc(slices.Clone(j.actions), func(action Action) bool {
		one := *j
		one.actions = []Action{action}
		return a.judge(&one).Verdict != Denied
	})
	if len(only.actions) == 0 { // each is allowed somewhere, and all of them together nowhere
		return *j
	}
	return only
}

// maxSingled bounds the actions that are judged one by one to explain a denial.
const maxSingled = 16
