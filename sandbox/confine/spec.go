package confine

import "os"

// IDs are who the programs of a sandbox are.
type IDs struct {
	// HostUID and HostGID are who the sandbox is for the host: the caller's
	// own for an ordinary user, any but 0 for root. A capless uid 0 still
	// opens what root owns, /etc/shadow first.
	HostUID, HostGID int
	// UID and GID are the numbers seen inside.
	UID, GID int
}

// Spec says what a sandbox is made of. Paths are absolute and clean.
type Spec struct {
	IDs
	// Hostname is the sandbox's own.
	Hostname string
	// Mounts is the view, in any order; a deeper target lies on a shallower one.
	Mounts []Mount
	// Pins are protected where the mounts have put them.
	Pins []Pin
	// Files appear at their paths, over what is there.
	Files []File
	// Links are made where nothing is.
	Links []Link
	// Masks are paths of the view that show as empty.
	Masks []string
	// Landlock says what may be done below which paths of the view.
	Landlock Landlock
	// Limits say how much of the machine may be used.
	Limits Limits
	// Hold are system calls that wait on the listener besides connect(2).
	Hold []Hold
}

// Hold is a system call that waits for the supervisor's answer.
type Hold struct {
	Number uint32
	// Mask holds it only if the argument Arg has one of these bits; 0 always.
	Arg, Mask uint32
}

// Limits bound what the programs of a sandbox use; zero leaves a thing as it is
// for the caller, and none is ever raised above that.
type Limits struct {
	// Processes bounds processes and threads, about a dozen of init's included.
	Processes int
	// ProcessMemory bounds the private writable memory of each process in bytes
	// (RLIMIT_DATA). Programs that map terabytes they never use, such as those
	// built with the C sanitizers, do not start with it.
	ProcessMemory int64
	// Files bounds the open files of each process.
	Files int
	// FileSize bounds each file in bytes.
	FileSize int64
	// Tmp bounds /tmp in bytes, zero is 1 GiB; /dev/shm gets a quarter of it.
	// Both count as memory.
	Tmp int64
}

// Mount puts a file or directory of the host into the view.
type Mount struct {
	// Source is a path of the host. No directory of it may be a symlink: a
	// sandbox that can write there could turn the link after the caller looked.
	// Where Source itself is one, the same link is made at Target (/bin).
	Source string
	// Tree replaces Source where the sandbox's uid cannot reach it: a file
	// from [OpenTree] or [IDMapped]. The caller keeps its own copy.
	Tree *os.File `json:"-"`
	// Target is the path in the view.
	Target string
	// ReadOnly holds for everything mounted below it too.
	ReadOnly bool
	// Optional leaves out a source that does not exist.
	Optional bool
	// Steady keeps what lies over this read-only directory where it is when the
	// host replaces one of its files: see [view.steady].
	Steady bool
}

// File is a file of the view with given content, read-only inside.
type File struct {
	// Path is where it appears: bound over the file there, at the end of a
	// symlink if there is one, made where the directory is the view's own.
	Path string
	// Content is all of it.
	Content []byte `json:"-"`
	// Mode is its permission bits; zero is 0444.
	Mode uint32
	// Optional leaves it out where nothing is and nothing can be made.
	Optional bool
}

// Link is a symlink of the view.
type Link struct{ Path, Target string }

// Landlock is the second lock on the view: it holds even where a mount is
// wrong. /tmp, /dev and /proc need no mention; missing paths are left out.
type Landlock struct {
	// ReadOnly paths can be read and executed.
	ReadOnly []string
	// ReadWrite paths can be used in every way.
	ReadWrite []string
	// Require refuses to start on a kernel without Landlock.
	Require bool
}
