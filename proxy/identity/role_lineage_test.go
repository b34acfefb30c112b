package identity_test

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// playParents starts a program in a role, waits for its end and stays: playParents ADDRESS ROLE PROGRAM ARGS...
func playParents(a []string) error {
	if err := command(a[2], a[1], append(a[:1:1], a[3:]...)...).Run(); err != nil && a[1] != "killed" {
		return err
	}
	return block("left")
}

// playLeave starts the last process and ends: playLeave ADDRESS PROGRAM [CHILD].
func playLeave(a []string) error { return leave(a).Start() }

func playKilled(a []string) error {
	if err := playLeave(a); err != nil {
		return err
	}
	return unix.Kill(os.Getpid(), unix.SIGKILL)
}

func leave(a []string) interface{ Start() error } {
	return command(a[1], "orphan", append(a[:1:1], a[2:]...)...)
}

// playOrphan waits until its parent is gone. Then it connects, or starts a child that does.
func playOrphan(a []string) error {
	for os.Getppid() != 1 {
		time.Sleep(time.Millisecond)
	}
	if len(a) > 1 {
		return command(a[1], "connect", a[0]).Run()
	}
	return playConnect(a)
}

// playForks prints the median time of a process that does nothing, in nanoseconds.
func playForks(a []string) error {
	count, err := strconv.Atoi(a[0])
	if err != nil {
		return err
	}
	var times []time.Duration
	for range count {
		start := time.Now()
		if err := command("/bin/true", "nothing").Run(); err != nil {
			return err
		}
		times = append(times, time.Since(start))
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	fmt.Println("median", times[count/2].Nanoseconds())
	return nil
}
