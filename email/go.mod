module github.com/go2fa/verify/email

go 1.26.0

require (
	github.com/go2fa/verify v0.0.1
	github.com/stretchr/testify v1.11.1
	github.com/wneessen/go-mail v0.8.1
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/kr/text v0.2.0 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	golang.org/x/crypto v0.54.0 // indirect
	golang.org/x/text v0.40.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)
