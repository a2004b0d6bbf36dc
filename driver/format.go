package driver

import "fmt"

// Format keeps the credentials of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { hide(f, "Config") }

// Format keeps the credentials of a Client out of every print.
func (*Client) Format(f fmt.State, _ rune) { hide(f, "Client") }

// Format keeps the secret out of every print.
func (OAuth2) Format(f fmt.State, _ rune) { hide(f, "OAuth2") }

// Format keeps the credentials of the client out of every print.
func (API) Format(f fmt.State, _ rune) { hide(f, "API") }

// Format keeps what a request holds out of every print.
func (Call) Format(f fmt.State, _ rune) { hide(f, "Call") }

// Format keeps what an answer holds out of every print.
func (Reply) Format(f fmt.State, _ rune) { hide(f, "Reply") }

// Format keeps the key out of every print.
func (ReferencesConfig) Format(f fmt.State, _ rune) { hide(f, "ReferencesConfig") }

// Format keeps the keys out of every print.
func (References) Format(f fmt.State, _ rune) { hide(f, "References") }

func hide(f fmt.State, name string) { _, _ = f.Write([]byte("driver." + name + "{[hidden]}")) }
