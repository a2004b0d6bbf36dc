// Package dbserver starts real database servers for tests, each in a folder and on a
// socket of its own. Debian's packages postgresql and mariadb-server have them.
package dbserver

// A Server is one that runs.
type Server struct {
	URL  string // as package sqlstore takes it; its question mark's options name the socket
	Stop func() // kills it; a second time does nothing
}
