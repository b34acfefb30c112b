// Package tool is what both MCP servers share: strict arguments, results every client shows, a closed set of errors, and the shape of a denial.
//
// Clients differ in what they let a model see. On success it is the structured
// content, on failure some show only the text and others only the structure, so
// a failure has the same JSON in both. A handler never returns a Go error.
package tool
