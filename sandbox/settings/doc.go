// Package settings reads config.yaml, in which a user says what stands between this machine and the outside.
package settings
