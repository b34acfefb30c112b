// Package tree measures and removes directory trees that an agent made.
//
// Such a tree may be ten thousand levels deep, have directories that nobody may
// enter, and change while it is looked at. Both walks hold few descriptors
// whatever its depth, follow no symlink, and never cross into another mount.
package tree
