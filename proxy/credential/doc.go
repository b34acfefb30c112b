// Package credential puts secrets into requests on their way out, so that a sandbox never holds one.
//
// A provider is a secret on the host together with the variables in which programs expect it and the
// hosts, ports and paths it is for. A sandbox gets a placeholder in those variables: it has the prefix
// and the length of the secret, says "exeat" where a human looks, and is worth nothing. The proxy
// exchanges it for the secret where a request carries credentials, only towards the provider's places
// and only over verified TLS, and puts the placeholder back where an answer repeats the secret. A
// placeholder on its way anywhere else is a mistake or an attack: the request is refused, and the error
// names the provider.
package credential
