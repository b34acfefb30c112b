// Package standin plays GitHub: TLS for its names, a real repository behind git's own http-backend, and the contents API.
package standin
