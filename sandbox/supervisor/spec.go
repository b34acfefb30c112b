package supervisor

import (
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"exeat/policy"
	"exeat/sandbox/confine"
)

// spec turns the view into what confine builds.
func (s *supervisor) spec() (confine.Spec, error) {
	p, row := s.live.Load().Policy, s.sandbox.Spec
	spec := confine.Spec{
		IDs: confine.IDs{
			HostUID: row.HostUID, HostGID: row.HostGID,
			UID: insideID(p.Process.RunAsUser, row.HostUID), GID: insideID(p.Process.RunAsGroup, row.HostGID),
		},
		Hostname: s.sandbox.Name,
		Mounts:   slices.Clone(s.view.mounts), Pins: s.view.pins, Links: s.view.links, Landlock: s.view.landlock,
		Limits: confine.Limits{
			Processes: s.limits.Processes, ProcessMemory: s.limits.ProcessMemory, Files: s.limits.Files,
			FileSize: s.limits.Disk, Tmp: s.limits.Tmp,
		},
		Hold: held(row.Observe),
	}
	spec.Files = append(identityFiles(s.sandbox.Name, s.shell(), spec.UID, spec.GID),
		confine.File{Path: gitConfigPath, Content: gitConfig(s.launch.GitName, s.launch.GitEmail, gitHosts(p))})
	spec.Files = append(spec.Files, noAlternates(row.Repo)...)
	if os.Geteuid() != 0 {
		return spec, nil
	}
	if err := os.Chown(s.dir.Home(), row.HostUID, row.HostGID); err != nil {
		return confine.Spec{}, fmt.Errorf("home of sandbox: %w", err)
	}
	if err := openTrees(&spec); err != nil {
		closeTrees(spec)
		return confine.Spec{}, err
	}
	return spec, nil
}

// insideID is the number a program sees itself run as.
func insideID(as string, host int) int {
	if n, err := strconv.Atoi(as); err == nil {
		return n
	}
	return host
}

// shell is the login shell of the view.
func (s *supervisor) shell() string {
	if _, ok := s.root.resolve("/bin/bash"); ok {
		return "/bin/bash"
	}
	return "/bin/sh"
}

// openTrees opens, as root, the sources that the sandbox's own uid could not:
// they lie below directories of root's. What is writable and somebody else's is
// mapped, so that the sandbox's uid writes there and the disk says its owner.
func openTrees(spec *confine.Spec) error {
	for i := range spec.Mounts {
		m := &spec.Mounts[i]
		var st unix.Stat_t
		if unix.Stat(m.Source, &st) != nil || isLink(m.Source) {
			continue // optional, or made again as a link
		}
		var err error
		switch {
		case m.Tree != nil:
		case !m.ReadOnly && int(st.Uid) != spec.HostUID:
			m.Tree, err = confine.IDMapped(m.Source, int(st.Uid), int(st.Gid), spec.HostUID, spec.HostGID)
		case isObjects(m.Target):
			m.Tree, err = openObjects(m.Source, int(st.Uid), int(st.Gid), spec.IDs)
		case !reachable(m.Source, uint32(spec.HostUID)):
			m.Tree, err = confine.OpenTree(m.Source)
		}
		if err != nil {
			return fmt.Errorf("mount %s: %w", m.Source, err)
		}
	}
	return nil
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == os.ModeSymlink
}

// reachable says whether uid may walk to path. Groups and ACLs are not asked:
// a wrong no only costs a descriptor.
func reachable(path string, uid uint32) bool {
	for dir := range ancestors(path) {
		if dir == path {
			continue
		}
		var st unix.Stat_t
		if unix.Stat(dir, &st) != nil {
			return false
		}
		if st.Mode&0o001 == 0 && (st.Uid != uid || st.Mode&0o100 == 0) {
			return false
		}
	}
	return true
}

func closeTrees(spec confine.Spec) {
	for _, m := range spec.Mounts {
		if m.Tree != nil {
			m.Tree.Close()
		}
	}
}

// aliases are the other paths that a binary of the policy means.
func (s *supervisor) aliases(name string) []string {
	return append(s.root.aliases(name), s.sandbox.Spec.Program.Aliases(name)...)
}

// compile makes the engine of a policy, with the symlinks of this view.
func (s *supervisor) compile(p *policy.Policy) (*policy.Engine, error) {
	engine, problems := policy.Compile(p, policy.Options{Aliases: s.aliases})
	if problems.HasErrors() {
		return nil, problems
	}
	return engine, nil
}
