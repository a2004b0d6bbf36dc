// Package spellings holds tests of what people and programs write, against
// libraries that know all of it: Unicode's names, IDNA, formatters of money.
package spellings
