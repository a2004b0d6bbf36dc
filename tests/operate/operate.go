// Package operate holds no code, only tests: what docs/operate.md says to an operator,
// and its files. An application runs on a clock of its own over emulators, its metrics
// are scraped from OpenTelemetry's Prometheus exporter, and Prometheus' own engine
// evaluates the rules: each alert is played by the outage that it is for, and silent
// before it and after it.
package operate
