// Package ninth proves that a vendor is its folder and two lines: it adds one to a
// copy of this module.
package ninth
