package observe

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// judge says what the view or Landlock made of one path. A file that is simply
// not there is none of their doing: programs look for files all day.
func (o *Observer) judge(e event, name string) (Denial, bool) {
	f, ok := o.locate(name, e.call.follow)
	if !ok {
		return Denial{}, false
	}
	where, d := f.path(), Denial{Operation: operation(e), Path: f.path()}
	switch {
	case f.rest != "" && (f.own && e.writes || (f.own || f.tmp) && !e.writes && withinAny(where, o.config.Hidden)):
		d.Reason, d.Rule = where+" is not in the sandbox's view", o.rule(e, f)
	case f.rest != "" && (!e.creates || strings.Contains(f.rest, "/")):
		return Denial{}, false
	case !e.writes || f.special:
		return Denial{}, false
	case f.readOnly, !withinAny(where, o.config.Writable):
		d.Reason, d.Rule = where+" is read-only in the sandbox", o.rule(e, f)
	default:
		return Denial{}, false
	}
	return d, true
}

func operation(e event) string {
	switch {
	case e.call.operation != "open":
		return e.call.operation
	case e.writes:
		return "write"
	}
	return "read"
}

// rule is what a human adds to the policy. A file that is to be made, moved or
// removed needs its directory; one that is hidden may well be there.
func (o *Observer) rule(e event, f found) string {
	list, where := "read_only", f.path()
	if e.writes {
		list = "read_write"
	}
	switch e.call.operation {
	case "open", "chmod", "truncate", "link":
		if e.writes && f.rest != "" && !f.own {
			where = path.Dir(where)
		}
	default:
		where = path.Dir(where)
	}
	if e.writes && withinAny(where, system) || slices.Contains(never, where) || slices.Contains(o.config.Never, where) || withinAny(where, own) {
		return ""
	}
	return "filesystem_policy:\n  " + list + ":\n    - " + scalar(where) + "\n"
}

// own are the sandbox's own places, whatever a policy lists; never are
// directories that are too much at once; system is what no sandbox should be
// lent to change.
var (
	system = []string{"/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/sbin", "/usr"}
	own    = []string{"/dev", "/exeat", "/proc", "/sandbox", "/sys", "/tmp", "/var/log"}
	never  = []string{
		"/", "/bin", "/boot", "/etc", "/home", "/lib", "/lib32", "/lib64", "/opt", "/root", "/run", "/sbin", "/srv", "/usr", "/var", "/var/run",
	}
)

var plain = regexp.MustCompile(`^/[A-Za-z0-9._/@+-]*$`)

// scalar is a path in YAML.
func scalar(name string) string {
	if plain.MatchString(name) {
		return name
	}
	return strconv.QuoteToASCII(name)
}
