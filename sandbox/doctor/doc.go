// Package doctor finds out what this machine has of the things that sandboxes are made of.
//
// It asks by trying: a real sandbox is made and a program run in it, and each
// feature is tried by itself in namespaces or processes that are thrown away, so
// that the lack of one does not hide another's. Version numbers and settings
// only explain. Nothing is created on disk. What stops a sandbox is said in the
// words of the start that it stops.
package doctor
