// Package credential puts secrets into requests on their way out, so that a sandbox never holds one.
//
// A provider is a secret on the host together with the variables in which programs expect it and the
// hosts it is for. A sandbox gets a placeholder in those variables: it looks like the secret, says
// "exeat" where a human looks, and is worth nothing. The proxy exchanges it for the secret in the
// headers that carry credentials, only towards the provider's hosts and only over verified TLS. A
// placeholder on its way anywhere else is a mistake or an attack: the request is refused, and the
// error names the provider.
package credential
