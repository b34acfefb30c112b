// Package agents plays the two agents of the demo by script: the one in the sandbox and the one on the host.
package agents
