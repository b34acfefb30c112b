package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// filesRole is this program's own argument, under which it runs in a sandbox.
const filesRole = "files"

const (
	fileOpens = 20_000
	fileReads = 50
	fileSize  = 4 << 20
)

// files measures opening and reading a file inside against the same outside, on
// the same file system.
func (b *bench) files(work string) error {
	self, err := copySelf(work)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "file"), make([]byte, fileSize), 0o644); err != nil {
		return err
	}
	var opens, reads [2][]time.Duration // outside, inside
	for range 7 {
		for place, argv := range [][]string{{self}, {b.binary, "sandbox", "exec", "running", "--", self}} {
			open, read, err := b.filesOnce(append(argv, filesRole, work))
			if err != nil {
				return err
			}
			opens[place], reads[place] = append(opens[place], open), append(reads[place], read)
		}
	}
	print := func(name, target string, took [2][]time.Duration) {
		out, in := median(took[0]), median(took[1])
		line(row{name, round(in), ratio(float64(in), float64(out)), target})
	}
	print("open+close of a file inside, against outside", "<= 2x", opens)
	print("read of 4 MiB inside, against outside", "<= 1.6x", reads)
	return nil
}

// copySelf puts this program where the sandbox sees it.
func copySelf(work string) (string, error) {
	in, err := os.Open("/proc/self/exe")
	if err != nil {
		return "", err
	}
	defer in.Close()
	path := filepath.Join(work, "bench")
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Chmod(0o755)
	}
	return path, closed(out, err)
}

func closed(f *os.File, err error) error {
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

func (b *bench) filesOnce(argv []string) (open, read time.Duration, err error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = b.env
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	_, err = fmt.Sscan(string(out), &open, &read)
	return open, read, err
}

// touchFiles is the program inside: nanoseconds of one open and one read.
func touchFiles(work string) error {
	path := filepath.Join(work, "file")
	began := time.Now()
	for range fileOpens {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		f.Close()
	}
	open := time.Since(began) / fileOpens
	buffer := make([]byte, fileSize)
	began = time.Now()
	for range fileReads {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.ReadFull(f, buffer)
		if err := closed(f, err); err != nil {
			return err
		}
	}
	fmt.Println(int64(open), int64(time.Since(began)/fileReads))
	return nil
}
