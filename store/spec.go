package store

// Spec is how a sandbox was asked for; it does not change afterwards. Revisions
// may change its providers, see Under.
type Spec struct {
	Workdir   string        `json:"workdir,omitempty"` // directory of the host mounted at its own path
	Command   []string      `json:"command,omitempty"`
	NoKeep    bool          `json:"no_keep,omitempty"` // delete the sandbox when its command ends
	EnvNames  []string      `json:"env_names,omitempty"`
	Providers []ProviderRef `json:"providers,omitempty"`
	Approvers []Approver    `json:"approvers,omitempty"`
	Frozen    bool          `json:"frozen,omitempty"` // no revision after the first is ever loaded
	HostUID   int           `json:"host_uid"`
	HostGID   int           `json:"host_gid"`
	Program   *Program      `json:"program,omitempty"`
	HostPorts []int         `json:"host_ports,omitempty"` // of the host's loopback, lent as host.exeat.local
	Limits    Limits        `json:"limits,omitzero"`      // a field that is zero has the default of the machine
	Tools     []Tool        `json:"tools,omitempty"`
	Repo      *Repo         `json:"repo,omitempty"`

	// AllowSockets mounts directories in which a program of the host has a unix
	// socket, where the kernel does not let us keep the sandbox from it.
	AllowSockets bool `json:"allow_sockets,omitempty"`
	// Observe records file accesses that the view refuses: "files" (changes) or
	// "reads" (those too).
	Observe string `json:"observe,omitempty"`
}

// Limits are how much of the machine a sandbox may use. Sizes are in bytes.
type Limits struct {
	Processes     int   `json:"processes,omitempty"`      // and threads
	Memory        int64 `json:"memory,omitempty"`         // of all programs together
	ProcessMemory int64 `json:"process_memory,omitempty"` // of each process; zero: none but Memory
	Files         int   `json:"files,omitempty"`          // open in each process
	Tmp           int64 `json:"tmp,omitempty"`            // /tmp, and a quarter of it /dev/shm
	Disk          int64 `json:"disk,omitempty"`           // /sandbox
}

// Approver is someone whose signature a sandbox accepts.
type Approver struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	Strength    string `json:"strength"`
	Public      []byte `json:"public"`
}

// ProviderRef is a provider as it was when a sandbox was given it.
type ProviderRef struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Hosts     []string `json:"hosts,omitempty"`
	Variables []string `json:"variables,omitempty"`
	Account   string   `json:"account,omitempty"` // see Provider
}

// Program is the agent's own program, found outside the directories of the policy.
type Program struct {
	Source      string   `json:"source"`                // path on the host, mounted read-only at the same path
	Link        string   `json:"link"`                  // its name in /exeat/bin
	Show        []string `json:"show,omitempty"`        // its package and its interpreter's, as those of a Tool
	Bin         []string `json:"bin,omitempty"`         // directories for PATH
	Interpreter string   `json:"interpreter,omitempty"` // what runs it, where that is outside too
	Runs        string   `json:"runs,omitempty"`        // the name a script asks for its interpreter by
}

// Tool is something a user installed below the home directory, as
// toolbox.Tool: paths shown read-only at their own places, directories for PATH,
// and variables.
type Tool struct {
	Name string            `json:"name"`
	Show []string          `json:"show"`
	Bin  []string          `json:"bin,omitempty"`
	Env  map[string]string `json:"env,omitempty"`
}

// Aliases are the other paths that a binary of a policy means, which names
// programs where they usually are: /usr/local/bin/NAME is the agent's own, and
// /usr/bin/node the node that came with it.
func (p *Program) Aliases(binary string) []string {
	switch {
	case p == nil:
	case binary == "/usr/local/bin/"+p.Link:
		return []string{"/exeat/bin/" + p.Link, p.Source}
	case p.Interpreter != "" && (binary == "/usr/bin/"+p.Runs || binary == "/usr/local/bin/"+p.Runs):
		return []string{p.Interpreter}
	}
	return nil
}

// PolicyName is the path that policies have for an executable: the inverse of Aliases.
func (p *Program) PolicyName(exe string) string {
	switch {
	case p == nil:
	case exe == p.Source:
		return "/usr/local/bin/" + p.Link
	case exe == p.Interpreter && exe != "":
		return "/usr/bin/" + p.Runs
	}
	return exe
}

// Repo is the repository of the host that a sandbox has a checkout of.
type Repo struct {
	Source  string   `json:"source"`           // its work tree on the host, which is not mounted
	GitDir  string   `json:"git_dir"`          // its git directory, which is not mounted
	Objects []string `json:"objects"`          // its object directories, mounted read-only at /exeat/objects/0 and so on
	Format  string   `json:"format,omitempty"` // of object names: sha1 or sha256
	Base    string   `json:"base"`             // the commit that was checked out
	Path    string   `json:"path"`             // the checkout in the sandbox
}
