package store

// Spec is how a sandbox was asked for; it does not change afterwards.
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
}

// Program is the agent's own program, found outside the directories of the policy.
type Program struct {
	Source string `json:"source"` // path on the host, mounted read-only at the same path
	Link   string `json:"link"`   // its name in /exeat/bin
}
