"""The embedded OpenID provider of a development installation (SPEC P2.3).

One client (the auth room), one flow: authorization code with PKCE S256, ID tokens signed with ES256.
It is written on joserfc rather than on Authlib's server classes, which are synchronous and bring
grants we must not offer; production brings its own issuer and never loads this package.
"""
