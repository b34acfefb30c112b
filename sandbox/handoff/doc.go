// Package handoff knows the files of a workspace that the host's own tools run or trust.
//
// An agent that leaves such a file behind gets code run outside its sandbox: by
// git, an editor, a shell's prompt, a hook manager, a package manager, or another
// agent, often when somebody merely enters the directory. Whatever comes out of a
// sandbox is shown with these first, and brings none of them along unasked.
//
// Build files, such as Makefile or package.json, are not among them: they run when
// somebody asks for it, as all source code does, and are read like it.
package handoff
