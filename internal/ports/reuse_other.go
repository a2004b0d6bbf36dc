//go:build !unix

package ports

import "syscall"

// reuse is for systems that keep the port of a closed connection busy.
func reuse(string, string, syscall.RawConn) error { return nil }
