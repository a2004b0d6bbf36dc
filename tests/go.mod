module github.com/go2fa/verify/tests

go 1.26.0

require (
	github.com/go2fa/verify v0.0.1
	github.com/nyaruka/phonenumbers v1.8.1
	github.com/stretchr/testify v1.11.1
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	golang.org/x/net v0.56.0
	golang.org/x/text v0.40.0
	google.golang.org/protobuf v1.36.11 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)
