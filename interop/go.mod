module github.com/go2fa/verify/interop

go 1.26.0

require (
	github.com/go2fa/verify v0.0.1
	github.com/stretchr/testify v1.11.1
	github.com/twilio/twilio-go v1.31.0
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/golang/mock v1.6.0 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)
