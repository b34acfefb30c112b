// Package docs embeds the manual.
package docs

import "embed"

// Manual holds the Markdown pages, by file name.
//
//go:embed *.md
var Manual embed.FS
